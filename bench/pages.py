"""The map on a slow processor: its first view over a slow line, and the cost of watching its replay."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from bench import invention, results
from bench.results import Row, say
from bench.sizes import scaled
from bench.stack import joined, running, temporary_folder
from p2p_core import periods
from tests import chromium
from tests.replayed import Numbers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

DAYS = 30
_AGENCIES = 3
_WIDTHS = (360, 1440)
#: 1.6 Mbit/s down, 0.75 up, and 150 ms until an answer begins.
_LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
_SLOWER = 4
_LOOK_EVERY = 0.1
_GIVE_UP_AFTER = 30.0
#: Until the hours and days have come, and a turn of the replay after them.
_SETTLES_AFTER = 12
_WATCHED = 20
#: Looks at each frame whether countries have their colours, the keyboard has a way in, and the table is there; then
#: waits for the frame to be painted.
_WATCH = """
(() => {
  const ready = () => document.querySelectorAll('.map-country[data-shade]:not([data-shade="none"])').length > 40
    && document.querySelector('.map-country[tabindex="0"]')
    && document.querySelectorAll(".places tbody tr").length > 40;
  const look = () => ready()
    ? requestAnimationFrame(() => setTimeout(() => { window.usableAfter = performance.now(); }, 0))
    : requestAnimationFrame(look);
  requestAnimationFrame(look);
})();
"""


@dataclass(frozen=True)
class Visit:
    """A first visit: seconds until the page could be used, and kilobytes sent until then."""

    seconds: float
    kilobytes: float
    requests: int


def measure() -> Iterator[Row]:
    program, runs = chromium.program(), scaled(9, least=5)
    if program is None:
        yield Row("the first view of the map", None, remark=chromium.ABSENT)
        return
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        today = periods.start_of("D", inside.now())
        days = [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
        for seed in range(_AGENCIES):
            inside.store(inside.new_agency(), invention.reports(DAYS, seed=seed), days, frequency="D")
        inside.settle()
        with _browser(program) as browser:
            for width in _WIDTHS:
                say(f"{runs} first visits, {width} pixels wide")
                yield from _rows(width, [_visit(browser, f"{stack.url}/", width) for _ in range(runs)])
                costs = [_cost(browser, f"{stack.url}/", width) for _ in range(scaled(5, least=3))]
                what = f"the replay of the map, {width} pixels wide: main thread in a second"
                yield Row(what, median(costs), 0.04, 0.02, runs=len(costs))


def _rows(width: int, visits: list[Visit]) -> Iterator[Row]:
    what = f"the first view of the map, {width} pixels wide"
    requests = max(visit.requests for visit in visits)
    yield Row(f"{what}: until it can be used", median(visit.seconds for visit in visits), 1.5, 1.0, runs=len(visits))
    sent = max(visit.kilobytes for visit in visits)
    yield Row(f"{what}: sent until then", sent, 250, 100, unit="kB", runs=len(visits), remark=f"in {requests} requests")


@contextmanager
def _browser(program: str) -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _visit(browser: "Browser", url: str, width: int) -> Visit:
    """Open the page as somebody who has never been there."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    sent: list[float] = []
    session = context.new_cdp_session(page)
    session.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    page.goto(url)
    seconds = _usable_after(page)
    context.close()
    return Visit(seconds, sum(sent) / 1000, len(sent))


def _cost(browser: "Browser", url: str, width: int) -> float:
    """The seconds of the main thread in a second of watching pulses."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    Numbers().serve(page)
    page.goto(url)
    page.locator(".map-frame").scroll_into_view_if_needed()
    session = context.new_cdp_session(page)
    # The time of the thread itself: other programs on this machine must not count.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    page.wait_for_timeout(1000 * _SETTLES_AFTER)
    began, before = time.monotonic(), _task_seconds(session)
    page.wait_for_timeout(1000 * _WATCHED)
    found = (_task_seconds(session) - before) / (time.monotonic() - began)
    page.unroute_all(behavior="ignoreErrors")
    context.close()
    return found


def _task_seconds(session: "CDPSession") -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def _usable_after(page: "Page") -> float:
    # The page's policy lets no text be evaluated in it, as Playwright does to wait for something.
    deadline = time.monotonic() + _GIVE_UP_AFTER
    while time.monotonic() < deadline:
        milliseconds = page.evaluate("window.usableAfter ?? null")
        if milliseconds is not None:
            return float(milliseconds) / 1000
        time.sleep(_LOOK_EVERY)
    raise SystemExit("The map did not become usable.")


if __name__ == "__main__":
    results.finish(measure())

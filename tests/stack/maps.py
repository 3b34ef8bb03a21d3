"""Opens the map in a browser and waits for what it shows."""

import re
from collections.abc import Callable
from time import monotonic, sleep
from urllib.parse import parse_qs, urlsplit

#: Which shade it is depends on what other tests report of other countries.
SHADED = "a.map-country[data-code=NO][data-shade]:not([data-shade=none], [data-shade='0'])"
LIVE = re.compile(r"/aggregates/live/")
API = "**/api/v1/**"
#: The page notes what it asks for and when, by a clock that a test can move.
NOTE = """window.asked = [];
    const ask = window.fetch;
    window.fetch = (address, ...how) => {
        window.asked.push([String(address), Date.now()]);
        return ask(address, ...how);
    };"""
#: When requests began whose address has a word in it, by the page's own clock.
CALLS = """word => performance.getEntriesByType("resource").filter(({ name }) => name.includes(word))
    .map(({ startTime }) => startTime).sort((a, b) => a - b)"""
#: A browser without a screen shows every page, so the page is told that it is not.
LOOK = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def wait_until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for what the page's policy keeps Playwright from waiting for, which evaluates text in the page."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline
        sleep(0.05)


def drawn(page):
    """Wait for the map with its colours."""
    page.wait_for_selector(SHADED, state="attached")
    return page


def listening(page):
    """Wait until the page knows the minutes there are, so that it can tell what comes."""
    wait_until(lambda: bool(page.evaluate(CALLS, "live")))
    return drawn(page)


def asked(address):
    """Return the path and the parameters of an address, without their order."""
    parts = urlsplit(address)
    return parts.path, parse_qs(parts.query)


def legend(page):
    return page.locator(".map-legend-title")


def focused(page):
    return page.evaluate("document.activeElement.dataset.code")


def slow(page, finished):
    """A slow telephone line, and word of what has come over it."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", finished)
    line = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
    session.send("Network.emulateNetworkConditions", line)

"""A real Chromium before a real stack."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.embedded.process import free_port
from tests import chromium as chromium_here
from tests import servers
from tests.browser import desk
from tests.browser.stack import Federation, Stack
from tests.integration import processes

_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _program() -> str:
    found = chromium_here.program()
    if found:
        return found
    if os.environ.get("BROWSER") == "required":
        pytest.fail(chromium_here.ABSENT)
    pytest.skip(chromium_here.ABSENT)


# Not for longer: while Playwright is there, Django takes each of its calls for one out of an event loop.
@pytest.fixture(scope="module")
def chromium():
    program = _program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()


@contextmanager
def _serving(data: Path) -> Iterator[Stack]:
    servers.lay_out(data)
    made = Stack(data, free_port())
    with ExitStack() as until:
        process = processes.start(desk.PYTHON, "-m", "config.serve", data=made.data, PORT=str(made.port))
        until.callback(processes.end, process)
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ready after"):
            lines.append(processes.line_of(process))
            assert process.poll() is None, "\n".join(lines)
        yield made


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """A stack of its own for the tests of a module."""
    with _serving(tmp_path_factory.mktemp("stack")) as made:
        yield made


def ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


@pytest.fixture(scope="package")
def federation(tmp_path_factory) -> Iterator[Federation]:
    """What all tests of the public pages look at: of two agencies one has been silent for four days.

    It ends with the last of them: a clock that ticks and workers that look for work would take from all other tests.
    """
    with _serving(tmp_path_factory.mktemp("federation")) as stack:
        agencies = stack.begin(coordinators=(), agencies=("NO-KRIPOS", "SE-NOA"), since=ago(20))
        for code, last in (("NO-KRIPOS", 0), ("SE-NOA", 4)):
            days = {ago(back): 100 + back for back in range(last + 1, 21)}
            agencies[code].send("NO", days, beside={"SE": "EDONKEY"})
        stack.settle()
        yield Federation(stack, agencies)


@pytest.fixture(scope="module")
def cookies():
    """The cookies of those who have signed in: a code serves once, so they sign in once."""
    return {}


@pytest.fixture
def visit(chromium, stack, cookies):
    """Opens windows of people of their own, and sees that nothing is asked of another host."""
    with ExitStack() as until:
        asked: list[str] = []

        def open_window(name: str, **how):
            context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
            until.callback(context.close)
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.set_default_timeout(20_000)
            if name in cookies:
                context.add_cookies(cookies[name])
                page.goto(f"{stack.url}/admin/")
            else:
                desk.sign_in(page, stack.url, name)
                cookies[name] = context.cookies()
            return page

        yield open_window
        assert [url for url in asked if not url.startswith((f"{stack.url}/", "data:"))] == []


@pytest.fixture
def reader(chromium, federation):
    """Opens pages as a stranger does, and sees that nothing is complained of, kept, or asked of another host.

    What a test makes fail, the browser tells of: ``failing`` is what the addresses of that have in common.
    """
    with ExitStack() as until:
        asked: list[str] = []
        complaints: list[str] = []

        def open_page(address, before=None, failing=None, **how):
            def hear(message):
                meant = failing and failing in message.location["url"]
                if not (meant and message.text.startswith("Failed to load resource")):
                    complaints.append(f"{address}: {message.text} {message.location['url']}")

            context = chromium.new_context(**how)
            until.callback(context.close)
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.set_default_timeout(12_000)
            page.on("console", hear)
            page.on("pageerror", lambda error: complaints.append(f"{address}: {error}"))
            if before is not None:
                before(page)
            page.goto(f"{federation.url}{address}", wait_until="networkidle" if address == "/api/docs/" else "load")
            if not address.startswith("/admin/"):
                assert context.cookies() == []
            return page

        yield open_page
        assert complaints == []
        assert [url for url in asked if not url.startswith((f"{federation.url}/", "data:"))] == []

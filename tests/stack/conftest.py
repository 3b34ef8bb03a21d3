"""A real Chromium before a real stack, both started once."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests import chromium as chromium_here
from tests.stack import desk
from tests.stack.stack import DAYS, HELD, SILENT, USUAL, Federation, Stack, ago, serving

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
@pytest.fixture(scope="package")
def chromium():
    program = _program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """It ends with the last of its tests: a clock that ticks and workers that look for work would slow all others."""
    with serving(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="package")
def federation(stack) -> Federation:
    """What all tests look at: two agencies count downloads, of which one has been silent for four days.

    Five count visits, so that what is decided about their reports changes no page about downloads: one has been silent
    for nine days, and of each other one a report is held.
    """
    counted = {"NO-KRIPOS": ("DOWNLOADS", ago(20)), "SE-NOA": ("DOWNLOADS", ago(20))}
    counted |= dict.fromkeys((*HELD, SILENT), ("HELP_VISITS", ago(DAYS)))
    agencies = stack.begin(("kari", "per", "ola"), counted)
    for code, last in (("NO-KRIPOS", 0), ("SE-NOA", 4)):
        days = {ago(back): 100 + back for back in range(last + 1, 21)}
        agencies[code].send("NO", days, beside={"SE": "EDONKEY"})
    for code in (*HELD, SILENT):
        last = 9 if code == SILENT else 0
        agencies[code].send(code[:2], {ago(back): USUAL + back % 7 for back in range(last + 1, DAYS + 1)})
    for code in HELD:
        agencies[code].send(code[:2], {ago(2): 5000})
    stack.manage("settle", "--timeout", "60")
    return Federation(stack, agencies)


@pytest.fixture(scope="package")
def cookies():
    """The cookies of those who have signed in: the modules share the stack, and a second factor is set up once."""
    return {}


@pytest.fixture
def visit(chromium, stack, cookies):
    """Opens a window for each person, and checks that it asks no other host."""
    with ExitStack() as until:
        asked: list[str] = []

        def open_window(name: str, **how):
            context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
            until.callback(context.close)
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.set_default_timeout(60_000)
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
    """Opens pages as a stranger does. Checks that the browser reports no fault, stores nothing, and asks no other host.

    The browser reports requests that a test makes fail: ``failing`` is a part of their addresses.
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
            page.set_default_timeout(60_000)
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

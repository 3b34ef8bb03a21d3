"""A real Chromium before a real stack."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.embedded.process import free_port
from tests.browser import desk
from tests.browser.stack import Stack
from tests.integration import processes

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found:
        return found
    how = "no Chromium here; on Debian: apt-get install chromium"
    if os.environ.get("BROWSER") == "required":
        pytest.fail(how)
    pytest.skip(how)


@pytest.fixture(scope="module")
def chromium():
    program = _program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """A stack of its own for the tests of a module."""
    made = Stack(tmp_path_factory.mktemp("stack"), free_port())
    with ExitStack() as until:
        process = processes.start(desk.PYTHON, "-m", "config.serve", data=made.data, PORT=str(made.port))
        until.callback(processes.end, process)
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ready after"):
            lines.append(processes.line_of(process))
            assert process.poll() is None, "\n".join(lines)
        yield made


@pytest.fixture
def visit(chromium, stack):
    """Opens windows of people of their own, and sees that nothing is asked of another host."""
    with ExitStack() as until:
        asked: list[str] = []

        def open_window(name: str, **how):
            context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
            until.callback(context.close)
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.set_default_timeout(20_000)
            desk.sign_in(page, stack.url, name)
            return page

        yield open_window
        assert [url for url in asked if not url.startswith((f"{stack.url}/", "data:"))] == []

"""The public pages in a real browser before the real stack: at all widths, light and dark, with and without scripts."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = (
    "/", "/de/?window=P30D&sort=rate", "/countries/no/", "/fi/countries/se/?frequency=W", "/coverage/", "/help/",
    "/about/", "/pl/data/", "/embed/map/", "/fr/embed/country/no/", "/api/docs/", "/admin/login/",
)  # fmt: skip
WIDTHS = (360, 768, 1440)


def ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


@pytest.fixture(scope="module")
def federation(stack: Stack) -> Stack:
    """Two agencies, of which one has been silent for four days."""
    agencies = stack.begin(coordinators=(), agencies=("NO-KRIPOS", "SE-NOA"), since=ago(20))
    for code, last in (("NO-KRIPOS", 0), ("SE-NOA", 4)):
        agencies[code].send("NO", {ago(back): 100 + back for back in range(last + 1, 21)})
    stack.settle()
    return stack


@pytest.fixture
def reader(chromium, federation):
    """Opens pages as a stranger does, and sees that nothing is complained of, kept, or asked of another host."""
    with ExitStack() as until:
        asked: list[str] = []
        complaints: list[str] = []

        def open_page(address, **how):
            context = chromium.new_context(**how)
            until.callback(context.close)
            context.on("request", lambda request: asked.append(request.url))
            page = context.new_page()
            page.on("console", lambda message: complaints.append(f"{address}: {message.text}"))
            page.on("pageerror", lambda error: complaints.append(f"{address}: {error}"))
            page.goto(f"{federation.url}{address}", wait_until="networkidle" if address == "/api/docs/" else "load")
            if not address.startswith("/admin/"):
                assert context.cookies() == []
            return page

        yield open_page
        assert complaints == []
        assert [url for url in asked if not url.startswith((f"{federation.url}/", "data:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_break_no_policy(reader, scheme):
    for address in PAGES:
        page = reader(address, color_scheme=scheme)
        for width in WIDTHS if not address.startswith(("/api/", "/admin/")) else ():
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (address, width)


def test_without_scripts_the_numbers_and_the_silent_agency_are_there(reader):
    page = reader("/", java_script_enabled=False)
    assert page.get_by_role("row", name="Norway").is_visible()
    assert page.get_by_text("Police of SE has been silent since").is_visible()
    page.get_by_role("link", name="Count", exact=True).click()
    assert page.get_by_role("columnheader", name="Count", exact=True).get_attribute("aria-sort") == "descending"
    page.get_by_role("link", name="Norway", exact=True).click()
    assert page.get_by_role("heading", level=1).text_content() == "Norway"
    assert page.get_by_text("1 of 2 agencies").first.is_visible()


def test_language_is_changed_on_the_page_and_the_view_stays(reader):
    page = reader("/countries/no/?frequency=M")
    page.get_by_role("link", name="Deutsch").click()
    assert page.url.endswith("/de/countries/no/?frequency=M")
    assert page.get_by_role("heading", level=1).text_content() == "Norwegen"


def test_keyboard_skips_to_the_content(reader):
    page = reader("/help/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("href") == "#content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize(("address", "shown"), [("/embed/map/", True), ("/embed/country/no/", True), ("/", False)])
def test_only_embedded_pages_are_shown_in_a_frame(chromium, federation, address, shown):
    page = chromium.new_page()
    # Another origin, whose answer has no policy of its own.
    page.goto(f"http://127.0.0.1:{federation.port}/api/v1/networks/")
    page.set_content(f'<iframe src="{federation.url}{address}"></iframe>', wait_until="load")
    framed = page.frames[-1]
    assert (framed.locator(".help-line").count() == 1) is shown
    page.close()

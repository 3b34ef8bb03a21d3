"""The public pages in a real browser before the real stack: at all widths, light and dark, with and without scripts."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote, unquote

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("stack")]
PAGES = (
    "/", "/de/?window=P30D&sort=rate", "/countries/no/", "/fi/countries/se/?frequency=W", "/coverage/", "/help/",
    "/about/", "/pl/data/", "/embed/map/", "/fr/embed/country/no/", "/api/docs/", "/admin/login/",
)  # fmt: skip
WIDTHS = (360, 768, 1440)


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
    page.wait_for_url("**/?sort=value")
    assert page.get_by_role("columnheader", name="Count", exact=True).get_attribute("aria-sort") == "descending"
    page.get_by_role("link", name="Norway", exact=True).click()
    page.wait_for_url("**/countries/no/")
    assert page.get_by_role("heading", level=1).text_content() == "Norway"
    assert page.get_by_text("1 of 2 agencies").first.is_visible()


def test_language_is_changed_on_the_page_and_the_view_stays(reader):
    page = reader("/countries/no/?frequency=M")
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Deutsch").click()
    page.wait_for_url("**/de/countries/no/?frequency=M")
    assert page.get_by_role("heading", level=1).text_content() == "Norwegen"


def test_keyboard_skips_to_the_content(reader):
    page = reader("/help/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("href") == "#content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


class _Elsewhere(BaseHTTPRequestHandler):
    """A site of somebody else that frames whatever it is asked for, and has no policy of its own."""

    def do_GET(self):
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{unquote(self.path[1:])}"></iframe>'.encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def elsewhere():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("address", "shown"), [("/embed/map/", True), ("/embed/country/no/", True), ("/", False)])
def test_only_embedded_pages_are_shown_in_a_frame(chromium, federation, elsewhere, address, shown):
    page = chromium.new_page()
    page.goto(f"{elsewhere}/{quote(federation.url + address, safe='')}", wait_until="load")
    framed = page.frames[-1]
    assert (framed.locator(".help-line").count() == 1) is shown
    page.close()

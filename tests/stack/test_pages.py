"""The public pages in a real browser before the real stack: at all widths, light and dark, with and without scripts."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote, unquote

import pytest
from django.conf import settings

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
RUN = "axe.run(document, {resultTypes: ['violations']})"
PAGES = (
    "/", "/?indicator=HELP_VISITS&window=P1D", "/?window=day&day=2020-01-01", "/countries/no/",
    "/countries/no/?frequency=W&with=SE&with=DK&show=head", "/coverage/", "/corrections/?country=all", "/effects/",
    "/help/",
    "/about/", "/method/", "/participants/", "/accessibility/", "/privacy/", "/data/", "/embed/map/",
    "/embed/country/no/",
)  # fmt: skip
#: An intervention that an estimate found, and one that has not started, so the page has everything that it can have.
_INTERVENTIONS = """
from datetime import date, timedelta
import msgspec
from countries import registry
from countries.models import Intervention
from federation.models.effects import Estimate
from federation.models.published import Version
from tests.contract.site.effects import found, register

fallen = register(title="Warnings in the search results of each large network")
result, evidence = map(msgspec.to_builtins, found(-0.3))
Estimate.objects.create(intervention=fallen, word="found", result=result, evidence=evidence,
                        version_from=Version.objects.latest("number").number)
today = date.today()
later = Intervention(title="Later", description="Posters", registrant="Police", countries=["SE"], indicator_id=1,
                     direction="fewer", start=today + timedelta(days=14 - today.weekday()))
registry.save(later, by="kari")
print(fallen.pk, later.pk)
"""
#: Wider numbers and longer names of periods.
LONG = ("/?window=P30D", "/?window=P365D", "/corrections/?country=no&frequency=H")


@pytest.fixture(scope="module")
def interventions(stack, federation) -> tuple[str, ...]:
    """The addresses of their pages."""
    found, later = stack.manage("shell", "--no-imports", "-c", _INTERVENTIONS).split()
    return f"/effects/{found}/", f"/effects/{later}/"


@pytest.mark.parametrize("language", ["/de", ""])
def test_pages_fit_and_axe_finds_nothing(reader, federation, interventions, language):
    """WCAG 2.2 AA as far as a program sees it, wide and light, then narrow and dark."""
    page, found = reader(f"{language}/help/"), {}
    for address in (*PAGES, *interventions):
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"{federation.url}{language}{address}")
        # What the map's script draws is looked at too.
        if page.locator("#map").count():
            page.locator(".map-legend").wait_for()
        page.evaluate(AXE.read_text())
        for width, scheme in ((1440, "light"), (768, None), (360, "dark"), (320, None)):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (address, width)
            if scheme:
                page.emulate_media(color_scheme=scheme)
                for violation in page.evaluate(RUN)["violations"]:
                    found[address, width, violation["id"]] = [node["html"] for node in violation["nodes"]]
    assert found == {}


def test_pages_fit_narrow_screens_in_each_language(reader, federation, interventions):
    """Words are of different lengths, so a page that fits in one language may be too wide in another."""
    page, wide = reader("/help/"), {}
    page.set_viewport_size({"width": 320, "height": 800})
    for language, _ in settings.LANGUAGES:
        prefix = "" if language == "en" else f"/{language}"
        for address in (*PAGES, *LONG, *interventions):
            page.goto(f"{federation.url}{prefix}{address}")
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                wide[prefix + address] = over
    assert wide == {}


@pytest.mark.parametrize(("locale", "offer"), [("de-AT", "Diese Seite auf Deutsch"), ("en-GB", ""), ("is-IS", "")])
def test_page_is_offered_in_the_language_of_the_browser(chromium, federation, locale, offer):
    with chromium.new_context(locale=locale).new_page() as page:
        page.goto(f"{federation.url}/?window=P30D")
        page.wait_for_load_state("networkidle")
        assert page.locator(".offer a:visible").all_text_contents() == ([offer] if offer else [])
        if offer:
            page.get_by_role("link", name=offer).click()
            page.wait_for_url("**/de/?window=P30D")
            assert page.locator(".offer").count() == 0


@pytest.mark.parametrize("address", ["/api/docs/", "/admin/login/"])
def test_other_pages_break_no_policy(reader, address):
    reader(address)


def test_without_scripts_the_numbers_and_the_silent_agency_are_there(reader):
    page = reader("/", java_script_enabled=False)
    assert page.get_by_role("row", name="Norway").is_visible()
    assert page.get_by_text("1 agency is silent: Police of SE").is_visible()
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
    """Another site that frames any requested page and has no policy of its own."""

    def do_GET(self):
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{unquote(self.path[1:])}"></iframe>'.encode())

    def log_message(self, *_):
        """Say nothing."""


def test_only_embedded_pages_are_shown_in_a_frame(chromium, federation):
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server, chromium.new_page() as page:
        Thread(target=server.serve_forever, args=(0.02,)).start()
        for address, shown in (("/embed/map/", True), ("/embed/country/no/", True), ("/", False)):
            page.goto(f"http://127.0.0.1:{server.server_port}/{quote(federation.url + address, safe='')}")
            assert (page.frames[-1].locator(".help-line").count() == 1) is shown
        server.shutdown()

"""Rules for every page: language by address, no cookie, a strict policy, no framing except of embedded pages."""

import html
import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings

from api import caching
from api.site.templatetags import assets
from countries import reference
from countries.reference import Reference
from federation.database import clock
from tests.contract.site.conftest import day
from tests.factories import AgencyFactory

PAGES = [
    "/", "/countries/no/", "/coverage/", "/corrections/", "/effects/", "/help/", "/about/", "/method/",
    "/participants/", "/accessibility/", "/privacy/", "/data/",
]  # fmt: skip
#: In English only.
DOCUMENTATION = ["/docs/", "/docs/how-to/", "/docs/reference/errors/", "/docs/search/?q=rounding"]
EMBEDDED = ["/embed/map/", "/embed/country/no/"]
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "font-src 'none'", "base-uri 'none'", "form-action 'self'",
}  # fmt: skip
HELP = "Worried about your own thoughts or what you look at? You can talk to someone."


def policy(answer):
    return set(answer["Content-Security-Policy"].split("; "))


@pytest.fixture
def each_page(published, services, visit):
    """Visits addresses; each with its answer and its text."""
    return lambda *addresses: [(address, answer := visit(address), answer.content.decode()) for address in addresses]


@pytest.mark.parametrize(("prefix", "language"), [("", "en"), ("/nb", "nb")])
def test_pages_answer_in_the_language_of_their_address(each_page, prefix, language):
    for address, answer, page in each_page(*(prefix + one for one in PAGES + EMBEDDED)):
        assert answer.status_code == 200, address
        assert answer["Content-Language"] == language, address
        assert f'<html lang="{language}">' in page, address
        assert f"Help in {language}" in page, address


def test_language_is_never_chosen_by_browser_or_cookie(published, client):
    client.cookies["django_language"] = "de"
    answer = client.get("/", headers={"accept-language": "de", "accept": "text/html"})
    assert answer.status_code == 200
    assert answer["Content-Language"] == "en"
    assert "Accept-Language" not in answer["Vary"]


def test_first_page_has_a_hidden_offer_in_each_other_language_for_the_script_to_show(published, visit, monkeypatch):
    monkeypatch.setattr(assets, "files", lambda: {"offer.js": "site/built/offer-1.js"})
    page = visit("/?window=P30D").content.decode()
    (offer,) = re.findall(r"<nav class=\"offer\"[^>]* hidden>.*?</nav>", page, flags=re.DOTALL)
    others = [code for code, _ in settings.LANGUAGES if code != "en"]
    for code in others:
        assert re.search(rf'<a href="/{code}/\?window=P30D" lang="{code}" hreflang="{code}" hidden>[^<]+</a>', offer)
    assert offer.count("<a ") == len(others)
    assert all('class="offer"' not in visit(address).content.decode() for address in ("/de/", "/about/"))


def test_every_page_offers_each_language_by_its_own_name_with_the_same_view(published, visit):
    page = visit("/nb/?window=P30D").content.decode()
    for code, name in (("fi", "Suomi"), ("pl", "Polski"), ("pt", "Português")):
        assert f'<a href="/{code}/?window=P30D" lang="{code}" hreflang="{code}">{name}</a>' in page
    assert '<a href="/?window=P30D" lang="en" hreflang="en">English</a>' in page


def test_pages_set_no_cookie_and_may_be_cached(each_page, visit, monkeypatch):
    now = clock.now()
    # The tag of the map contains the minute.
    monkeypatch.setattr(clock, "now", lambda: now)
    for address, answer, _ in each_page(*PAGES, *DOCUMENTATION, *EMBEDDED):
        assert not answer.cookies, address
        assert "Cookie" not in answer["Vary"], address
        assert answer["Cache-Control"].startswith("public, max-age="), address
        assert visit(address, **{"if-none-match": answer["ETag"]}).status_code == 304, address


def test_page_is_another_once_one_of_its_numbers_is(published, visit, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)
    before = visit("/countries/no/")["ETag"]
    assert visit("/countries/no/")["ETag"] == before
    published.publish("D", {day(1): {"NO": 500}})
    assert visit("/countries/no/")["ETag"] != before


def test_policy_is_strict_and_only_what_is_meant_for_frames_is_framed(each_page):
    for address, answer, _ in each_page(*PAGES, *DOCUMENTATION, *EMBEDDED, "/nowhere/", "/admin/login/", "/api/docs/"):
        framed = address in EMBEDDED
        assert policy(answer) == POLICY | {"frame-ancestors *" if framed else "frame-ancestors 'none'"}, address
        assert answer.get("X-Frame-Options") == (None if framed else "DENY"), address


def test_links_in_a_frame_open_outside_it(each_page):
    for address, _, page in each_page(*PAGES, *EMBEDDED):
        assert ('<base target="_blank">' in page) == (address in EMBEDDED), address


def test_pages_hold_nothing_that_the_policy_forbids(each_page):
    for address, _, page in each_page(*PAGES, *DOCUMENTATION, *EMBEDDED, "/admin/login/", "/api/docs/"):
        assert not re.search(r"<style|\sstyle=[\"']|\son\w+=|javascript:", page), address
        assert not re.search(r"<script(?![^>]* (?:src=\"/|type=\"application/(?:ld\+)?json))", page), address
        assert not re.search(
            r"<(?:script|img|iframe|link rel=\"(?:stylesheet|icon)\")[^>]*(?:src|href)=\"(?!/|data:)", page
        ), address


def test_help_is_the_first_thing_on_each_page(published, services, text):
    for address in PAGES + DOCUMENTATION + EMBEDDED:
        page = text(address)
        words = page.partition("Skip to the content")[2] or page.partition("· Police2Peer")[2]
        assert words.strip().startswith(HELP), address


def test_footer_leads_people_of_agencies_to_their_pages(each_page):
    for prefix in ("", "/nb"):
        for address, _, page in each_page(*(prefix + one for one in PAGES)):
            footer = page.partition("<footer")[2]
            assert (
                f'<a href="{prefix}/agency/">{"For politimyndigheter" if prefix else "For agencies"}</a>' in footer
            ), address
            assert page.index("/help/") < page.index("/agency/"), address


def test_pages_have_one_first_heading_and_one_main_part(each_page):
    for address, _, page in each_page(*PAGES, *EMBEDDED, "/nowhere/"):
        assert page.count("<h1") == page.count("<main") == 1, address
        assert all("<caption>" in table for table in page.split("<table")[1:]), address
        assert not re.search(r"<th(?![^>]*scope=)[ >]", page), address


def test_invented_numbers_say_so_on_every_page(each_page):
    addresses = *PAGES, *DOCUMENTATION, *EMBEDDED, "/nowhere/"
    assert [address for address, _, page in each_page(*addresses) if "Invented numbers." in page] == []
    AgencyFactory.create(code="FI-DEMO", invented=True)
    reference.snapshots.clear()
    caching.response_cache.clear()
    assert [address for address, _, page in each_page(*addresses) if "Invented numbers." not in page] == []


def test_unknown_address_is_a_page_to_browsers_and_a_problem_to_programs(db, visit, client):
    answer = visit("/fi/countries/zz/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="fi">' in answer.content.decode()
    for program in (client.get("/nowhere/"), visit("/api/v1/nowhere/")):
        assert (program.status_code, program["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    [
        "/de//evil.example/help/", "/de///evil.example/", "/de/%5Cevil.example/", "/de/%5C/evil.example/",
        "/de/%09/evil.example/", "/nb/%2F%2Fevil.example/", "/evil%3Fx=%22%3E%3Cb%3E/",
    ],
)  # fmt: skip
def test_no_link_of_a_page_that_is_not_there_leads_to_another_site(db, visit, path):
    answer = visit(path)
    assert answer.status_code == 404
    links = re.findall(r'(?:href|src|action)="([^"]*)"', answer.content.decode())
    assert len(links) > 20
    for link in map(html.unescape, links):
        # As a browser reads it: it leaves tabs out, and takes a backslash for a slash.
        there = urlsplit(urljoin("http://testserver/", re.sub(r"[\t\r\n]", "", link).replace("\\", "/")))
        assert (there.scheme, there.netloc) == ("http", "testserver"), link


def test_links_to_other_languages_keep_the_address_as_it_was_sent(db, visit):
    page = visit("/de/caf%C3%A9%3F%20x/?a=%C3%A9").content.decode()
    assert 'href="/nb/caf%C3%A9%3F%20x/?a=%C3%A9"' in page
    assert 'href="/caf%C3%A9%3F%20x/?a=%C3%A9"' in page


@pytest.mark.parametrize(
    "address", ["/?window=day&day=2026-02-31", "/?day=2026-11-01", "/?as_of=2026-11-01", "/coverage/?start=2026-11-01"]
)
def test_time_that_a_page_does_not_show_is_told(published, text, address):
    told = "This page cannot show the time in its address."
    assert told in text(address)
    assert told not in text(address.partition("?")[0])
    assert told not in text(f"/?window=day&day={day(2)}")


def test_mistake_of_ours_is_a_page_to_browsers_and_a_problem_to_programs(client, visit, monkeypatch, caplog):
    client.raise_request_exception = False
    # As with a database that is away, nothing can be looked up for the page either.
    monkeypatch.setattr(Reference, "current", None)
    caching.response_cache.clear()
    answer = visit("/de/help/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
    page = answer.content.decode()
    assert '<html lang="de">' in page
    assert '<a href="/de/help/"' in page
    (request_id,) = {record.request_id for record in caplog.records if hasattr(record, "request_id")}
    assert request_id in page
    program = client.get("/help/")
    assert (program.status_code, program["Content-Type"]) == (500, "application/problem+json")


def test_desk_and_api_stay_english_and_without_a_language_in_the_address(db, visit):
    assert visit("/nb/admin/login/").status_code == 404
    assert visit("/admin/login/", **{"accept-language": "de"}).content.decode().count("Log in")

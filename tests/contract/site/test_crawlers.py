"""What search engines and other sites read of the pages: robots.txt, the sitemap, and the card of each page."""

import html
import re
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.db import OperationalError
from PIL import Image

from api import caching
from api.site import crawlers
from api.site.templatetags.cards import kept
from api.site.urls import urlpatterns
from api.throttling import costs, rates
from countries import reference
from countries.reference import Reference
from tests.card import FILE
from tests.contract.site.test_frame import EMBEDDED, PAGES

HOST = "http://testserver"
LANGUAGES = [code for code, _ in settings.LANGUAGES]
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


@pytest.fixture
def listed(published, visit):
    """Return each address of the sitemap, with the addresses of the same page by language."""
    answer = visit("/sitemap.xml")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    return {
        url.findtext(f"{SITEMAP}loc"): {link.get("hreflang"): link.get("href") for link in url.iter(LINK)}
        for url in ET.fromstring(answer.content)
    }


@pytest.fixture
def card(published, services, visit):
    """Return what a page says of itself, by the name of each property."""

    def read(address):
        page = visit(address).content.decode()
        found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
        return {name: html.unescape(content) for name, content in found} | {
            "title": html.unescape(re.findall(r"<title>(.*?) · Police2Peer</title>", page)[0])
        }

    return read


def raise_away():
    raise OperationalError


def in_language(address, language):
    return f"{HOST}{address}" if language == "en" else f"{HOST}/{language}{address}"


def test_sitemap_has_each_page_and_each_country_of_the_map_in_each_language(listed, visit):
    for address in PAGES:
        languages = {language: in_language(address, language) for language in LANGUAGES}
        for there in languages.values():
            assert listed[there] == languages | {"x-default": in_language(address, "en")}
    linked = set(re.findall(r'href="(/countries/[a-z0-9_]+/)"', visit("/").content.decode()))
    assert "/countries/europe/" in linked
    assert {f"{HOST}{one}" for one in linked} | {f"{HOST}{one}" for one in PAGES} == {
        there for there in listed if not re.match(rf"{HOST}/(?:[a-z][a-z]|docs)/", there)
    }


def test_sitemap_has_each_document_in_its_one_language(listed, visit):
    documents = {there: languages for there, languages in listed.items() if there.startswith(f"{HOST}/docs/")}
    assert {f"{HOST}/docs/", f"{HOST}/docs/how-to/", f"{HOST}/docs/reference/errors/"} <= documents.keys()
    assert not any(documents.values())
    assert {visit(there.removeprefix(HOST)).status_code for there in documents} == {200}


def test_each_page_is_tested_here():
    """A new page fails here until it is in `PAGES`, and so in the sitemap."""
    named = {f"/{one.pattern}" for one in urlpatterns if "<" not in str(one.pattern)} - {*EMBEDDED, "/countries/"}
    assert named == {*PAGES} - {"/countries/no/"}


def test_sitemap_of_an_empty_installation_has_the_pages(db, visit):
    page = visit("/sitemap.xml").content.decode()
    assert f"<loc>{HOST}/help/</loc>" in page
    assert "/countries/" not in page


def test_sitemap_is_written_once_for_any_query(published, visit, monkeypatch):
    written, urls = [], crawlers._urls
    monkeypatch.setattr(crawlers, "_urls", lambda *given: written.append(1) or urls(*given))
    found = [visit(f"/sitemap.xml{query}") for query in ("", "?", "?day=1")]
    assert [answer.status_code for answer in found] == [200, 200, 301]
    assert found[2]["Location"] == "/sitemap.xml"
    assert len(written) == 1


def test_sitemap_is_paid_for_by_the_time_it_takes(published, visit, settings):
    """It costs half of what the address may ask for, which is the most, and the request."""
    settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: crawlers._COST // costs.OBSERVATIONS}
    assert visit("/sitemap.xml").status_code == 200
    caching.response_cache.clear()
    assert visit("/sitemap.xml").status_code == 429
    assert visit("/about/").status_code == 200


def test_robots_may_read_pages_but_not_the_endless_views_of_them(published, visit):
    answer = visit("/robots.txt")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    robots = RobotFileParser()
    robots.parse(answer.content.decode().splitlines())
    assert robots.site_maps() == [f"{HOST}/sitemap.xml"]
    assert all(robots.can_fetch("a", address) for address in [*PAGES, "/catalog.ttl", "/static/site/card.png"])
    assert not any(robots.can_fetch("a", address) for address in ("/admin/", "/agency/", "/api/v1/aggregates/"))
    assert "Disallow: /*?\n" in answer.content.decode()
    assert robots.can_fetch("Twitterbot", "/countries/no/?with=se")


def test_robots_are_told_what_they_may_read_while_the_database_is_away(db, visit, monkeypatch):
    there = visit("/robots.txt").content
    caching.response_cache.clear()
    monkeypatch.setattr(Reference, "current", raise_away)
    answer = visit("/robots.txt")
    assert (answer.status_code, answer["Cache-Control"], answer.content) == (200, "no-store", there)


@pytest.mark.parametrize("address", ["/about/", "/fi/method/", "/privacy/", "/accessibility/"])
def test_pages_of_words_can_be_read_while_the_database_is_away(published, visit, monkeypatch, address):
    there = visit(address).content
    caching.response_cache.clear()
    monkeypatch.setattr(Reference, "current", raise_away)
    answer = visit(address)
    assert (answer.status_code, answer["Cache-Control"], answer.content) == (200, "no-store", there)
    # A process that has read nothing yet knows no indicators, but all other words.
    monkeypatch.setattr(reference, "snapshots", {})
    answer = visit(address)
    assert answer.status_code == 200
    assert b"<h1>" in answer.content
    assert b"What is counted" not in answer.content


@pytest.mark.parametrize("prefix", ["", "/nb"])
def test_each_page_has_a_card_of_its_own(card, prefix):
    cards = {address: card(prefix + address) for address in PAGES}
    for address, found in cards.items():
        assert found["og:title"] == found["title"], address
        assert found["og:description"] == found["description"], address
        assert found["og:url"] == f"{HOST}{prefix}{address}", address
        assert found["og:locale"] == ("nb_NO" if prefix else "en_GB"), address
        assert found["og:image"] == f"{HOST}/static/site/card.png"
        assert found["twitter:card"] == "summary_large_image"
    assert len({found["description"] for found in cards.values()}) == len(PAGES)


def test_picture_of_the_cards_is_there_in_the_size_that_pages_name(card):
    found = card("/about/")
    with Image.open(FILE) as picture:
        assert picture.format == "PNG"
        assert picture.size == (int(found["og:image:width"]), int(found["og:image:height"])) == (1200, 630)
    assert found["og:image"].endswith(f"/{FILE.name}")


def test_documents_have_cards_too(card):
    found = card("/docs/reference/errors/")
    assert found["og:title"] == found["title"]
    assert found["og:description"] == found["description"] != card("/docs/")["description"]
    assert (found["og:url"], found["og:locale"]) == (f"{HOST}/docs/reference/errors/", "en_GB")
    assert "og:locale:alternate" not in found


def test_card_of_a_view_leads_to_the_view(card):
    assert card("/?window=P30D&sort=value")["og:url"] == f"{HOST}/?window=P30D&sort=value"


def test_other_languages_of_a_page_are_named_with_their_countries(published, visit):
    page = visit("/pt/").content.decode()
    assert '<meta property="og:locale" content="pt_PT">' in page
    others = re.findall(r'"og:locale:alternate" content="([a-z]{2}_[A-Z]{2})"', page)
    assert len(others) == len(LANGUAGES) - 1


def test_quotation_marks_do_not_end_what_a_page_says_of_itself():
    assert kept(' the "map" ') == "the &quot;map&quot;"

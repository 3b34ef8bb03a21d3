"""Help services: by language and country, from the browser or the address, and never by the visitor's location."""

import re

import pytest

from tests.factories import HelpServiceFactory

pytestmark = pytest.mark.usefixtures("services")


@pytest.fixture
def listed(visit):
    """Opens a page and returns the languages of the services in its list."""

    def read(address, **headers):
        return set(re.findall(r"<h2><a [^>]*>Help in (\w+)</a>", visit(address, **headers).content.decode()))

    return read


@pytest.mark.parametrize(
    ("accepted", "language"), [("nn,en;q=0.5", "nb"), ("de-AT", "de"), ("ja,en;q=0.8", "en"), ("ja", "en"), ("", "en")]
)
def test_services_are_chosen_by_the_language_of_the_browser(listed, accepted, language):
    assert listed("/help/", **{"accept-language": accepted}) == {language}


def test_language_of_the_page_decides_where_the_browser_has_none_that_a_service_speaks(listed):
    assert listed("/nb/help/", **{"accept-language": "ja"}) == {"nb"}


def test_choice_in_the_address_goes_before_the_browser(listed):
    german = {"accept-language": "de"}
    assert listed("/help/?language=nb", **german) == {"nb"}
    assert listed("/help/?language=all", **german) == {"nb", "de", "en"}
    assert listed("/help/?language=all&country=NO", **german) == {"nb"}


@pytest.mark.parametrize("query", ["country=NO", "country=no&language=de", "country=NO&language=all"])
def test_services_of_a_chosen_country_are_shown_in_any_language(listed, query):
    assert listed(f"/help/?{query}", **{"accept-language": "de"}) == {"nb"}
    assert listed(f"/de/help/?{query}", **{"accept-language": "de"}) == {"nb"}


def test_services_for_people_everywhere_follow_in_the_language_of_the_visitor(visit):
    HelpServiceFactory.create(name="Everywhere in de", languages=["en", "de"], country=None)
    HelpServiceFactory.create(name="Everywhere in fr", languages=["fr"], country=None)
    page = visit("/help/?country=NO", **{"accept-language": "de"}).content.decode()
    assert re.findall(r"<h2><a [^>]*>([^<]*)</a>", page) == ["Help in nb", "Everywhere in de"]


def test_service_in_another_language_than_the_page_is_marked_with_it(visit):
    page = visit("/de/help/?country=NO").content.decode()
    assert re.findall(r'<h2><a [^>]*lang="nb" hreflang="nb">Help in nb</a>', page)
    page = visit("/nb/help/?country=NO").content.decode()
    assert re.findall(r'<h2><a [^>]*rel="noreferrer" hreflang="nb">Help in nb</a>', page)


def test_help_page_varies_by_the_language_of_the_browser_and_others_do_not(visit):
    assert "Accept-Language" in visit("/help/")["Vary"]
    assert "Accept-Language" not in visit("/about/")["Vary"]


def test_network_address_of_the_visitor_changes_nothing(client):
    pages = {
        client.get("/help/", REMOTE_ADDR=address, headers={"x-forwarded-for": address}).content
        for address in ("192.0.2.1", "198.51.100.7")
    }
    assert len(pages) == 1


def test_choice_without_a_service_leads_to_all(text):
    assert "Show all services" in text("/help/?language=nb&country=FR")


def test_help_line_names_the_service_of_the_language_and_leads_to_all(visit):
    page = visit("/de/about/").content.decode()
    line = page.partition("help-line")[2].partition("</aside>")[0]
    assert "Help in de" in line
    assert 'href="/de/help/"' in line

"""An indicator that a coordinator adds has its own words on every page, and never those of another."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from countries import loader
from countries.models import Indicator
from countries.reference import Reference
from tests.contract.public.press import Press
from tests.contract.site.conftest import day
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db

ENGLISH = {
    "name": "Calls to a helpline",
    "unit": "call, calls",
    "description": "Calls to helplines that police files name, by the country of the line.",
    "notes": "A call is not a caller: some call twice.\r\nOnly answered calls are counted.",
}
GERMAN = {
    "language": "de",
    "name": "Anrufe bei Hilfetelefonen",
    "unit": "Anruf, Anrufe",
    "description": "Anrufe bei Hilfetelefonen, die Dateien der Polizei nennen, nach dem Land des Telefons.",
    "notes": "Ein Anruf ist kein Mensch: Manche rufen zweimal an.",
}
#: What pages about one indicator have of all: the choice between them, the words of the script, how agencies count, and
#: that files can be downloaded.
OF_ALL = re.compile(
    r'<nav class="choice".*?</nav>|<script [^>]*application/json.*?</script>| download="'
    r'|<section aria-labelledby="setups">.*?</section>|<summary>Share, cite or download</summary>',
    re.DOTALL,
)
PAGES = ("/", "/countries/no/", "/coverage/", "/embed/map/", "/embed/country/no/", "/countries/no/chart.svg")
#: Pages that say less than all.
PARTS = {
    "/coverage/": ("notes",),
    "/embed/map/": ("name", "notes"),
    "/embed/country/no/": ("name", "notes"),
    "/countries/no/chart.svg": ("name", "notes"),
}


def field(prefix, words):
    return {f"{prefix}{name}": value for name, value in words.items()}


@pytest.fixture(scope="module")
def third(module_db):
    """CALLS, added on the screen of indicators and then published."""
    loader.load(by="a test")
    desk = signed_in(Client(), User.objects.create_superuser("ada"))
    form = {
        "code": "CALLS", "reason": "Helplines count too.", "usual_rate": "0.5", **ENGLISH,
        **field("translations-0-", GERMAN),
        "translations-TOTAL_FORMS": "1", "translations-INITIAL_FORMS": "0",
    }  # fmt: skip
    answer = desk.post(reverse("admin:countries_indicator_add"), form)
    assert answer.status_code == 302, answer.content.decode()
    press = Press(Indicator.objects.get(code="CALLS").number)
    press.publish("D", {day(ago): {"NO": 1230, "NO/BITTORRENT": 1230, "EUROPE": 1230} for ago in range(10, 0, -1)})
    press.publish("H", {f"{day(1)}T23:00": {"NO": 60, "EUROPE": 60}})


@pytest.fixture
def read(third, client):
    def ask(address, **headers):
        answer = client.get(address, headers={"accept": "text/html,*/*;q=0.8"} | headers)
        assert answer.status_code == 200, (address, answer.getvalue())
        return html.unescape(answer.getvalue().decode())

    return ask


def texts(words):
    return words["name"], words["description"], *words["notes"].split("\r\n")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(("prefix", "words"), [("", ENGLISH), ("/de", GERMAN), ("/nb", ENGLISH)])
def test_pages_have_its_words_and_not_those_of_downloads(read, address, prefix, words):
    page = " ".join(OF_ALL.sub("", read(f"{prefix}{address}?indicator=CALLS")).split())
    for name in PARTS.get(address, ("name", "description", "notes")):
        # Some pages show the first note only, and a picture breaks its lines.
        assert words[name].split("\r\n")[0][:60] in page, name
    shipped = Reference.current().indicators_by_code["DOWNLOADS"].in_language(prefix[1:] or "en")
    for text in (shipped.name, shipped.description, *shipped.notes, *shipped.unit):
        assert not re.search(rf"\b{re.escape(text[:60])}", page), text


@pytest.mark.parametrize(
    ("prefix", "words", "head"),
    [
        ("", ENGLISH, "Calls to a helpline per 100,000 inhabitants"),
        ("/de", GERMAN, "Anrufe bei Hilfetelefonen je 100.000 Einwohner"),
    ],
)
def test_map_counts_in_its_unit(read, prefix, words, head):
    page = read(f"{prefix}/?indicator=CALLS")
    one, many = words["unit"].split(", ")
    assert f'"CALLS": {{"one": "{{value}} {one}", "other": "{{value}} {many}"}}' in page
    assert f'"CALLS": {{"head": "{head}", "count": "{words["name"]}"}}' in page
    assert f">60</strong> {many} " in page
    # The colours of the map begin where the coordinator has said.
    assert '"CALLS": 0.5' in page


@pytest.mark.parametrize(("prefix", "words"), [("", ENGLISH), ("/de", GERMAN)])
def test_pages_about_all_numbers_name_it(read, prefix, words):
    page = read(f"{prefix}/about/")
    assert all(text in page for text in texts(words))
    assert ENGLISH["name"] in read(f"{prefix}/data/")


def test_api_has_its_words(read):
    listed = read("/api/v1/indicators/")
    assert all(text in listed for text in texts(ENGLISH))
    asked = f"indicator=CALLS&frequency=D&start={day(3)}&end={day(1)}&country=NO"
    for address in (f"/api/v1/aggregates/?{asked}", "/api/v1/aggregates/windows/?indicator=CALLS&window=P7D"):
        answer = read(address)
        assert all(text in answer for text in texts(ENGLISH)[2:])
        assert "download" not in answer
    assert f"CALLS,D,{day(1)},NO,_T,1230," in read(f"/api/v1/aggregates/?{asked}&format=csv")


@pytest.mark.parametrize(
    ("root", "data", "form"),
    [
        ("2.1/dataflow/P2PEU/P2P/1.0.0", "2.1/data/P2P/D.CALLS.NO._T", "xml"),
        ("3.0/structure/dataflow/P2PEU/P2P/1.0.0", "3.0/data/dataflow/P2PEU/P2P/1.0.0/D.CALLS.NO._T", "xml"),
        ("3.0/structure/dataflow/P2PEU/P2P/1.0.0", "3.0/data/dataflow/P2PEU/P2P/1.0.0/D.CALLS.NO._T", "json"),
    ],
)
def test_sdmx_has_its_words(read, root, data, form):
    structure = read(f"/sdmx/{root}?references=all&format={form}")
    assert all(text in structure for text in texts(ENGLISH))
    assert ",CALLS,NO," in read(f"/sdmx/{data}?format=csv")


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "rdf"])
def test_catalogue_has_its_words(read, suffix):
    catalogue = read(f"/catalog.{suffix}")
    assert f"{ENGLISH['name']}, by day, country and network" in catalogue
    assert all(text in catalogue for text in texts(ENGLISH))
    assert "download is not a person" not in catalogue

"""A past view is per head of the population that was known then, in every format and on the pages."""

import io
import json
import re
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from api import caching
from api.v1 import aggregates
from countries import loader, registry
from countries.models import PastPopulation, Population
from countries.reference import Reference
from p2p_core.codes import COUNTRIES
from tests.factories import CountryFactory, PopulationFactory

NO = COUNTRIES["NO"]
FORMS = ["json", "csv", "xlsx", "jsonstat"]


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)


@pytest.fixture
def norway(press):
    """Norway's number of a day, and its population."""
    row = PopulationFactory.create(country=CountryFactory.create(code="NO"), year=2025, inhabitants=5_000_000)
    press.publish("D", {"2026-11-01": {"NO": 250}, "2026-11-02": {"NO": 500}})
    return row


def grow(row, inhabitants):
    row.inhabitants = inhabitants
    registry.save(row, by="ada", reason="a census")


def rates(answer):
    return [row["per_100k"] for row in json.loads(answer.content)["observations"]]


def as_of(answer):
    return json.loads(answer.content)["meta"]["known_at"]


def test_a_cited_address_keeps_its_rates_when_the_population_changes(norway, read):
    first = read(country="NO")
    assert rates(first) == [5.0, 10.0]
    cited = read(country="NO", as_of=as_of(first)).content
    grow(norway, 10_000_000)
    assert read(country="NO", as_of=as_of(first)).content == cited
    second = read(country="NO")
    assert rates(second) == [2.5, 5.0]
    assert as_of(second) > as_of(first)
    assert json.loads(second.content)["meta"]["version"] == json.loads(first.content)["meta"]["version"]
    # What is read now can be cited too.
    cited = read(country="NO", as_of=as_of(second)).content
    assert rates(read(country="NO", as_of=as_of(second))) == [2.5, 5.0]
    Population.objects.get().refresh_from_db()
    registry.delete(Population.objects.get(), by="ada")
    assert rates(read(country="NO")) == [None, None]
    assert read(country="NO", as_of=as_of(second)).content == cited


@pytest.mark.parametrize("form", FORMS)
def test_every_format_uses_the_population_of_then(norway, read, form):
    then = as_of(read(country="NO"))

    def content():
        answer = read(country="NO", as_of=then, format=form)
        if form == "xlsx":
            return [list(sheet.values) for sheet in openpyxl.load_workbook(io.BytesIO(answer.content))]
        return answer.content

    before = content()
    grow(norway, 10_000_000)
    PopulationFactory.create(country=norway.country, year=2026, inhabitants=1, known_from=datetime.now(UTC))
    registry.raise_version(Reference.current().version + 1)
    assert content() == before


def test_a_new_year_of_population_changes_no_past_view(norway, read):
    then = as_of(read(country="NO"))
    registry.save(Population(country=norway.country, year=2026, inhabitants=2_500_000, source="x"), by="ada")
    assert rates(read(country="NO")) == [10.0, 20.0]
    assert rates(read(country="NO", as_of=then)) == [5.0, 10.0]


def test_all_pages_of_an_answer_are_per_head_of_the_same_population(norway, client, read, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    first = read(country="NO")
    grow(norway, 10_000_000)
    second = client.get(json.loads(first.content)["next"])
    assert rates(first) + rates(second) == [5.0, 10.0]
    assert as_of(second) == as_of(first)


def test_the_page_and_the_picture_of_a_country_keep_their_rates(norway, client):
    address = "/countries/no/?start=2026-11-01&end=2026-11-02&show=head"
    page = client.get(address).content.decode()
    cited = re.search(r"as_of=([0-9TZ:.-]+)", page)[1]

    def numbers():
        caching.response_cache.clear()
        found = client.get(f"{address}&as_of={cited}").content.decode()
        picture = client.get(f"/countries/no/chart.svg?{address.partition('?')[2]}&as_of={cited}").content.decode()
        return re.findall(r"\d+(?:\.\d+)?", re.sub(r'nonce="[^"]*"', "", found)), picture

    before = numbers()
    grow(norway, 6_400_000)
    assert numbers() == before
    # 500 downloads in a day, per 100,000 of the new population.
    assert "7.8" in client.get(address).content.decode()
    assert "7.8" not in before[0]


def test_the_time_of_an_answer_is_that_of_the_last_change_of_its_rates(norway, read):
    grow(norway, 10_000_000)
    (changed,) = PastPopulation.objects.values_list("known_until", flat=True)
    assert datetime.fromisoformat(as_of(read(country="NO"))) == changed
    assert datetime.fromisoformat(read(country="NO", format="csv")["Known-At"]) == changed


def test_only_a_change_of_the_number_is_kept(norway):
    norway.source = "another source"
    registry.save(norway, by="ada")
    assert not PastPopulation.objects.exists()
    grow(norway, 6_000_000)
    (past,) = PastPopulation.objects.all()
    assert (past.inhabitants, past.known_from) == (5_000_000, datetime(2000, 1, 1, tzinfo=UTC))
    assert Population.objects.get().known_from == past.known_until


def test_what_is_loaded_is_known_from_then_on(db):
    before = datetime.now(UTC) - timedelta(minutes=1)
    loader.load(by="ada")
    people = Reference.current()
    assert people.inhabitants_at(before)(NO, 2026) is None
    assert people.inhabitants(NO, 2026) == people.inhabitants_at(datetime.now(UTC))(NO, 2026)
    assert people.inhabitants(NO, 2026) > 5_000_000

"""Six days of two agencies, and readers of the page of a country and of the API."""

import html
import json
import re

import pytest

from api import caching
from tests.contract.public.press import NOBODY, Covered
from tests.contract.site.conftest import add_two_agencies, begin_press, day
from tests.factories import (
    CountryFactory,
    PopulationFactory,
)

CELLS = {"NO": 40, "SE": 105, "DK": 0, "EUROPE": 145, "NO/BITTORRENT": 30, "NO/EDONKEY": 10}
TWO = "with=SE&with=DK"


@pytest.fixture(autouse=True)
def looked_up_again(monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)


@pytest.fixture(scope="module")
def two_agencies(module_db):
    return add_two_agencies()


@pytest.fixture(scope="module")
def days(two_agencies):
    """Six days: the third has a silent agency, the fifth nobody at all, the newest is whole but not final."""
    for code, inhabitants in (("NO", 5_500_000), ("SE", 10_500_000), ("DK", 6_000_000)):
        PopulationFactory.create(country=CountryFactory.create(code=code), year=2020, inhabitants=inhabitants)
    press = begin_press()
    first, second = two_agencies
    silent = Covered(reporting=1, covered=86_400, status="P", states={first: "reported", second: "late"})
    covered = {4: silent, 2: NOBODY, 1: Covered(status="P")}
    for ago in range(6, 0, -1):
        cells = {name: value * ago for name, value in CELLS.items()} if ago != 2 else {}
        press.publish("D", {day(ago): cells}, covered.get(ago, Covered()))
    return press


@pytest.fixture
def table(visit):
    """Reads the table under the chart: its columns, and by period the cells of its row."""

    def read(address):
        page = visit(address).content.decode()
        part = page.partition('<table class="periods')[2].partition("</table>")[0]
        rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in part.split("<tr")[1:]]
        words = [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in rows]
        return words[0], words[1:]

    return read


@pytest.fixture
def aggregates(client):
    """Reads the API as a mapping from period and country to an observation; zeros are left out there."""

    def read(query):
        answer = client.get(f"/api/v1/aggregates/?{query}")
        assert answer.status_code == 200, answer.content
        return {(row["period"], row["country"]): row for row in json.loads(answer.content)["observations"]}

    return read


def links(page, pattern):
    return [html.unescape(found) for found in re.findall(rf'href="({pattern})"', page)]

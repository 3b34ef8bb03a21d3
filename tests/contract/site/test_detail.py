"""Pages with a country of each step: what is withheld is said in words, hatched, and never 0."""

import re
from datetime import timedelta

import pytest

from api import caching
from api.site.templatetags import cldr
from countries import reference
from tests.contract.public.press import Covered
from tests.contract.site.conftest import TODAY, add_two_agencies, begin_press, day
from tests.factories import DetailFactory, NetworkFactory

pytestmark = pytest.mark.django_db
WHY = "Shorter periods are withheld because the numbers are small."
STEPS = {"DE": ("N", "D"), "NO": ("H", "D"), "IS": ("D", "W"), "LI": ("W", "M"), "VA": ("M", "M")}
WORDS = {"IS": "By day", "LI": "By week", "VA": "By month"}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Some days, hours, weeks and months, in which all are published that may be."""
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)
    press = begin_press()
    for number, code in ((1, "BITTORRENT"), (2, "EDONKEY")):
        NetworkFactory.create(number=number, code=code)
    for code, (step, network_step) in STEPS.items():
        DetailFactory.create(country__code=code, step=step, network_step=network_step)
    add_two_agencies()
    reference.snapshots.clear()
    cells = {"DE": 100, "NO": 50, "EUROPE": 200}
    covered = Covered()
    press.publish("D", {day(ago): cells | {"IS": 10, "NO/EDONKEY": 5} for ago in range(45, 0, -1)}, covered)
    hours = [TODAY - timedelta(hours=ahead) for ahead in range(1, 25)]
    press.publish("H", {hour.strftime("%Y-%m-%dT%H:00"): cells for hour in hours}, covered)
    monday = TODAY - timedelta(days=TODAY.weekday())
    weeks = [monday - timedelta(weeks=ago) for ago in range(6, 0, -1)]
    press.publish("W", {week.strftime("%G-W%V"): cells | {"IS": 70, "LI": 25} for week in weeks}, covered)
    months = sorted({(TODAY - timedelta(days=ago)).strftime("%Y-%m") for ago in range(35, 120)})
    press.publish("M", {month: cells | {"LI": 95, "VA": 20, "LI/EDONKEY": 15} for month in months}, covered)
    return press


def row_of(page, code):
    return re.search(rf'<tr data-country="{code}">.*?</tr>', page, re.DOTALL).group()


@pytest.mark.parametrize("window", ["P1D", "P7D", "P30D", f"day&day={day(1)}"])
@pytest.mark.parametrize("address", ["/", "/embed/map/"])
def test_table_of_the_map_has_words_in_the_place_of_a_number(visit, address, window):
    page = visit(f"{address}?window={window}").content.decode()
    withheld = ["IS", "LI", "VA"] if window == "P1D" else ["LI", "VA"]
    for code in withheld:
        row = row_of(page, code)
        # One cell under both headings, so that nobody reads it as a number of one of them.
        assert re.search(
            rf'<td colspan="2" [^>]*>(<a [^>]*>)?published only {WORDS[code].replace("By", "by the")}<', row
        )
        assert row.count("<td") == 1
    for code in STEPS.keys() - set(withheld):
        assert row_of(page, code).count('<td class="figure">') == 2


def test_script_of_the_map_has_the_words(visit):
    page = visit("/").content.decode()
    for words in WORDS.values():
        assert f'"{{country}}: {words}. {WHY}"' in page
    assert '"legend_withheld": "not known, or withheld"' in page


@pytest.mark.parametrize(
    ("code", "first", "offered"),
    [("de", "D", "DWM"), ("no", "D", "DWM"), ("is", "D", "DWM"), ("li", "W", "WM"), ("va", "M", "M")],
)
def test_country_opens_at_its_finest_published_step(visit, text, code, first, offered):
    page = visit(f"/countries/{code}/").content.decode()
    steps = re.search(r'aria-label="Steps of time">(.*?)</nav>', page, re.DOTALL).group(1)
    assert re.findall(r">By (\w)", steps) == [{"D": "d", "W": "w", "M": "m"}[step] for step in offered]
    current = re.search(r'aria-current="true">By (\w)', steps).group(1)
    assert current == {"D": "d", "W": "w", "M": "m"}[first]
    assert (f"{WORDS.get(code.upper())}. {WHY}" in text(f"/countries/{code}/")) == (first != "D" or code == "is")


@pytest.mark.parametrize("page", ["countries", "embed/country"])
def test_newest_period_stands_in_the_place_of_numbers_that_are_withheld(text, page):
    yesterday, week = TODAY - timedelta(days=1), TODAY - timedelta(days=TODAY.weekday() + 7)
    iceland, liechtenstein = text(f"/{page}/is/"), text(f"/{page}/li/")
    assert f"{cldr.period(yesterday, 'D')} 10 2 of 2 agencies" in iceland
    assert ("Last 24 hours" in iceland, "Last 7 days 70" in iceland) == (False, True)
    assert f"{cldr.period(week, 'W')} 25 2 of 2 agencies" in liechtenstein
    assert "Last 7 days" not in liechtenstein
    assert re.search(r"\d{4} 20 2 of 2 agencies", text(f"/{page}/va/"))
    # Outside Europe, and so not on the table of the map.
    DetailFactory.create(country__code="AG", step="W", network_step="M")
    reference.snapshots.clear()
    caching.response_cache.clear()
    assert f"{cldr.period(week, 'W')} 0 2 of 2 agencies" in text(f"/{page}/ag/")


def test_table_of_the_map_leads_to_the_weeks(visit):
    row = row_of(visit("/").content.decode(), "LI")
    assert '<a href="/countries/li/">published only by the week</a>' in row
    assert "<a" not in row_of(visit("/embed/map/").content.decode(), "LI")


@pytest.mark.parametrize("address", ["/countries/{}/", "/embed/country/{}/", "/countries/{}/chart.svg"])
@pytest.mark.parametrize("code", ["li", "va"])
def test_address_that_names_a_withheld_step_shows_the_finest_published_one(visit, address, code):
    found = visit(address.format(code) + "?frequency=D")
    assert found.status_code == 200
    assert WHY in found.content.decode()


@pytest.mark.parametrize("address", ["/countries/is/", "/embed/country/is/", "/countries/is/chart.svg"])
def test_hours_are_explained_only_at_the_finest_step(visit, address):
    for frequency, is_said in (("D", True), ("W", False), ("M", False)):
        page = visit(f"{address}?frequency={frequency}").content.decode()
        assert (f"Iceland: By day. {WHY}" in page) == is_said, frequency


@pytest.mark.parametrize("address", ["/countries/no/", "/embed/country/no/", "/countries/no/chart.svg"])
def test_country_beside_another_says_that_it_is_withheld(visit, address):
    page = visit(f"{address}?with=LI").content.decode()
    assert f"Liechtenstein: By week. {WHY}" in page
    assert f"Norway: By week. {WHY}" not in page
    if address.endswith("/"):
        assert '<span class="unknown">By week</span>' in page


def test_networks_have_a_step_of_their_own(text, visit):
    iceland = text("/countries/is/")
    assert "By network By week. Shorter" in iceland
    assert "The same periods as above, all at one scale" not in iceland
    assert "networks.csv" not in visit("/countries/is/").content.decode()
    assert "The same periods as above, all at one scale" in text("/countries/is/?frequency=W")
    assert "networks.csv" in visit("/countries/is/?frequency=W").content.decode()
    # The newest month is published by network everywhere.
    liechtenstein = text("/countries/li/")
    assert "Peer-to-peer networks in" in liechtenstein
    assert "BitTorrent 0 BitTorrent 15" in liechtenstein


#: The first day of the month of yesterday, and of the month before.
MONTH = (TODAY - timedelta(days=1)).date().replace(day=1)
BEFORE = (MONTH - timedelta(days=1)).replace(day=1)


def change_detail(code, month, step, network_step):
    DetailFactory.create(country__code=code, valid_from=month, step=step, network_step=network_step)
    reference.snapshots.clear()
    caching.response_cache.clear()


def test_address_with_an_unreadable_time_shows_the_present_at_a_published_step(visit):
    change_detail("IS", MONTH, "W", "M")
    for address in ("/countries/is/?start=rubbish", f"/countries/is/?start=rubbish&end={BEFORE}"):
        page = visit(address).content.decode()
        steps = re.search(r'aria-label="Steps of time">(.*?)</nav>', page, re.DOTALL).group(1)
        assert re.findall(r">By (\w+)", steps) == ["week", "month"]
        assert "This page cannot show the time in its address." in page


def test_part_that_is_withheld_is_hatched(visit):
    change_detail("NO", BEFORE, "W", "M")
    change_detail("NO", MONTH, "D", "D")
    first, end = MONTH, MONTH.isoformat()
    start = (first - timedelta(days=3)).isoformat()
    page = visit(f"/countries/no/?start={start}&end={end}").content.decode()
    assert page.partition('class="field')[2].partition("</svg>")[0].count('class="unknown"') == 3
    assert "Norway: By week." in page


@pytest.mark.parametrize(
    ("page", "named"),
    [("li/", "frequency=W.*country=LI&"), ("no/?with=LI&with=IS", "frequency=D.*country=NO,IS&")],
)
def test_files_of_a_country_have_what_is_published(client, visit, page, named):
    addresses = re.findall(r'href="(/api/v1/aggregates/[^"]+)"', visit(f"/countries/{page}").content.decode())
    # Numbers as CSV, as a workbook and as JSON, and the networks of the country as CSV.
    assert len(addresses) == 3 + ("no" in page)
    for address in addresses:
        assert client.get(address.replace("&amp;", "&")).status_code == 200
    assert re.search(named, addresses[0].replace("&amp;", "&"))


def test_words_explain_what_is_withheld_and_what_waits(text, visit):
    assert "What is finer is withheld. That is not zero" in text("/method/")
    assert "first published when no agency is awaited any more" in text("/method/")
    assert "first published when no agency is awaited any more" in text("/coverage/")
    data = text("/data/")
    assert "Q for withheld" in data
    assert "AWAITED_UNTIL say how many agencies a period waits for" in data
    for catalogue in ("/catalog.ttl", "/data/"):
        described = " ".join(visit(catalogue).content.decode().split())
        assert "first published when no agency is awaited any more. Countries with small numbers" in described

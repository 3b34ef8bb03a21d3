"""The page of a country: the numbers of the API, alone and beside others, now and in the past."""

import html
import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from api import caching
from api.site.templatetags import assets
from api.throttling import costs, rates
from federation import published
from federation.published.answers import PastView
from p2p_core import instants
from tests.contract.public.press import NOBODY, WAITING, Covered
from tests.contract.site.conftest import TODAY, add_two_agencies, begin_press, day
from tests.factories import (
    AgencyFactory,
    AnnotationFactory,
    CountryFactory,
    IndicatorFactory,
    NetworkFactory,
    PopulationFactory,
)

pytestmark = pytest.mark.django_db
CELLS = {"NO": 40, "SE": 105, "DK": 0, "EUROPE": 145, "NO/BITTORRENT": 30, "NO/EDONKEY": 10}
TWO = "with=SE&with=DK"
UNREAD = "This page cannot show the time in its address."


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


def test_one_country_has_its_counts_and_rates_of_the_api(days, table, aggregates):
    columns, rows = table("/countries/no/")
    assert columns == ["Period", "Count", "Per 100,000 inhabitants", "Coverage"]
    seen = aggregates(f"indicator=DOWNLOADS&frequency=D&start={day(6)}&end={day(1)}&country=NO")
    for ago, row in zip(range(1, 7), rows, strict=True):
        cell = seen.get((day(ago), "NO"))
        assert row[1:3] == ([str(cell["value"]), f"{cell['per_100k']:.2f}"] if cell else ["not known", "not known"])


@pytest.mark.parametrize(
    ("show", "written"), [("count", lambda row: str(row["value"])), ("head", lambda row: f"{row['per_100k']:.2f}")]
)
def test_compared_countries_have_their_numbers_of_the_api(days, table, aggregates, show, written):
    columns, rows = table(f"/countries/no/?{TWO}&show={show}")
    assert columns == ["Period", "Norway", "Sweden", "Denmark", "Coverage"]
    seen = aggregates(f"indicator=DOWNLOADS&frequency=D&start={day(6)}&end={day(1)}&country=NO,SE,DK")
    assert len(seen) == 10
    zero = {"value": 0, "per_100k": 0.0}
    for ago, row in zip(range(1, 7), rows, strict=True):
        expected = [written(seen.get((day(ago), code), zero)) for code in ("NO", "SE", "DK")]
        assert row[1:4] == (["not known"] * 3 if ago == 2 else expected)


def test_countries_are_compared_per_head_unless_the_address_says(days, visit):
    assert 'aria-current="true">Count</a>' in visit("/countries/no/").content.decode()
    assert 'aria-current="true">Per 100,000 inhabitants</a>' in visit(f"/countries/no/?{TWO}").content.decode()
    assert 'aria-current="true">Count</a>' in visit(f"/countries/no/?{TWO}&show=count").content.decode()


def test_index_stands_on_the_average_of_what_is_whole_and_final(days, table, text):
    _, rows = table(f"/countries/no/?{TWO}&show=index")
    # 40 times 6, 5 and 3 are whole and final; 4 lacks an agency, 1 is not final yet.
    mean = 40 * (6 + 5 + 3) / 3
    assert [row[1] for row in rows] == [
        f"{100 * 40 * ago / mean:.1f}" if ago != 2 else "not known" for ago in range(1, 7)
    ]
    # Denmark has only zeros, on which no index can stand.
    assert {row[3] for row in rows} == {"–", "not known"}
    assert "100 is each country's own average over those periods shown" in text(f"/countries/no/?{TWO}&show=index")


def test_group_can_be_compared_with(days, table):
    columns, rows = table("/countries/no/?with=EUROPE&show=count")
    assert columns[1:3] == ["Norway", "Europe"]
    assert rows[0][1:3] == ["40", "145"]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("with=ZZ&with=NO&with=se&with=SE&with=_T", ["Norway", "Sweden"]),
        ("with=SE,DK&show=nonsense", ["Norway", "Sweden", "Denmark"]),
        ("with=SE,DK,DE,FR,ES,IT", ["Norway", "Sweden", "Denmark", "Germany", "France", "Spain"]),
        ("frequency=Q&start=yesterday&end=2026-13&utm_source=mail", ["Count", "Per 100,000 inhabitants"]),
        ("start={yesterday}&end={before}", ["Count", "Per 100,000 inhabitants"]),
        ("with=&show=&as_of=", ["Count", "Per 100,000 inhabitants"]),
    ],
)  # fmt: skip
def test_what_is_not_known_is_left_aside(days, table, query, columns):
    found, rows = table(f"/countries/no/?{query.format(yesterday=day(1), before=day(5))}")
    assert found[1:-1] == columns
    assert len(rows) == 6


def test_span_of_the_address_holds_and_outlives_a_switch_of_steps(days, table):
    _, rows = table(f"/countries/no/?start={day(5)}&end={day(3)}")
    assert len(rows) == 3
    monday = TODAY - timedelta(days=TODAY.weekday() + 7)
    week, of_week = f"{monday:%G-W%V}", [monday + timedelta(days=number) for number in range(7)]
    days.publish("W", {week: {"NO": 70}})
    days.publish("D", {f"{each:%Y-%m-%d}": {"NO": each.day} for each in of_week})
    _, rows = table(f"/countries/no/?frequency=W&start={of_week[0]:%Y-%m-%d}&end={of_week[-1]:%Y-%m-%d}")
    assert [row[1] for row in rows] == ["70"]
    _, rows = table(f"/countries/no/?frequency=D&start={week}&end={week}")
    assert [row[1] for row in rows] == [str(each.day) for each in reversed(of_week)]


def test_span_is_never_longer_than_can_be_drawn(days, visit):
    assert visit("/countries/no/?start=2000-01-01").status_code == 200
    assert visit("/countries/no/?start=0001-01-01&end=9999-12-31").status_code == 200


def test_choices_keep_the_rest_of_the_view_and_lead_back_to_the_chart(days, visit):
    page = visit(f"/countries/no/?{TWO}&show=index&start={day(5)}&utm_source=mail").content.decode()
    span = f"start={day(5)}"
    assert links(page, r"\?[^\"]*frequency=W[^\"]*") == [f"?frequency=W&{TWO}&show=index&{span}#trend"]
    assert f"?{TWO}&show=count&{span}#trend" in links(page, r"\?[^\"]*#trend")
    assert f"?with=DK&show=index&{span}#trend" in links(page, r"\?[^\"]*#trend")
    form = page.partition('<form class="add"')[2].partition("</form>")[0]
    assert re.findall(r'name="(\w+)" value="([^"]+)"', form) == [
        ("with", "SE"), ("with", "DK"), ("show", "index"), ("start", day(5)),
    ]  # fmt: skip
    assert 'action="/countries/no/#trend"' in form
    offered = re.findall(r'<option value="(\w+)">', form)
    assert {"DE", "FR", "EUROPE"} <= set(offered)
    assert not {"NO", "SE", "DK", "_U"} & set(offered)


def test_nothing_is_offered_once_there_are_five_others(days, visit):
    page = visit("/countries/no/?with=SE&with=DK&with=DE&with=FR&with=ES").content.decode()
    assert '<form class="add"' not in page
    assert "More than five others could not be told apart." in page


def test_earlier_view_is_shown_and_says_so(days, table, text, visit):
    then = instants.write(days.known_at(6))
    days.publish("D", {day(1): {"NO": 555}})
    assert table("/countries/no/")[1][0][1] == "555"
    address = f"/countries/no/?as_of={then}"
    rows = table(address)[1]
    assert rows[0][1] == "40"
    assert len(rows) == 6
    words = text(address)
    assert "You see the numbers as they were public on " in words
    assert "Last 24 hours" not in words
    assert links(visit(address).content.decode(), r"/countries/no/\?") == ["/countries/no/?"]
    assert "as they were public" not in text("/countries/no/")


def test_earlier_view_stays_and_lasts_longer_in_caches(days, visit):
    address = f"/countries/no/?as_of={instants.write(days.known_at(3))}"
    before = visit(address)
    assert before["Cache-Control"] == caching.REFERENCE
    days.publish("D", {day(1): {"NO": 555}})
    assert visit(address)["ETag"] == before["ETag"]
    assert visit("/countries/no/")["Cache-Control"] == caching.CURRENT


@pytest.mark.parametrize(
    "time",
    [
        "as_of=yesterday", "as_of=2099-01-01T00:00:00Z", "as_of=2026-02-30T00:00:00Z", "as_of=%00", "day=2026-02-31",
        "start=2026-02-31", "start=2026-01-01&end=2026-02-31", "start=2026-02-31&as_of=2026-01-01T00:00:00Z",
        "start=2099-01-01", "start=2026-02-01&end=2026-01-01", "start=" + "9" * 31, "end=²",
    ],
)  # fmt: skip
def test_unreadable_or_future_time_is_reported_and_ignored(days, text, table, time):
    address = f"/countries/no/?{time}"
    assert UNREAD in text(address)
    assert UNREAD in text(address.replace("/countries/", "/embed/country/"))
    assert table(address) == table("/countries/no/")


def test_time_that_can_be_read_is_not_said_to_be_unread(days, text):
    for time in ("", f"?start={day(5)}&end={day(3)}", "?end=9999-12-31", "?start=1000-01-01", f"?as_of={day(0)}"):
        assert UNREAD not in text(f"/countries/no/{time}"), time


def test_time_that_had_not_come_is_read_once_it_has(days, visit, monkeypatch):
    soon = timezone.now() + timedelta(hours=1)
    address = f"/countries/no/?as_of={instants.write(soon)}"
    before = visit(address)
    assert UNREAD in before.content.decode()
    monkeypatch.setattr(published, "past_view", lambda *_: PastView(published.NEWEST, settled=True))
    after = visit(address, **{"if-none-match": before["ETag"]})
    assert after.status_code == 200
    assert UNREAD not in after.content.decode()
    assert "You see the numbers as they were public on" in after.content.decode()


@pytest.mark.parametrize("page", ["/countries/no/", "/embed/country/no/"])
def test_time_of_which_nothing_was_published_says_so(days, text, page):
    for query in ("as_of=2020-01-01T00:00:00Z", "start=2020-01-01&end=2020-01-31"):
        words = text(f"{page}?{query}")
        assert "Nothing has been published of the time in this address." in words
        assert "There are no numbers yet" not in words


def test_cited_address_shows_the_same_numbers_for_good(days, visit, table):
    page = visit(f"/de/countries/no/?{TWO}&show=count").content.decode()
    (cited,) = links(page, r"/de/countries/no/\?[^\"]*as_of[^\"]*")
    assert f'<a class="address" href="{html.escape(cited)}">http://testserver{html.escape(cited)}</a>' in page
    asked = parse_qs(urlsplit(cited).query)
    assert (asked["start"], asked["end"]) == ([day(6)], [day(1)])
    before = table(cited)
    assert before == table(f"/de/countries/no/?{TWO}&show=count")
    days.publish("D", {day(3): {"NO": 555, "SE": 5}, day(7): {"NO": 5}})
    assert table(cited) == before
    assert table(f"/de/countries/no/?{TWO}&show=count") != before


def test_annotations_of_the_time_shown_are_numbered_and_listed(days, visit, text):
    AnnotationFactory.create(start=TODAY - timedelta(days=400), text="Long ago.")
    AnnotationFactory.create(
        start=TODAY - timedelta(days=5), end=TODAY - timedelta(days=3), kind="outage", text="No <power>",
        agency=AgencyFactory.create(code="FI-C", name="Suomi"),
    )  # fmt: skip
    AnnotationFactory.create(start=TODAY - timedelta(days=2), is_break=True, text="Another counter.")
    other = IndicatorFactory.create(number=2, code="HELP_VISITS", name="Visits")
    AnnotationFactory.create(start=TODAY - timedelta(days=2), indicator=other, text="Of visits only.")
    words = text("/countries/no/")
    assert ", outage, Suomi: No <power>." in words
    assert "Another counter. A break: numbers before and after it are not comparable." in words
    assert "Long ago" not in words
    assert "Of visits only" not in words
    page = visit("/countries/no/").content.decode()
    assert page.count('class="flag"') == 2
    assert page.count('class="break"') == page.count('class="lasting"') == 1
    assert re.search(r'<line class="break" x1="(66\.67)%" x2="\1%"', page)
    assert '<span lang="en">Another counter.</span>' in visit("/nb/countries/no/").content.decode()


def test_networks_have_the_numbers_of_the_api_and_a_table(days, visit, client):
    for number, code, name in ((1, "BITTORRENT", "BitTorrent"), (2, "EDONKEY", "eDonkey (eMule)")):
        NetworkFactory.create(number=number, code=code, name=name)
    page = visit("/countries/no/").content.decode()
    assert "Peer-to-peer networks in" not in page
    month = TODAY.replace(day=1) - timedelta(days=1)
    days.publish("M", {f"{month:%Y-%m}": {"NO": 400, "NO/BITTORRENT": 300}})
    page = visit("/countries/no/").content.decode()
    assert "Peer-to-peer networks in" in page
    small = page.partition('<ul class="multiples">')[2].partition("</ul>")[0]
    numbers = re.findall(r"<h3>(.*?)</h3>\s*<p><strong>(.*?)</strong>", small)
    assert numbers[:2] == [("BitTorrent", "30"), ("eDonkey (eMule)", "10")]
    assert small.count("<svg") == small.count("<h3>")
    rows = page.partition("<summary>The same numbers as a table")[2].partition("</table>")[0]
    cells = re.findall(r"<tr><th scope=\"row\">.*?</th>(.*?)</tr>", rows)
    query = f"indicator=DOWNLOADS&frequency=D&start={day(6)}&end={day(1)}&country=NO&network=*"
    answer = client.get(f"/api/v1/aggregates/?{query}")
    seen = {(row["period"], row["network"]): row["value"] for row in answer.json()["observations"]}
    for ago, row in zip(range(1, 7), cells, strict=True):
        values = re.findall(r'<td class="figure">(?:<span class="unknown">)?(.*?)<', row)
        expected = [str(seen[day(ago), code]) if ago != 2 else "not known" for code in ("BITTORRENT", "EDONKEY")]
        assert values[:2] == expected


def test_networks_of_a_month_say_its_coverage_and_that_it_is_provisional(days, two_agencies, text):
    NetworkFactory.create(number=1, code="BITTORRENT", name="BitTorrent")
    first, second = two_agencies
    month = TODAY.replace(day=1) - timedelta(days=1)
    one = Covered(reporting=1, covered=86_400, status="P", states={first: "reported", second: "late"})
    # In the first days of a month, the days published lie in the month before: it must not seem to begin with them.
    days.publish("D", {f"{month:%Y-%m}-01": {"NO": 5}})
    days.publish("M", {f"{month:%Y-%m}": {"NO": 400, "NO/BITTORRENT": 300}}, one)
    words = text("/countries/no/")
    assert "full month" not in words
    said = words.partition("The same numbers as a table")[2].partition("Peer-to-peer networks in")[0]
    assert said.strip().endswith(f"{month:%B %Y}: 1 of 2 agencies, 50% of the time · provisional")
    days.publish("M", {f"{month:%Y-%m}": {"NO": 400, "NO/BITTORRENT": 300}})
    said = text("/countries/no/").partition("Peer-to-peer networks in")[0]
    assert said.strip().endswith(f"{month:%B %Y}: 2 of 2 agencies")


def test_networks_of_a_month_are_those_of_the_newest_public_one(days, text):
    NetworkFactory.create(number=1, code="BITTORRENT", name="BitTorrent")
    newest = TODAY.replace(day=1) - timedelta(days=1)
    before = newest.replace(day=1) - timedelta(days=1)
    days.publish("M", {f"{before:%Y-%m}": {"NO": 400, "NO/BITTORRENT": 300}})
    days.publish("M", {f"{newest:%Y-%m}": {}}, WAITING)
    assert f"Peer-to-peer networks in {before:%B %Y}" in text("/countries/no/")


def test_what_could_not_be_located_has_no_rate_and_is_compared_all_the_same(days, table):
    days.publish("D", {day(1): CELLS | {"_U": 15}})
    assert table("/countries/_u/?with=NO")[1][0][1] == "–"
    assert table("/countries/_u/")[1][0][1:3] == ["15", "–"]


@pytest.mark.parametrize(
    "address", ["/countries/NO/", "/countries/zz/", "/countries/europe/", "/countries/zz/chart.svg"]
)
def test_other_addresses_are_nobodys(days, visit, address):
    assert visit(address).status_code == 404


def test_embedded_page_says_of_when_it_is_too(days, text):
    then = instants.write(days.known_at(6))
    assert "You see the numbers as they were public on " in text(f"/embed/country/no/?as_of={then}")


def test_embedded_page_compares_too_and_leads_to_the_same_view(days, visit):
    page = visit(f"/embed/country/no/?{TWO}&show=count").content.decode()
    assert page.count('<g class="line s') == 3
    assert links(page, r"/countries/no/[^\"]*") == [f"/countries/no/?{TWO}&show=count"]
    assert '<table class="periods' in page


def test_script_of_the_chart_is_asked_for_only_if_there_is_one(days, visit, monkeypatch):
    for there in (True, False):
        files = {"country.js": "site/built/country-1.js"} if there else {}
        monkeypatch.setattr(assets, "files", lambda files=files: files)
        caching.response_cache.clear()
        page = visit("/countries/no/").content.decode()
        assert ('<script type="module" src="/static/site/built/country-' in page) is there
        assert '<table class="periods' in page


@pytest.mark.parametrize("kind", ["", "chart.svg"])
def test_long_view_is_paid_for_by_its_values(days, visit, settings, monkeypatch, kind):
    """Each costs half of what the address may ask for, which is the most, and the request."""
    settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: 20}
    monkeypatch.setattr(costs, "OBSERVATIONS", 1)
    address = f"/countries/no/{kind}"
    assert visit(address).status_code == 200
    refused = visit(f"{address}?with=SE")
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert int(refused["Retry-After"]) > 0
    assert visit("/about/").status_code == 200

"""The page of a country: the numbers of the API, alone and beside others."""

import html
import re
from datetime import UTC, datetime, time, timedelta

import pytest

from api import caching
from api.site.templatetags import assets, cldr
from api.throttling import costs, rates
from p2p_core import instants
from tests.contract.public.press import WAITING, Covered
from tests.contract.site.conftest import TODAY, day
from tests.contract.site.country.conftest import CELLS, TWO, links
from tests.factories import (
    AgencyFactory,
    AnnotationFactory,
    CountryFactory,
    HelpServiceFactory,
    IndicatorFactory,
    InterventionFactory,
    NetworkFactory,
    PopulationFactory,
)

pytestmark = pytest.mark.django_db


def test_one_country_has_its_counts_and_rates_of_the_api(days, table, aggregates):
    columns, rows = table("/countries/no/")
    assert columns == ["Period", "Count", "Per 100,000 inhabitants", "Coverage"]
    seen = aggregates(f"indicator=DOWNLOADS&frequency=D&start={day(6)}&end={day(1)}&country=NO")
    for ago, row in zip(range(1, 7), rows, strict=True):
        cell = seen.get((day(ago), "NO"))
        assert row[1:3] == ([str(cell["value"]), f"{cell['per_100k']:.3g}"] if cell else ["not known", "not known"])


@pytest.mark.parametrize(
    ("show", "written"),
    [
        ("count", lambda row: str(row["value"])),
        ("head", lambda row: f"{row['per_100k']:.2f}" if row["per_100k"] else "0"),
    ],
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


def test_period_that_contains_a_break_says_why_it_has_no_index(days, table):
    AnnotationFactory.create(start=TODAY - timedelta(days=3, hours=-8), is_break=True)
    _, rows = table("/countries/no/?with=SE&show=index")
    assert [row[1:3] == ["contains the break"] * 2 for row in rows] == [False, False, True, False, False, False]
    _, rows = table("/countries/no/?show=index")
    assert rows[2][1] == "120"
    assert rows[2][3] == "contains the break"


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
    assert visit("/countries/no/?start=2017-01-01").status_code == 200
    assert visit("/countries/no/?start=0001-01-01&end=9999-12-31").status_code == 200


def test_choices_keep_the_rest_of_the_view_and_lead_back_to_the_chart(days, visit):
    page = visit(f"/countries/no/?{TWO}&show=index&start={day(5)}&utm_source=mail").content.decode()
    span = f"start={day(5)}"
    assert f"?{TWO}&show=count&{span}#trend" in links(page, r"\?[^\"]*#trend")
    assert f"?with=DK&show=index&{span}#trend" in links(page, r"\?[^\"]*#trend")
    form = page.partition('<form class="add"')[2].partition("</form>")[0]
    assert re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', form) == [
        ("with", "SE"), ("with", "DK"), ("show", "index"), ("start", day(5)),
    ]  # fmt: skip
    assert 'action="/countries/no/#trend"' in form
    offered = re.findall(r'<input type="checkbox" name="with" value="(\w+)">', form)
    assert 'data-most="3"' in form
    assert {"DE", "FR", "EUROPE"} <= set(offered)
    assert not {"NO", "SE", "DK", "_U"} & set(offered)


def test_nothing_is_offered_once_there_are_five_others(days, visit):
    page = visit("/countries/no/?with=SE&with=DK&with=DE&with=FR&with=ES").content.decode()
    assert '<form class="add"' not in page
    assert "You can compare at most five others, because more could not be told apart." in page


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


def test_registered_intervention_is_among_the_annotations(days, visit, text):
    start = (TODAY - timedelta(days=TODAY.weekday())).date()
    early, late = (datetime.combine(start, time(), UTC) - timedelta(minutes=minutes) for minutes in (1, 0))
    row = InterventionFactory.create(title="More files", countries=["NO"], start=start, registered=early)
    InterventionFactory.create(title="Letters", countries=["NO", "SE"], start=start, registered=late)
    words = text("/countries/no/")
    assert ", a registered intervention: More files (NO)" in words
    assert ", an intervention that was registered late: Letters (NO, SE)" in words
    page = visit("/nb/countries/no/").content.decode()
    assert f'<a href="/nb/effects/{row.pk}/" lang="en" hreflang="nb">More files (NO).</a>' in page


def test_interventions_in_other_countries_are_not_among_the_annotations(days, text):
    start = (TODAY - timedelta(days=TODAY.weekday())).date()
    InterventionFactory.create(title="Letters", countries=["SE"], start=start)
    assert "Letters" not in text("/countries/no/")
    assert "Letters" in text("/countries/no/?with=SE")
    assert "Letters" in text("/countries/europe/")


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
    assert f"Newest number: {cldr.day(TODAY - timedelta(days=1))}." in page
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


@pytest.mark.parametrize("address", ["/countries/zz/", "/countries/_t/", "/countries/eu/", "/countries/zz/chart.svg"])
def test_other_addresses_are_nobodys(days, visit, address):
    assert visit(address).status_code == 404


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/countries/NO/", "/countries/no/"),
        ("/de/countries/No/?with=SE&as_of=2026-11-01", "/de/countries/no/?with=SE&as_of=2026-11-01"),
        ("/countries/EUROPE/chart.svg?show=index", "/countries/europe/chart.svg?show=index"),
        ("/nb/embed/country/eu27_2020/", "/nb/embed/country/eu27/"),
        ("/countries/", "/"),
        ("/de/countries/?window=P1D", "/de/?window=P1D"),
    ],
)
def test_other_spelling_leads_to_the_one_address(days, visit, address, canonical):
    answer = visit(address)
    assert (answer.status_code, answer["Location"]) == (301, canonical)


def test_europe_and_the_eu_have_pages(days, visit, table, text, aggregates):
    PopulationFactory.create(country=CountryFactory.create(code="FI"), year=2020, inhabitants=5_600_000)
    days.publish("D", {day(1): CELLS | {"EU27_2020": 105}})
    seen = aggregates(f"indicator=DOWNLOADS&frequency=D&start={day(1)}&end={day(1)}&country=EUROPE,EU27_2020")
    for slug, code, name in (("europe", "EUROPE", "Europe"), ("eu27", "EU27_2020", "European Union")):
        page = visit(f"/countries/{slug}/").content.decode()
        assert f"<h1>{name}</h1>" in page
        assert table(f"/countries/{slug}/")[1][0][1] == str(seen[day(1), code]["value"])
        # A group is compared with others, and never with itself.
        form = page.partition('<form class="add"')[2].partition("</form>")[0]
        assert f'action="/countries/{slug}/#trend"' in form
        assert f'value="{code}"' not in form
        assert links(page, r"/countries/[^\"]*as_of=[^\"]*")[0].startswith(f"/countries/{slug}/")
        for link in links(page, r"/api/v1/[^\"]*"):
            assert f"country={code}" in link
        assert visit(f"/countries/{slug}/chart.svg").status_code == 200
        assert f"/countries/{slug}/?" in visit(f"/embed/country/{slug}/").content.decode()
        assert "Last 7 days" in text(f"/countries/{slug}/")
        assert 'href="/help/?language=all"' in page


def test_map_leads_to_europe_and_the_eu(days, visit):
    page = visit("/").content.decode()
    assert {"/countries/europe/", "/countries/eu27/"} <= set(links(page, r"/countries/[^\"]*"))
    assert '<li><a href="/countries/europe/">Europe</a></li>' in visit("/about/").content.decode()


def test_country_has_its_own_help(days, text, visit):
    HelpServiceFactory.create(name="Stopp", languages=["nb"], country=CountryFactory.create(code="NO"), phone="+47 1 2")
    assert "Help in Norway: Stopp , +47 1 2" in text("/countries/no/")
    assert "Help in" not in text("/countries/se/")
    assert 'href="tel:+4712"' in visit("/countries/no/").content.decode()


def test_range_of_the_address_holds_in_the_steps_that_suit_it(days, table, text, visit):
    months = [TODAY.replace(year=TODAY.year - 1, month=month, day=1) for month in range(1, 13)]
    days.publish("M", {f"{month:%Y-%m}": {"NO": month.month} for month in months})
    days.publish("A", {f"{TODAY.year - 1}": {"NO": 70}})
    assert [row[:2] for row in table("/countries/no/?frequency=A")[1]] == [[str(TODAY.year - 1), "70"]]
    assert len(table("/countries/no/?frequency=M")[1]) == 12
    assert len(table("/countries/no/?range=30d")[1]) == 6
    assert len(table("/countries/no/?frequency=M&range=year")[1]) <= 12
    page = visit("/countries/no/?frequency=M").content.decode()
    chosen = re.findall(r'aria-current="true">([^<]+)<', page)
    assert {"All", "By month"} <= set(chosen)
    assert f'name="start" min="{TODAY.year - 1}-01-01"' in page
    assert "?frequency=A#trend" in links(page, r"\?[^\"]*#trend")


def test_only_agencies_that_reported_all_the_time(days, table, text, visit, two_agencies):
    third = AgencyFactory.create(code="DK-C", name="Danmark").pk
    last = TODAY.replace(day=1) - timedelta(days=1)
    first = (last.replace(day=1) - timedelta(days=330)).replace(day=1)
    names = [f"{month:%Y-%m}" for month in (first, last)]
    days.publish("M", {name: {"NO": 500} for name in names})
    address = "/countries/no/?frequency=M"
    assert "fewer than three did" in text(address)
    assert "fewer than three did" in text(f"{address}&panel=12")
    before = visit(address)
    days.compare(12, "M", (names[0], names[1]), [*two_agencies, third], {name: {"NO": 40} for name in names})
    assert visit(address)["ETag"] != before["ETag"]
    assert "?frequency=M&panel=12#trend" in links(visit(address).content.decode(), r"\?[^\"]*panel=12#trend")
    assert [row[1] for row in table(address)[1]] == ["500", "500"]
    assert [row[1:] for row in table(f"{address}&panel=12")[1]] == [["40", "0.73", "3 of 3 agencies"]] * 2
    page = visit(f"{address}&panel=12").content.decode()
    time = f"from {first:%B %Y} to {last:%B %Y}"
    assert f"the same 3 agencies, which reported all the time {time}: Danmark, Kripos, Ruritania." in page
    assert "left out:" not in page
    assert 'aria-current="true">Only agencies that reported all of the last 12 months</a>' in page
    files = links(page, r"/api/v1/[^\"]*")
    assert all("panel=12" in link and "network=*" not in link for link in files)
    picture = visit("/countries/no/chart.svg?frequency=M&panel=12").content.decode()
    words = " ".join(re.findall(r"<text[^>]*>([^<]+)", picture))
    assert "Only agencies that reported all of the last 12 months" in words
    assert "the chart can also show only the agencies" in text("/countries/no/")
    # The panel is newer than the months: the cited view offers it too, and an older one gives no reason.
    cited = html.unescape(
        re.search(r"http://testserver(/countries/no/\S+as_of=[^\s<]+)", visit(address).content.decode())[1]
    )
    assert "panel=12" in visit(cited).content.decode()
    older = text(f"{address}&start={names[0]}&as_of={instants.write(days.known_at(3))}")
    assert "fewer than three did" not in older


def test_missing_agencies_are_named_if_they_are_few(days, text, two_agencies):
    """Those of a period in its row, at each step; those of a panel in a number."""
    more = [
        AgencyFactory.create(code=f"FI-{name.upper()}", name=name).pk
        for name in ("Suomi", "Turku", "Oulu", "Vaasa", "Espoo")
    ]
    month = (TODAY.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    address = "/countries/no/?frequency=M"
    states = dict.fromkeys([*two_agencies, more[0]], "reported")
    days.publish("M", {month: {"NO": 5}}, Covered(4, 3, status="P", states=states | {more[1]: "late"}))
    days.compare(12, "M", (month, month), list(states), {month: {"NO": 5}})
    assert "3 of 4 agencies · provisional · late: Turku" in text(address)
    assert "1 other agency is left out:" in text(f"{address}&panel=12")
    missing = dict.fromkeys(more[1:], "late")
    days.publish("M", {month: {"NO": 5}}, Covered(7, 3, status="P", states=states | missing))
    assert "3 of 7 agencies · provisional · late: 4 agencies" in text(address)
    assert "4 other agencies are left out:" in text(f"{address}&panel=12")


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

"""The sliding windows: sums of published cells, which a reader can add up too."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from countries.reference import Reference
from federation import published
from federation.models.published import PeriodVersion, PublishedCell, PublishedCoverage
from federation.runs import reconciliation
from p2p_core import codes, periods
from p2p_core.codes import GROUPS
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Said

TODAY = datetime(2026, 11, 25, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE = date(2026, 11, 23)
PART = {"P1D": "H", "P7D": "D", "P30D": "D", "P365D": "D"}


def day(number, value=5):
    """A report of so many days before today."""
    return Said("D", TODAY - number * DAY, {(578, 1): value})


def hour(number, value=5):
    """A report of so many hours since midnight."""
    return Said("H", TODAY + number * HOUR, {(578, 1): value})


def window(federation, name="P7D"):
    federation.settle()
    assert_agrees(federation.oracle())
    return published.window(1, name, Reference.current())


def covered(found):
    """The coverage of a window: agencies expected and reporting, share of the time, status."""
    columns = found.page.table.coverage
    numbers = (int(column[0]) for column in (columns.agencies_expected, columns.agencies_reporting))
    return (*numbers, columns.time_coverage[0], columns.status[0])


class Reader:
    """Who reads windows and what they are made of, over HTTP."""

    def __init__(self, client):
        self.client = client

    def ask(self, path, **query):
        answer = self.client.get(f"/api/v1/aggregates/{path}", {"indicator": "NUMBER_1", **query})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def window(self, name):
        return self.ask("windows/", window=name)

    def public(self, frequency, meta):
        """The cells over all networks of the periods inside a window, as they were public with it; and what is covered.

        Their newest version is there too.
        """
        start, end = (datetime.fromisoformat(meta[name]) for name in ("start", "end"))
        cells, covered, version = defaultdict(dict), set(), 0
        for country in ("*", ",".join(GROUPS)):
            span = {"start": periods.start_of(frequency, start), "end": periods.start_of(frequency, end - HOUR)}
            labels = {name: periods.label(frequency, period) for name, period in span.items()}
            page = self.ask("", frequency=frequency, country=country, as_of=meta["known_at"], **labels)
            assert page["next"] is None
            version = max(version, page["meta"]["version"] or 0)
            for row in page["coverage"]:
                period = periods.parse(frequency, row["period"])
                if start <= period and periods.end(frequency, period) <= end:
                    covered.add(period)
            for cell in page["observations"]:
                cells[periods.parse(frequency, cell["period"])][cell["country"]] = cell["value"]
        return {period: cells[period] for period in covered}, version

    def added_up(self, name, meta):
        """What a reader gets who adds up; and the newest version of what was read."""
        parts, version = self.public(PART[name], meta)
        if name == "P365D":
            months, version_of_months = self.public("M", meta)
            inside = {month: periods.end("M", month) for month in months}
            parts = {at: cells for at, cells in parts.items() if not any(m <= at < end for m, end in inside.items())}
            parts, version = parts | months, max(version, version_of_months)
        total = defaultdict(int)
        for cells in parts.values():
            for country, value in cells.items():
                total[country] += value
        return dict(total), version

    def assert_all_add_up(self):
        shown = {}
        for name in PART:
            found = self.window(name)
            values = {row["country"]: row["value"] for row in found["observations"]}
            total, version = self.added_up(name, found["meta"])
            assert values == total, name
            assert found["meta"]["version"] <= version
            shown[name] = values
        return shown


@pytest.fixture
def reader(client, monkeypatch):
    from api import caching

    caching.response_cache.clear()
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1.0)
    return Reader(client)


#: Norway, Germany and Cyprus in other groups each, the United States in none but the total, and not known.
COUNTRIES = (578, 276, 196, 840, 999)


def many(number):
    """Small counts, others in each period and network."""
    return {(country, network): (number * country + 7 * network) % 9 for country in COUNTRIES for network in (1, 2, 9)}


@pytest.mark.verify
def test_windows_are_what_a_reader_adds_up(federation, reader):
    """Agencies by the hour, day and month; then late reports, revisions and withdrawals; then the next month begins."""
    federation.go_to(datetime(2026, 11, 30, 12, tzinfo=UTC))
    today = datetime(2026, 11, 30, tzinfo=UTC)
    federation.submit(0, *(Said("D", today - ago * DAY, many(ago)) for ago in range(3, 400)))
    federation.submit(0, *(Said("H", today - ago * HOUR, many(ago)) for ago in range(-11, 49)))
    federation.submit(1, *(Said("D", today - ago * DAY, many(3 * ago)) for ago in range(2, 300)))
    months = list(periods.between("M", datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)))
    federation.submit(2, *(Said("M", month, many(month.month)) for month in months))
    federation.settle()
    first = reader.assert_all_add_up()
    federation.wait(minutes=10)
    federation.submit(1, Said("D", today - DAY, many(5)))
    federation.submit(0, Said("H", today - 2 * HOUR, withdrawn=True), Said("H", today - 5 * HOUR, many(8)))
    federation.submit(0, Said("D", today - 200 * DAY, many(77)), Said("D", today - 364 * DAY, many(78)))
    federation.submit(2, Said("M", months[-3], withdrawn=True))
    federation.settle()
    second = reader.assert_all_add_up()
    assert [name for name in PART if first[name] == second[name]] == []
    federation.wait(hours=12, seconds=60)
    federation.settle()
    third = reader.assert_all_add_up()
    assert published.window(1, "P365D", Reference.current()).end == today + DAY
    assert second["P365D"] != third["P365D"]
    assert_agrees(federation.oracle())


def test_a_window_ends_before_the_first_day_that_waits(federation):
    federation.schedule(0, "D", SINCE, deadline=0)
    federation.schedule(1, "D", TODAY.date(), deadline=48 * 60)
    federation.submit(0, day(2))
    found = window(federation)
    assert (found.start, found.end) == (TODAY - 7 * DAY, TODAY)
    assert published.window(1, "P1D", Reference.current()) is None
    # The second agency is awaited for today, and has sent tomorrow's day.
    federation.go_to(TODAY + 2 * DAY + timedelta(minutes=1))
    federation.submit(0, *(Said("D", TODAY + number * DAY, {(578, 1): 5}) for number in (0, 1)))
    federation.submit(1, Said("D", TODAY + DAY, {(578, 1): 5}))
    assert window(federation).end == TODAY
    federation.submit(1, Said("D", TODAY, {(578, 1): 5}))
    assert window(federation).end == TODAY + 2 * DAY


def test_a_day_of_hours_ends_with_the_newest_hour_that_is_public(federation):
    federation.submit(0, hour(8))
    federation.wait(seconds=59)
    assert window(federation, "P1D").end == TODAY + 11 * HOUR
    federation.wait(seconds=1)
    found = window(federation, "P1D")
    assert (found.start, found.end) == (TODAY - 12 * HOUR, TODAY + 12 * HOUR)


def test_a_year_has_the_newest_month_by_the_day_until_the_month_is_public(federation):
    federation.go_to(datetime(2026, 12, 1, 0, 0, 30, tzinfo=UTC))
    # Each day is rounded to 0 or 5; their month stays 30.
    federation.submit(0, *(Said("D", TODAY + number * DAY, {(578, 1): 1}) for number in range(-24, 6)))
    federation.settle()
    federation.wait(seconds=30)
    by_month = {}
    while not by_month.get(True):
        reconciliation._step()
        found = published.window(1, "P365D", Reference.current())
        is_public = PeriodVersion.objects.filter(frequency="M").exists()
        by_month[is_public] = (found.end, found.page.table.numbers()[578, 0][0])
    assert by_month[False][0] == by_month[True][0] == datetime(2026, 12, 1, tzinfo=UTC)
    assert by_month[True][1] == 30 != by_month[False][1]


def test_who_is_expected_by_the_day_only_is_not_in_a_day_of_hours(federation):
    federation.schedule(0, "H", SINCE)
    federation.schedule(1, "D", date(2026, 11, 25))
    federation.submit(2, day(1))
    federation.submit(0, *(hour(number) for number in range(11)))
    found = window(federation, "P1D")
    assert covered(found)[:3] == (1, 1, 10_000 * 11 // 24 / 10_000)
    assert covered(window(federation))[0] == 2


@pytest.mark.verify
def test_an_agency_whose_revisions_are_held_has_reported(federation):
    """Its state in each day says only that it is held: what it covers says that it has a figure."""
    federation.submit(0, *(day(number) for number in range(1, 40)))
    federation.settle()
    federation.wait(minutes=1)
    federation.submit(0, *(day(number, value=500) for number in range(1, 8)))
    found = window(federation)
    states = PublishedCoverage.objects.filter(frequency="D", version_to=None).order_by("-period")
    assert [row.states for row in states[:7]] == [["held"]] * 7
    assert covered(found)[:2] == (1, 1)


def test_time_in_which_nobody_was_expected_makes_no_window_provisional(federation):
    federation.submit(0, day(1), day(3), day(7))
    assert covered(window(federation)) == (1, 1, 1.0, "A")


def test_a_window_in_which_counting_began_says_so(federation):
    federation.submit(0, day(1), day(3))
    found = window(federation)
    assert covered(found) == (1, 1, 1.0, "P")
    assert found.page.table.coverage.beginnings == {0: TODAY - 3 * DAY}


def test_a_window_in_which_an_agency_joined_says_from_when_all_count(federation):
    federation.submit(0, *(day(number) for number in range(1, 8)))
    federation.submit(1, *(day(number) for number in range(1, 5)))
    found = window(federation)
    assert covered(found) == (2, 2, 1.0, "P")
    assert found.page.table.coverage.beginnings == {0: TODAY - 4 * DAY}


def test_who_reports_now_and_then_begins_nothing_in_a_window(federation):
    federation.submit(0, *(day(number) for number in range(1, 8)))
    federation.submit(1, day(4), day(2))
    found = window(federation)
    assert covered(found) == (2, 2, 1.0, "A")
    assert found.page.table.coverage.beginnings == {}


@pytest.mark.verify
@pytest.mark.parametrize(("first", "beginnings"), [("2025-12", {}), ("2026-09", {0: datetime(2026, 9, 1, tzinfo=UTC)})])
def test_who_owes_months_only_begins_in_a_window_after_its_first_month(federation, first, beginnings):
    joined, october = periods.parse("M", first), datetime(2026, 10, 1, tzinfo=UTC)
    federation.submit(0, *(day(number) for number in range(1, 366)))
    federation.submit(1, *(Said("M", month, {(578, 1): 5}) for month in periods.between("M", joined, october)))
    assert window(federation, "P365D").page.table.coverage.beginnings == beginnings


@pytest.mark.verify
def test_one_part_that_is_not_final_makes_a_window_provisional(federation):
    federation.submit(0, day(1), day(30), Said("D", TODAY - 3 * DAY, {(578, 1): 5}, status="P"))
    assert covered(window(federation, "P30D"))[3] == "P"
    federation.wait(minutes=1)
    federation.submit(0, day(3, value=10))
    assert covered(window(federation, "P30D"))[3] == "A"


def test_the_version_of_a_window_is_the_newest_that_changed_a_part(federation):
    federation.submit(0, *(day(number) for number in range(1, 40)))
    federation.settle()
    before = {name: published.window_version(1, name) for name in PART}
    federation.wait(minutes=1)
    federation.submit(0, day(10, value=10))
    federation.settle()
    after = {name: published.window_version(1, name) for name in PART}
    assert [name for name in PART if before[name] != after[name]] == ["P30D", "P365D"]
    newest = PeriodVersion.objects.filter(frequency="D").order_by("-version").first().version
    assert after["P30D"] == (newest, TODAY)
    assert {
        name: (found.page.version, found.end)
        for name in PART
        if (found := published.window(1, name, Reference.current()))
    } == {name: found for name, found in after.items() if found}


@pytest.mark.verify
def test_window_has_no_number_of_a_day_from_which_everything_was_withdrawn(federation):
    """In many countries, the rounding of the withdrawal leaves 5 of 13."""
    days = [TODAY - number * DAY for number in (1, 2)]
    federation.schedule(0, "D", days[-1].date())
    federation.submit(0, *(Said("D", day, {(country, 1): 13 for country in codes.COUNTRIES.values()}) for day in days))
    federation.settle()
    federation.wait(minutes=5)
    federation.submit(0, Said("D", days[0], withdrawn=True))
    federation.settle()
    cells = PublishedCell.objects.filter(frequency="D", network=0, version_to=None)
    assert cells.filter(period=days[0], value=5).exists()
    left = dict(cells.filter(period=days[1], country__in=codes.COUNTRIES.values()).values_list("country", "value"))
    found = published.window(1, "P7D", Reference.current())
    shown = found.page.table.numbers()
    assert {country: value for (country, _), (value,) in shown.items() if country in left} == left
    assert_agrees(federation.oracle())

"""Panels: the same agencies throughout, in the oracle's numbers; who joins, leaves or falls silent bends no line."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from countries import registry
from countries.models import Schedule
from federation import rebuilding, reconciliation, worklist
from federation.models.figures import Figure
from federation.models.published import PublishedCell, PublishedPanel, PublishedPanelPeriod, Version
from federation.rules import periods
from federation.rules.panels import start_of_span
from federation.worklist import Stage
from tests.integration.federation.world import Said, World, world
from tests.oracles import panels as oracle
from tests.oracles.calendar import end_of

pytestmark = pytest.mark.django_db

#: A month and a year have just ended; the minute for their last reports has not passed.
BEGINNING = datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC)
FIRST_MONTH = datetime(2023, 12, 1, tzinfo=UTC)
MONTHS = list(periods.between("M", FIRST_MONTH, BEGINNING - timedelta(days=1)))
#: Which months are reported by the day: some of the last year, or all of it, and so its weeks.
SOME = [month for month in MONTHS if (month.year, month.month) in {(2026, 3), (2026, 8), (2026, 12)}]
LAST_YEAR = MONTHS[-13:]
NORWAY, GERMANY, EUROPE = 578, 276, 150


def month(label):
    return periods.parse("M", label)


def day(label):
    return periods.parse("D", label)


def days_of(months):
    return [day for month in months for day in periods.between("D", month, end_of("M", month) - timedelta(days=1))]


def reports_of(agency, by_day=SOME):
    """All that an agency says of those three years: other numbers than the others say."""
    for number, period in enumerate([*days_of(by_day), *(month for month in MONTHS if month not in by_day)]):
        frequency = "D" if number < len(days_of(by_day)) else "M"
        yield Said(frequency, period, {(NORWAY, 1): 3 + agency + number % 3, (GERMANY, 2): 1 + agency})


@pytest.fixture
def three_years(db, monkeypatch):
    """Two agencies that have reported for more than three years; nothing of the year that has begun."""
    with world(monkeypatch, now=BEGINNING) as made:
        for agency in (0, 1):
            made.submit(agency, *reports_of(agency))
        made.settle()
        yield made


@pytest.fixture
def weeks_too(three_years):
    """The same, and the whole last year by the day, so that there are weeks."""
    for agency in (0, 1):
        days = [said for said in reports_of(agency, LAST_YEAR) if said.frequency == "D"]
        three_years.submit(agency, *days)
    three_years.wait(hours=1)
    three_years.settle()
    return three_years


@contextmanager
def chapter(told: World) -> Iterator[World]:
    """A world that may go on from here, and is afterwards as it was."""
    now, memory = told.now, copy.deepcopy(told.memory)
    with transaction.atomic():
        yield told
        transaction.set_rollback(True)
    told.now, told.memory = now, memory


def stored(months, frequency):
    """A panel as it is public now, in the oracle's terms."""
    named = {"indicator": 1, "months": months, "frequency": frequency, "version_to": None}
    row = PublishedPanel.objects.filter(**named).first()
    numbers = {
        period.period: oracle.Numbers(period.status, dict(zip(period.countries, period.values, strict=True)))
        for period in PublishedPanelPeriod.objects.filter(**named)
    }
    return oracle.Panel(row.start, row.end, row.agencies, numbers) if row else None


def assert_panels_agree(told):
    """Panels are what the oracle says, and a rebuild would change nothing."""
    told.settle()
    expected = told.oracle()
    for months in oracle.MONTHS:
        for frequency in oracle.FREQUENCIES:
            assert stored(months, frequency) == oracle.panel(expected, 1, months, frequency), (months, frequency)
    assert [str(thing) for thing in rebuilding.differences()] == []


def agencies_of(told, months=12, frequency="M"):
    """Who is in a panel, by the number that the tests call them."""
    assert_panels_agree(told)
    return [agency - 1 for agency in stored(months, frequency).agencies]


def span_of(told, months=12):
    assert_panels_agree(told)
    found = stored(months, "M")
    return periods.label("M", found.start), periods.label("M", periods.previous("M", found.end))


# --- the span ---------------------------------------------------------------------------------------------------------


def test_month_enters_a_minute_after_its_end(three_years):
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(seconds=29)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(seconds=1)
    assert span_of(three_years) == ("2026-01", "2026-12")
    assert span_of(three_years, months=36) == ("2024-01", "2026-12")


def test_month_enters_with_its_last_report(three_years):
    three_years.wait(hours=1)
    three_years.schedule(0, "D", date(2026, 12, 1), deadline=2 * 24 * 60)
    three_years.submit(0, Said("D", day("2026-12-31"), withdrawn=True), minutes_ago=1)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.submit(0, Said("D", day("2026-12-31"), {(NORWAY, 1): 4}))
    assert span_of(three_years) == ("2026-01", "2026-12")


def test_month_enters_when_the_last_deadline_has_passed(three_years):
    three_years.schedule(0, "D", date(2026, 12, 1), deadline=60)
    three_years.schedule(2, "M", date(2026, 12, 1), deadline=2 * 24 * 60)
    three_years.wait(hours=47, minutes=59)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(minutes=1)
    assert span_of(three_years) == ("2026-01", "2026-12")


def test_month_does_not_enter_before_the_month_before_it(three_years):
    three_years.schedule(2, "M", date(2026, 11, 1), date(2026, 11, 30), deadline=60 * 24 * 60)
    three_years.wait(hours=1)
    assert span_of(three_years) == ("2025-11", "2026-10")


def test_month_end_moves_the_span_though_nobody_says_anything(three_years):
    three_years.wait(days=32)
    assert span_of(three_years) == ("2026-02", "2027-01")
    assert agencies_of(three_years) == []


def test_edited_schedule_is_followed_at_once(three_years):
    three_years.wait(hours=1)
    waits = three_years.schedule(2, "M", date(2026, 12, 1), deadline=30 * 24 * 60)
    assert span_of(three_years) == ("2025-12", "2026-11")
    registry.delete(waits, by="test")
    assert span_of(three_years) == ("2026-01", "2026-12")


def test_no_panel_where_nobody_was_ever_expected(federation):
    federation.wait(days=70)
    assert_panels_agree(federation)
    assert not PublishedPanel.objects.exists()


def test_panel_without_agencies_has_its_span_and_no_numbers(federation):
    federation.schedule(0, "D", date(2026, 10, 15))
    assert_panels_agree(federation)
    found = stored(24, "W")
    assert (found.agencies, found.numbers) == ([], {})
    assert (found.start, found.end) == (month("2024-11"), month("2026-11"))


# --- the agencies -----------------------------------------------------------------------------------------------------


def test_panel_are_those_that_reported_all_of_it(three_years):
    three_years.wait(hours=1)
    assert agencies_of(three_years) == [0, 1]
    assert agencies_of(three_years, months=36) == [0, 1]
    # Where months were reported there are no weeks.
    assert agencies_of(three_years, frequency="W") == []


THERE = {
    "joined in mid-month": lambda period: period >= day("2026-03-02"),
    "joined": lambda period: period >= month("2026-05"),
    "left in mid-month": lambda period: period < day("2026-12-31"),
    "left": lambda period: period < month("2026-07"),
    "was silent for a day": lambda period: period != day("2026-08-12"),
    "was silent for a month": lambda period: period != month("2026-04"),
}


@pytest.mark.parametrize("what", THERE)
def test_agency_that_was_not_there_all_the_time_bends_no_line(three_years, what):
    three_years.wait(hours=1)
    assert_panels_agree(three_years)
    before = [stored(months, "M") for months in oracle.MONTHS]
    three_years.submit(2, *(said for said in reports_of(2) if THERE[what](said.period)))
    assert_panels_agree(three_years)
    assert [stored(months, "M") for months in oracle.MONTHS] == before


def test_agency_is_in_the_panel_once_it_was_there_for_all_of_it(three_years):
    three_years.wait(hours=1)
    three_years.submit(2, *(said for said in reports_of(2) if said.period >= month("2026-01")))
    assert agencies_of(three_years) == [0, 1, 2]
    assert agencies_of(three_years, months=24) == [0, 1]


@pytest.mark.parametrize(
    "gone", [Said("D", day("2026-03-10"), withdrawn=True), Said("M", month("2024-05"), withdrawn=True)]
)
def test_withdrawal_leaves_a_gap_that_a_new_report_closes(three_years, gone):
    three_years.wait(hours=1)
    months = 12 if gone.frequency == "D" else 36
    three_years.submit(0, gone, minutes_ago=1)
    assert agencies_of(three_years, months) == [1]
    three_years.submit(0, Said(gone.frequency, gone.period, {(NORWAY, 1): 5}))
    assert agencies_of(three_years, months) == [0, 1]


def test_day_of_which_an_hour_is_missing_is_not_whole(three_years):
    three_years.wait(hours=1)
    three_years.submit(0, Said("D", day("2026-03-10"), withdrawn=True))
    hours = [Said("H", day("2026-03-10") + timedelta(hours=number), {(NORWAY, 1): 1}) for number in range(24)]
    three_years.submit(0, *hours[:23])
    assert agencies_of(three_years) == [1]
    three_years.submit(0, hours[23])
    assert agencies_of(three_years) == [0, 1]


def test_month_reported_as_a_whole_makes_no_weeks(weeks_too):
    assert agencies_of(weeks_too, frequency="W") == [0, 1]
    gap = [Said("D", day(f"2026-04-{number}"), withdrawn=True) for number in (14, 15)]
    weeks_too.submit(0, *gap)
    assert agencies_of(weeks_too) == [0, 1]
    assert agencies_of(weeks_too, frequency="W") == [1]


# --- the numbers and their vintages -----------------------------------------------------------------------------------


def test_panel_of_all_has_the_numbers_of_the_combined_view(weeks_too):
    assert_panels_agree(weeks_too)
    for frequency in "WM":
        for period, numbers in stored(12, frequency).numbers.items():
            rows = PublishedCell.objects.filter(frequency=frequency, period=period, network=0, version_to=None)
            assert numbers.values == dict(rows.values_list("country", "value"))


def test_revision_touches_its_own_period_only(weeks_too):
    before = set(PublishedPanelPeriod.objects.filter(version_to=None).values_list("pk", flat=True))
    weeks_too.submit(0, Said("D", day("2026-03-10"), {(NORWAY, 1): 40}))
    assert_panels_agree(weeks_too)
    closed = PublishedPanelPeriod.objects.filter(pk__in=before).exclude(version_to=None)
    names = {(row.months, row.frequency, periods.label(row.frequency, row.period)) for row in closed}
    assert names == {(12, "W", "2026-W11"), *((months, "M", "2026-03") for months in oracle.MONTHS)}
    # Who the panels are made of has not changed.
    assert not PublishedPanel.objects.filter(version_to__in=closed.values("version_to")).exists()


def test_change_that_shows_nowhere_makes_no_version(three_years):
    three_years.wait(hours=1)
    three_years.settle()
    before = set(PublishedPanelPeriod.objects.values_list("pk", "version_to"))
    three_years.submit(2, Said("M", month("2026-05"), {(NORWAY, 1): 100}))
    three_years.settle()
    assert set(PublishedPanelPeriod.objects.values_list("pk", "version_to")) == before


def test_numbers_are_provisional_until_all_figures_are_final(weeks_too):
    cells = {(NORWAY, 1): 9}
    weeks_too.submit(0, Said("D", day("2026-03-10"), cells, status="P"), minutes_ago=1)
    assert_panels_agree(weeks_too)
    found = stored(12, "M").numbers[month("2026-03")]
    assert (found.status, stored(12, "W").numbers[day("2026-03-09")].status) == ("P", "P")
    weeks_too.submit(0, Said("D", day("2026-03-10"), cells))
    assert_panels_agree(weeks_too)
    assert stored(12, "M").numbers[month("2026-03")] == oracle.Numbers("A", found.values)


def view_at(version):
    """All panels as they were public at a version."""
    rows = {}
    for model in (PublishedPanel, PublishedPanelPeriod):
        for row in model.objects.filter(version_from__lte=version).exclude(version_to__lte=version):
            facts = {name: value for name, value in vars(row).items() if name not in ("_state", "version_to")}
            rows[model, row.pk] = facts
    return rows


def test_past_views_stay_as_they_were(three_years):
    seen = {}

    def look():
        three_years.settle()
        version = Version.objects.latest("number").number
        seen[version] = view_at(version)

    look()
    three_years.wait(hours=1)
    look()
    three_years.submit(0, Said("D", day("2026-03-10"), withdrawn=True))
    look()
    three_years.submit(1, Said("M", month("2024-05"), {(NORWAY, 1): 500}))
    look()
    three_years.wait(days=40)
    look()
    assert len(seen) == 5
    assert all(view_at(version) == view for version, view in seen.items())
    assert len({str(view) for view in seen.values()}) == 5


# --- work -------------------------------------------------------------------------------------------------------------


def panel_work():
    return {thing for thing in worklist.waiting() if thing.stage == Stage.PANEL}


def test_all_panels_are_computed_where_a_period_within_reach_changes(three_years):
    three_years.wait(hours=1)
    three_years.settle()
    three_years.submit(0, Said("D", day("2026-03-10"), {(NORWAY, 1): 9}))
    while worklist.is_pending() and not panel_work():
        reconciliation._step()
    assert {thing.frequency for thing in panel_work()} == set(worklist.PANELS)


@pytest.mark.parametrize(
    "said",
    [
        Said("M", month("2022-05"), {(NORWAY, 1): 9}),
        Said("D", day("2027-01-01"), {(NORWAY, 1): 9}),
        Said("D", day("2027-01-05"), {(NORWAY, 1): 9}),
    ],
    ids=["long ago", "in a running week", "in an ended week of a running month"],
)
def test_no_panel_is_computed_for_what_no_panel_holds(three_years, said):
    three_years.wait(days=11)
    three_years.settle()
    three_years.submit(0, said)
    while worklist.is_pending():
        reconciliation._step()
        assert panel_work() == set()
    assert_panels_agree(three_years)


# --- rebuilding -------------------------------------------------------------------------------------------------------

SPOILT = {
    "agencies": (PublishedPanel, {"agencies": [1]}),
    "span": (PublishedPanel, {"start": month("2020-01")}),
    "numbers": (PublishedPanelPeriod, {"values": [5], "countries": [NORWAY]}),
    "status": (PublishedPanelPeriod, {"status": "P"}),
}


def differing():
    return [thing for thing in rebuilding.differences() if thing.stage == Stage.PANEL]


def mend(told):
    assert {str(thing) for thing in differing()} == {f"panel {name}, indicator 1" for name in worklist.PANELS}
    rebuilding.enqueue()
    assert_panels_agree(told)


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_spoilt_is_found_and_mended_with_a_new_vintage(three_years, what):
    model, change = SPOILT[what]
    spoilt = model.objects.filter(version_to=None).update(**change)
    assert spoilt
    mend(three_years)
    assert model.objects.filter(**change).exclude(version_to=None).count() == spoilt


@pytest.mark.parametrize("gone", [[PublishedPanel], [PublishedPanelPeriod], [PublishedPanel, PublishedPanelPeriod]])
def test_what_is_gone_is_found_and_mended(three_years, gone):
    for model in gone:
        model.objects.all().delete()
    mend(three_years)


def test_what_should_not_be_there_is_found_and_mended(three_years):
    Figure.objects.all().delete()
    rebuilding.enqueue()
    PublishedPanelPeriod.objects.filter(months=12, frequency="M", period=month("2026-05")).update(
        period=month("2031-05")
    )
    three_years.settle()
    assert_panels_agree(three_years)


# --- any history ------------------------------------------------------------------------------------------------------

few_examples = settings(
    # One takes as long as a hundred examples of arithmetic.
    max_examples=settings().max_examples // 10,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

#: On both sides of the spans' ends, and in the middle of them.
SPOKEN_OF = {
    "M": ["2023-12", "2024-01", "2024-06", "2025-01", "2025-11", "2026-01", "2026-06", "2026-11", "2026-12", "2027-01"],
    "D": [
        "2025-12-01",
        "2026-01-01",
        "2026-01-05",
        "2026-06-30",
        "2026-11-30",
        "2026-12-27",
        "2026-12-31",
        "2027-01-02",
    ],
}
cells = st.dictionaries(
    st.tuples(st.sampled_from((NORWAY, GERMANY, 196, 840, 999)), st.sampled_from((1, 2, 9))),
    st.integers(0, 12),
    max_size=4,
)


@st.composite
def reports(draw):
    frequency = draw(st.sampled_from("MD"))
    withdrawn = draw(st.integers(0, 2)) == 0
    return Said(
        frequency=frequency,
        period=periods.parse(frequency, draw(st.sampled_from(SPOKEN_OF[frequency]))),
        cells={} if withdrawn else draw(cells),
        status=draw(st.sampled_from("AAP")),
        withdrawn=withdrawn,
    )


submissions = st.tuples(
    st.just("submit"),
    st.integers(0, 2),
    st.lists(reports(), min_size=1, max_size=4, unique_by=lambda said: said.key),
    st.sampled_from([0, 0, 30]),
)
#: The third agency brings all its history, or what there is of it from some day until another.
arrivals = st.tuples(
    st.just("arrive"),
    st.sampled_from([FIRST_MONTH, month("2025-01"), month("2026-01"), day("2026-01-02"), month("2026-06")]),
    st.sampled_from([BEGINNING, day("2026-12-31"), day("2026-12-28"), day("2026-07-15")]),
)
waits = st.tuples(st.just("wait"), st.sampled_from([29, 30, 3600, 86_400, 31 * 86_400]))
turns = st.tuples(st.just("work"), st.integers(1, 6))
edits = st.tuples(
    st.just("edit"),
    st.integers(0, 2),
    st.sampled_from("HDM"),
    st.sampled_from([date(2023, 12, 1), date(2026, 11, 15), date(2026, 12, 1), date(2027, 1, 1)]),
    st.sampled_from([None, date(2026, 12, 15), date(2027, 6, 1)]),
    st.sampled_from([0, 60, 2000, 40 * 24 * 60]),
)


def submit(told, agency, said, minutes_ago):
    ended = [one for one in said if end_of(one.frequency, one.period) <= told.now + timedelta(seconds=60)]
    if ended:
        told.submit(agency, *ended, minutes_ago=minutes_ago)


def arrive(told, since, until):
    told.submit(2, *(said for said in reports_of(2, LAST_YEAR) if since <= said.period < until))


def edit(told, agency, frequency, first, last, deadline):
    for old in Schedule.objects.filter(agency=told.agencies[agency], frequency=frequency):
        registry.delete(old, by="test")
    if last is None or last >= first:
        told.schedule(agency, frequency, first, last, deadline=deadline)


def work(told, steps):
    for _ in range(steps):
        reconciliation._step()


DEEDS = {
    "submit": submit,
    "arrive": arrive,
    "wait": lambda told, seconds: told.wait(seconds=seconds),
    "work": work,
    "edit": edit,
}


@few_examples
@given(st.lists(submissions | submissions | arrivals | waits | turns | edits, min_size=1, max_size=8))
def test_any_history_ends_in_the_oracles_panels(weeks_too, history):
    with chapter(weeks_too) as told:
        for deed, *particulars in history:
            DEEDS[deed](told, *particulars)
        assert_panels_agree(told)


@pytest.fixture
def third_too(weeks_too):
    """The panels of two agencies, and the same with a third one that was there all the time too."""
    two = {(months, frequency): stored(months, frequency) for months in oracle.MONTHS for frequency in "WM"}
    weeks_too.submit(2, *reports_of(2, LAST_YEAR))
    weeks_too.settle()
    assert len(stored(12, "W").agencies) == len(stored(36, "M").agencies) == 3
    weeks_too.now += timedelta(minutes=1)
    return weeks_too, two


@few_examples
@given(
    st.sets(st.sampled_from(days_of(LAST_YEAR[1:])), min_size=1, max_size=10),
    st.sets(st.sampled_from(MONTHS[1:-13]), max_size=4),
)
def test_agency_with_any_gap_bends_no_line(third_too, days, months):
    with chapter(third_too[0]) as told:
        gaps = [
            *(Said("D", day, withdrawn=True) for day in days),
            *(Said("M", month, withdrawn=True) for month in months),
        ]
        told.submit(2, *gaps)
        told.settle()
        for (length, frequency), two in third_too[1].items():
            # The days before the first and after the last whole week of the span make no gap in its weeks.
            if frequency == "M" or days.intersection(days_of_weeks(two)):
                assert stored(length, frequency) == two


def days_of_weeks(panel):
    return [day for week in panel.numbers for day in periods.between("D", week, week + timedelta(days=6))]


def test_three_years_of_months_are_in_the_longest_span():
    assert start_of_span(month("2027-01"), 36) == MONTHS[1]

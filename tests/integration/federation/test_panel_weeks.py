"""Panels of agencies that report by the day, and so have weeks: their numbers, their vintages, and any history."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countries import reference, registry
from countries.models import Schedule
from federation.models.published import PublishedCell, PublishedPanel, PublishedPanelPeriod
from federation.runs import reconciliation
from p2p_core import periods
from tests import factories
from tests.histories import one_in
from tests.integration.federation.comparison import stored_panel as stored
from tests.integration.federation.three_years import (
    BEGINNING,
    FIRST_MONTH,
    GERMANY,
    LAST_YEAR,
    MONTHS,
    NORWAY,
    agencies_of,
    assert_panels_agree,
    assert_rebuild_changes_nothing,
    day,
    days_of,
    month,
    reports_of,
)
from tests.integration.federation.world import Said, chapter
from tests.oracles import panels as oracle
from tests.oracles.calendar import end_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("three_years")]


@pytest.fixture(scope="module")
def weeks_begun(three_years_begun):
    for agency in (0, 1, 2):
        days = [said for said in reports_of(agency, LAST_YEAR) if said.frequency == "D"]
        three_years_begun.submit(agency, *days)
    three_years_begun.wait(hours=1)
    three_years_begun.settle()
    return three_years_begun


@pytest.fixture
def weeks_too(db, weeks_begun):
    """Three agencies as ever, and the whole last year by the day."""
    with chapter(weeks_begun) as told:
        yield told


@pytest.mark.verify
def test_month_reported_as_a_whole_makes_no_weeks(weeks_too):
    assert agencies_of(weeks_too, frequency="W") == [0, 1, 2]
    days = [Said("D", one, withdrawn=True) for one in days_of([month("2026-04")])]
    weeks_too.submit(0, Said("M", month("2026-04"), {(NORWAY, 1): 120}), *days)
    assert agencies_of(weeks_too) == [0, 1, 2]
    assert agencies_of(weeks_too, frequency="W") == []


@pytest.mark.verify
def test_panel_of_all_has_the_numbers_of_the_combined_view(weeks_too):
    assert_panels_agree(weeks_too)
    for frequency in "WM":
        for period, numbers in stored(12, frequency).numbers.items():
            rows = PublishedCell.objects.filter(frequency=frequency, period=period, network=0, version_to=None)
            assert numbers.values == dict(rows.values_list("country", "value"))


@pytest.mark.verify
def test_revision_touches_its_own_period_only(weeks_too):
    before = set(PublishedPanelPeriod.objects.filter(version_to=None).values_list("pk", flat=True))
    weeks_too.submit(0, Said("D", day("2026-03-10"), {(NORWAY, 1): 40}))
    assert_panels_agree(weeks_too)
    closed = PublishedPanelPeriod.objects.filter(pk__in=before).exclude(version_to=None)
    names = {(row.months, row.frequency, periods.label(row.frequency, row.period)) for row in closed}
    assert names == {(12, "W", "2026-W11"), *((months, "M", "2026-03") for months in oracle.MONTHS)}
    # Who the panels are made of has not changed.
    assert not PublishedPanel.objects.filter(version_to__in=closed.values("version_to")).exists()


@pytest.mark.verify
def test_numbers_are_provisional_until_all_figures_are_final(weeks_too):
    cells = {(NORWAY, 1): 9}
    weeks_too.submit(0, Said("D", day("2026-03-10"), cells, status="P"), minutes_ago=1)
    assert_panels_agree(weeks_too)
    found = stored(12, "M").numbers[month("2026-03")]
    assert (found.status, stored(12, "W").numbers[day("2026-03-09")].status) == ("P", "P")
    weeks_too.submit(0, Said("D", day("2026-03-10"), cells))
    assert_panels_agree(weeks_too)
    assert stored(12, "M").numbers[month("2026-03")] == oracle.Numbers("A", found.values)


@pytest.mark.verify
@pytest.mark.parametrize("left_out", [(), (3, 4)])
def test_panel_has_no_week_of_a_country_that_is_published_by_the_month(weeks_too, left_out):
    norway = factories.CountryFactory.create(code="NO")
    factories.DetailFactory.create(country=norway, indicator_id=1, step="M", network_step="M")
    reference.snapshots.clear()
    cells = {(NORWAY, 1): 400, (GERMANY, 1): 400}
    weeks_too.submit(0, Said("D", day("2026-03-10"), cells))
    for agency in left_out:
        weeks_too.submit(agency, Said("D", day("2026-03-10"), cells))
    weeks_too.settle()
    week, whole = stored(12, "W").numbers[day("2026-03-09")], stored(12, "M").numbers[month("2026-03")]
    assert (NORWAY in week.values, GERMANY in week.values, NORWAY in whole.values) == (False, True, True)


# --- any history ------------------------------------------------------------------------------------------------------

few_examples = one_in(10)

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
    st.integers(0, 4),
    st.lists(reports(), min_size=1, max_size=4, unique_by=lambda said: said.key),
    st.sampled_from([0, 0, 30]),
)
#: An agency brings all its history, or what there is of it from some day until another.
arrivals = st.tuples(
    st.just("arrive"),
    st.sampled_from([(3,), (4,), (3, 4)]),
    st.sampled_from([FIRST_MONTH, month("2025-01"), month("2026-01"), day("2026-01-02"), month("2026-06")]),
    st.sampled_from([BEGINNING, day("2026-12-31"), day("2026-12-28"), day("2026-07-15")]),
)
waits = st.tuples(st.just("wait"), st.sampled_from([29, 30, 3600, 86_400, 31 * 86_400]))
turns = st.tuples(st.just("work"), st.integers(1, 6))
edits = st.tuples(
    st.just("edit"),
    st.integers(0, 4),
    st.sampled_from("HDM"),
    st.sampled_from([date(2023, 12, 1), date(2026, 11, 15), date(2026, 12, 1), date(2027, 1, 1)]),
    st.sampled_from([None, date(2026, 12, 15), date(2027, 6, 1)]),
    st.sampled_from([0, 60, 2000, 40 * 24 * 60]),
)


def submit(told, agency, said, minutes_ago):
    ended = [one for one in said if end_of(one.frequency, one.period) <= told.now + timedelta(seconds=60)]
    if ended:
        told.submit(agency, *ended, minutes_ago=minutes_ago)


def arrive(told, agencies, since, until):
    for agency in agencies:
        told.submit(agency, *(said for said in reports_of(agency, LAST_YEAR) if since <= said.period < until))


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


@pytest.mark.verify
@few_examples
@given(st.lists(submissions | submissions | arrivals | waits | turns | edits, min_size=1, max_size=8))
def test_any_history_ends_in_the_oracles_panels(weeks_too, history):
    with chapter(weeks_too) as told:
        for deed, *particulars in history:
            DEEDS[deed](told, *particulars)
        assert_panels_agree(told)
        assert_rebuild_changes_nothing(told)


@pytest.fixture
def five(weeks_too):
    """The panels of three agencies, and the same with two more that were there all the time too."""
    three = {(months, frequency): stored(months, frequency) for months in oracle.MONTHS for frequency in "WM"}
    for agency in (3, 4):
        weeks_too.submit(agency, *reports_of(agency, LAST_YEAR))
    weeks_too.settle()
    assert len(stored(12, "W").agencies) == len(stored(36, "M").agencies) == 5
    weeks_too.now += timedelta(minutes=1)
    return weeks_too, three


@pytest.mark.verify
@few_examples
@given(
    st.sampled_from([(3,), (4,), (3, 4)]),
    st.sets(st.sampled_from(days_of(LAST_YEAR[1:])), min_size=1, max_size=10),
    st.sets(st.sampled_from(MONTHS[1:-13]), max_size=4),
)
def test_agencies_with_any_gap_bend_no_line(five, agencies, days, months):
    with chapter(five[0]) as told:
        gaps = [
            *(Said("D", day, withdrawn=True) for day in days),
            *(Said("M", month, withdrawn=True) for month in months),
        ]
        for agency in agencies:
            told.submit(agency, *gaps)
        told.settle()
        for (length, frequency), three in five[1].items():
            # The days before the first and after the last whole week of the span make no gap in its weeks.
            if frequency == "M" or days.intersection(days_of_weeks(three)):
                found = stored(length, frequency)
                assert found.agencies == (three.agencies if len(agencies) == 2 else [])
                assert all(is_about(numbers, three.numbers[period]) for period, numbers in found.numbers.items())


def is_about(numbers, others):
    """Whether the same sum of three was rounded: once, or each of the three by itself."""
    return all(abs(value - others.values[place]) < 20 for place, value in numbers.values.items())


def days_of_weeks(panel):
    return [day for week in panel.numbers for day in periods.between("D", week, week + timedelta(days=6))]

"""Panels: the same agencies throughout, with the oracle's numbers, also when agencies join or leave."""

from dataclasses import replace
from datetime import timedelta

import pytest

from federation import worklist
from federation.models.figures import Figure
from federation.models.published import (
    PublishedCell,
    PublishedCoverage,
    PublishedPanel,
    PublishedPanelPeriod,
    Version,
)
from federation.rules.panels import start_of_span
from federation.runs import rebuilding, reconciliation
from federation.worklist import Stage, WorkItem
from p2p_core import periods
from tests.integration.federation.comparison import stored_panel as stored
from tests.integration.federation.three_years import (
    MONTHS,
    NORWAY,
    agencies_of,
    assert_panels_agree,
    assert_rebuild_changes_nothing,
    day,
    month,
    reports_of,
)
from tests.integration.federation.world import Said, chapter
from tests.oracles import panels as oracle

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("three_years")]


@pytest.fixture(scope="module")
def year_ended(three_years_begun):
    three_years_begun.wait(hours=1)
    three_years_begun.settle()
    return three_years_begun


@pytest.fixture
def three_years(db, year_ended):
    """Three agencies that have reported for more than three years, and nothing of the year that began an hour ago."""
    with chapter(year_ended) as told:
        yield told


@pytest.fixture
def five(three_years):
    """Two more agencies that reported all of it."""
    for agency in (3, 4):
        three_years.submit(agency, *reports_of(agency), minutes_ago=1)
    three_years.settle()
    return three_years


# --- the agencies -----------------------------------------------------------------------------------------------------


@pytest.mark.verify
def test_panel_are_those_that_reported_all_of_it(three_years):
    assert agencies_of(three_years) == [0, 1, 2]
    assert agencies_of(three_years, months=36) == [0, 1, 2]
    # Where months were reported there are no weeks.
    assert agencies_of(three_years, frequency="W") == []


THERE = {
    "joined in mid-month": lambda period: period >= day("2026-03-02"),
}
OTHERS = {
    "was silent for a month": lambda period: period != month("2026-04"),
    "joined": lambda period: period >= month("2026-05"),
    "left in mid-month": lambda period: period < day("2026-12-31"),
    "left": lambda period: period < month("2026-07"),
    "was silent for a day": lambda period: period != day("2026-03-12"),
}


def months_of(told, agency):
    """The months for which an agency has numbers."""
    figures = Figure.objects.filter(agency=told.agencies[agency], frequency="M").exclude(source="none")
    return set(figures.values_list("period", flat=True))


@pytest.mark.parametrize("what", [*THERE, *(pytest.param(what, marks=pytest.mark.verify) for what in OTHERS)])
def test_agencies_that_were_not_there_all_the_time_bend_no_line(three_years, what):
    """A panel that would leave out one agency is none, and one that leaves out two is as it was."""
    before = [stored(months, "M") for months in oracle.MONTHS]

    def report(agency):
        was_there = (THERE | OTHERS)[what]
        three_years.submit(agency, *(said for said in reports_of(agency) if was_there(said.period)))
        assert_panels_agree(three_years)

    report(3)
    assert all((stored(months, "M").agencies, stored(months, "M").numbers) == ([], {}) for months in oracle.MONTHS)
    report(4)
    joined = months_of(three_years, 3)
    assert joined == months_of(three_years, 4)
    for months, then in zip(oracle.MONTHS, before, strict=True):
        found = stored(months, "M")
        assert (found.start, found.end, found.agencies) == (then.start, then.end, then.agencies)
        for period, numbers in found.numbers.items():
            assert period in joined or numbers == then.numbers[period]
            assert all(abs(value - then.numbers[period].values[place]) < 20 for place, value in numbers.values.items())
    assert_rebuild_changes_nothing(three_years)


def test_agencies_are_in_the_panel_once_they_were_there_for_all_of_it(three_years):
    for agency in (3, 4):
        three_years.submit(agency, *(said for said in reports_of(agency) if said.period >= month("2026-01")))
    assert agencies_of(three_years) == [0, 1, 2, 3, 4]
    assert agencies_of(three_years, months=24) == [0, 1, 2]


@pytest.mark.verify
def test_one_agency_does_not_join_what_was_shown_without_it(three_years):
    three_years.submit(3, *reports_of(3))
    assert agencies_of(three_years) == []
    three_years.submit(4, *reports_of(4))
    assert agencies_of(three_years) == [0, 1, 2, 3, 4]


@pytest.mark.verify
def test_one_agency_joins_when_the_span_holds_nothing_that_was_shown_without_it(three_years):
    def report(one):
        three_years.wait(days=31)
        for agency in range(4):
            three_years.submit(agency, Said("M", one, {(NORWAY, 1): 30 * (4 + agency)}))
        three_years.settle()

    for one in periods.between("M", month("2027-01"), month("2027-11")):
        report(one)
        assert stored(12, "M").agencies == []
    three_years.submit(3, Said("M", month("2026-12"), {(NORWAY, 1): 210}))
    # In December 2026 the three were shown without it.
    assert agencies_of(three_years) == []
    report(month("2027-12"))
    assert agencies_of(three_years) == [0, 1, 2, 3]


@pytest.mark.verify
def test_last_set_stays_while_one_agency_more_is_whole(three_years):
    late = Said("D", day("2026-03-10"), {(NORWAY, 1): 8})
    for agency in (3, 4):
        three_years.submit(agency, *(said for said in reports_of(agency) if said.period != late.period))
    assert agencies_of(three_years) == [0, 1, 2]
    before = stored(12, "M")
    three_years.submit(3, late)
    assert agencies_of(three_years) == [0, 1, 2]
    assert stored(12, "M") == before
    three_years.submit(4, late)
    assert agencies_of(three_years) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "gone",
    [Said("D", day("2026-03-10")), pytest.param(Said("M", month("2024-05")), marks=pytest.mark.verify)],
    ids=["day", "month"],
)
def test_withdrawal_leaves_a_gap_that_a_new_report_closes(five, gone):
    months = 12 if gone.frequency == "D" else 36
    withdrawal = replace(gone, withdrawn=True)
    five.submit(0, withdrawal, minutes_ago=1)
    assert agencies_of(five, months) == []
    five.submit(1, withdrawal, minutes_ago=1)
    assert agencies_of(five, months) == [2, 3, 4]
    for agency in (0, 1):
        five.submit(agency, replace(gone, cells={(NORWAY, 1): 5}))
    assert agencies_of(five, months) == [0, 1, 2, 3, 4]


def test_two_agencies_are_no_panel(three_years):
    three_years.submit(0, *(Said("M", one, withdrawn=True) for one in MONTHS if one < month("2026-01")))
    assert agencies_of(three_years, months=24) == []
    assert agencies_of(three_years) == [0, 1, 2]


@pytest.mark.verify
def test_day_of_which_an_hour_is_missing_is_not_whole(three_years):
    three_years.submit(0, Said("D", day("2026-03-10"), withdrawn=True))
    hours = [Said("H", day("2026-03-10") + timedelta(hours=number), {(NORWAY, 1): 1}) for number in range(24)]
    three_years.submit(0, *hours[:23])
    assert agencies_of(three_years) == []
    three_years.submit(0, hours[23])
    assert agencies_of(three_years) == [0, 1, 2]


# --- the numbers and their vintages -----------------------------------------------------------------------------------


def test_change_that_shows_nowhere_makes_no_version(three_years):
    for agency in (3, 4):
        three_years.submit(agency, Said("M", month("2026-05"), {(NORWAY, 1): 50}), minutes_ago=1)
    three_years.settle()
    before = set(PublishedPanelPeriod.objects.values_list("pk", "version_to"))
    three_years.submit(3, Said("M", month("2026-05"), {(NORWAY, 1): 100}))
    three_years.settle()
    assert set(PublishedPanelPeriod.objects.values_list("pk", "version_to")) == before


def view_at(version):
    """All panels as they were public at a version."""
    rows = {}
    for model in (PublishedPanel, PublishedPanelPeriod):
        for row in model.objects.filter(version_from__lte=version).exclude(version_to__lte=version):
            facts = {name: value for name, value in vars(row).items() if name not in ("_state", "version_to")}
            rows[model, row.pk] = facts
    return rows


@pytest.mark.verify
def test_past_views_stay_as_they_were(three_years):
    seen = {}

    def look():
        three_years.settle()
        version = Version.objects.latest("number").number
        seen[version] = view_at(version)

    look()
    for agency in (3, 4):
        three_years.submit(agency, *(said for said in reports_of(agency) if said.period >= month("2026-01")))
    look()
    three_years.submit(1, Said("M", month("2024-05"), {(NORWAY, 1): 500}))
    look()
    three_years.wait(days=40)
    look()
    assert len(seen) == 4
    assert all(view_at(version) == view for version, view in seen.items())
    assert len({str(view) for view in seen.values()}) == 4
    assert_rebuild_changes_nothing(three_years)


# --- work -------------------------------------------------------------------------------------------------------------


def panel_work():
    return {item for item in worklist.waiting() if item.stage == Stage.PANEL}


def test_all_panels_are_computed_where_a_period_within_reach_changes(three_years):
    three_years.submit(0, Said("D", day("2026-03-10"), {(NORWAY, 1): 9}))
    while worklist.is_pending() and not panel_work():
        reconciliation._step()
    assert {item.frequency for item in panel_work()} == set(worklist.PANELS)


#: Long ago, in a running week, and in an ended week of a running month.
PERIODS_OUTSIDE = [("M", month("2022-05")), ("D", day("2027-01-01")), ("D", day("2027-01-05"))]


def test_no_panel_is_computed_for_what_no_panel_holds(three_years):
    three_years.wait(days=11)
    # The indicator began long ago, so no report of then makes months public that a panel may hold.
    three_years.submit(0, Said("M", month("2022-04"), {(NORWAY, 1): 9}))
    three_years.settle()
    for outside in PERIODS_OUTSIDE:
        three_years.submit(0, Said(*outside, {(NORWAY, 1): 9}))
        while worklist.is_pending():
            reconciliation._step()
            assert panel_work() == set(), outside
    assert_panels_agree(three_years)


@pytest.mark.verify
def test_panel_waits_for_the_publication_of_its_periods(five):
    """If another worker makes it too early, a panel of three shows no sum of five, and no period as 0."""
    before = stored(12, "M")
    assert len(before.agencies) == 5
    for agency in (3, 4):
        five.submit(agency, Said("M", month("2026-05"), withdrawn=True))
    while WorkItem(Stage.PUBLISH, "M", month("2026-05"), 1) not in worklist.waiting():
        reconciliation._step()
    for published in (True, False):
        with chapter(five):
            if not published:
                for model in (PublishedCoverage, PublishedCell):
                    model.objects.filter(frequency="M", period=month("2026-05")).delete()
            for name in worklist.PANELS:
                reconciliation._do_alone(worklist.panel(name, 1))
            assert panel_work() == set()
            assert stored(12, "M") == before
            assert differing() == []
            assert agencies_of(five) == [0, 1, 2]


# --- rebuilding -------------------------------------------------------------------------------------------------------

#: Agencies, span, numbers and status.
SPOILT = [
    (PublishedPanel, {"agencies": [1]}),
    (PublishedPanel, {"start": month("2020-01")}),
    (PublishedPanelPeriod, {"values": [5], "countries": [NORWAY]}),
    (PublishedPanelPeriod, {"status": "P"}),
]


def differing():
    return [item for item in rebuilding.differences() if item.stage == Stage.PANEL]


def assert_all_differ():
    assert {str(item) for item in differing()} == {f"panel {name}, indicator 1" for name in worklist.PANELS}


def correct(told):
    assert_all_differ()
    rebuilding.enqueue()
    assert_panels_agree(told)


@pytest.mark.verify
def test_changed_row_is_found_and_corrected_in_a_new_version(three_years):
    for model, change in SPOILT:
        with chapter(three_years):
            assert model.objects.filter(version_to=None).update(**change)
            assert_all_differ()
    spoilt = [model.objects.filter(version_to=None).update(**change) for model, change in SPOILT]
    correct(three_years)
    closed = [model.objects.filter(**change).exclude(version_to=None).count() for model, change in SPOILT]
    assert closed == spoilt


@pytest.mark.verify
@pytest.mark.parametrize("model", [PublishedPanel, PublishedPanelPeriod])
def test_missing_row_is_found_and_corrected(three_years, model):
    model.objects.all().delete()
    correct(three_years)


def test_extra_row_is_found_and_corrected(three_years):
    Figure.objects.all().delete()
    rebuilding.enqueue()
    PublishedPanelPeriod.objects.filter(months=12, frequency="M", period=month("2026-05")).update(
        period=month("2031-05")
    )
    three_years.settle()
    assert_panels_agree(three_years)


def test_three_years_of_months_are_in_the_longest_span():
    assert start_of_span(month("2027-01"), 36) == MONTHS[1]


def test_panel_is_no_difference_while_a_period_of_it_waits_to_be_published(three_years):
    for agency in (3, 4):
        three_years.submit(agency, Said("M", month("2026-05"), {(NORWAY, 1): 50}), minutes_ago=1)
    three_years.settle()
    three_years.submit(0, Said("M", month("2026-05"), {(NORWAY, 1): 100}))
    while WorkItem(Stage.PUBLISH, "M", month("2026-05"), 1) not in worklist.waiting():
        reconciliation._step()
    assert differing() == []

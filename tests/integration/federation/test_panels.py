"""Panels: the same agencies throughout, in the numbers of the oracle; none that joins or leaves bends a line."""

from datetime import date, timedelta

import pytest

from countries import registry
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


@pytest.fixture
def three_years(db, three_years_begun):
    """Three agencies that have reported for more than three years; nothing of the year that has begun."""
    with chapter(three_years_begun) as told:
        yield told
        assert_rebuild_changes_nothing(told)


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
    three_years.schedule(3, "M", date(2026, 12, 1), deadline=2 * 24 * 60)
    three_years.wait(hours=47, minutes=59)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(minutes=1)
    assert span_of(three_years) == ("2026-01", "2026-12")


def test_month_does_not_enter_before_the_month_before_it(three_years):
    three_years.schedule(3, "M", date(2026, 11, 1), date(2026, 11, 30), deadline=60 * 24 * 60)
    three_years.wait(hours=1)
    assert span_of(three_years) == ("2025-11", "2026-10")


def test_month_end_moves_the_span_though_nobody_says_anything(three_years):
    three_years.wait(days=32)
    assert span_of(three_years) == ("2026-02", "2027-01")
    assert agencies_of(three_years) == []


def test_edited_schedule_is_followed_at_once(three_years):
    three_years.wait(hours=1)
    waits = three_years.schedule(3, "M", date(2026, 12, 1), deadline=30 * 24 * 60)
    assert span_of(three_years) == ("2025-12", "2026-11")
    registry.delete(waits, by="test")
    assert span_of(three_years) == ("2026-01", "2026-12")


# --- the agencies -----------------------------------------------------------------------------------------------------


def test_panel_are_those_that_reported_all_of_it(three_years):
    three_years.wait(hours=1)
    assert agencies_of(three_years) == [0, 1, 2]
    assert agencies_of(three_years, months=36) == [0, 1, 2]
    # Where months were reported there are no weeks.
    assert agencies_of(three_years, frequency="W") == []


THERE = {
    "joined in mid-month": lambda period: period >= day("2026-03-02"),
    "joined": lambda period: period >= month("2026-05"),
    "left in mid-month": lambda period: period < day("2026-12-31"),
    "left": lambda period: period < month("2026-07"),
    "was silent for a day": lambda period: period != day("2026-03-12"),
    "was silent for a month": lambda period: period != month("2026-04"),
}


def months_of(told, agency):
    """The months for which an agency has numbers."""
    figures = Figure.objects.filter(agency=told.agencies[agency], frequency="M").exclude(source="none")
    return set(figures.values_list("period", flat=True))


@pytest.mark.parametrize("what", THERE)
def test_agencies_that_were_not_there_all_the_time_bend_no_line(three_years, what):
    """A panel that would leave out one agency is none, and one that leaves out two is as it was."""
    three_years.wait(hours=1)
    assert_panels_agree(three_years)
    before = [stored(months, "M") for months in oracle.MONTHS]

    def report(agency):
        three_years.submit(agency, *(said for said in reports_of(agency) if THERE[what](said.period)))
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


def test_agencies_are_in_the_panel_once_they_were_there_for_all_of_it(three_years):
    three_years.wait(hours=1)
    for agency in (3, 4):
        three_years.submit(agency, *(said for said in reports_of(agency) if said.period >= month("2026-01")))
    assert agencies_of(three_years) == [0, 1, 2, 3, 4]
    assert agencies_of(three_years, months=24) == [0, 1, 2]


def test_one_agency_does_not_join_what_was_shown_without_it(three_years):
    three_years.wait(hours=1)
    assert agencies_of(three_years) == [0, 1, 2]
    three_years.submit(3, *reports_of(3))
    assert agencies_of(three_years) == []
    three_years.submit(4, *reports_of(4))
    assert agencies_of(three_years) == [0, 1, 2, 3, 4]


@pytest.mark.verify
def test_one_agency_joins_when_the_span_holds_nothing_that_was_shown_without_it(three_years):
    three_years.wait(hours=1)
    assert agencies_of(three_years) == [0, 1, 2]

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


def test_last_set_stays_while_one_agency_more_is_whole(three_years):
    three_years.wait(hours=1)
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
    "gone", [Said("D", day("2026-03-10"), withdrawn=True), Said("M", month("2024-05"), withdrawn=True)]
)
def test_withdrawal_leaves_a_gap_that_a_new_report_closes(three_years, gone):
    three_years.wait(hours=1)
    for agency in (3, 4):
        three_years.submit(agency, *reports_of(agency))
    months = 12 if gone.frequency == "D" else 36
    assert agencies_of(three_years, months) == [0, 1, 2, 3, 4]
    three_years.submit(0, gone, minutes_ago=1)
    assert agencies_of(three_years, months) == []
    three_years.submit(1, gone, minutes_ago=1)
    assert agencies_of(three_years, months) == [2, 3, 4]
    for agency in (0, 1):
        three_years.submit(agency, Said(gone.frequency, gone.period, {(NORWAY, 1): 5}))
    assert agencies_of(three_years, months) == [0, 1, 2, 3, 4]


def test_two_agencies_are_no_panel(three_years):
    three_years.wait(hours=1)
    three_years.submit(0, *(Said("M", one, withdrawn=True) for one in MONTHS if one < month("2026-01")))
    assert agencies_of(three_years, months=24) == []
    assert agencies_of(three_years) == [0, 1, 2]


def test_day_of_which_an_hour_is_missing_is_not_whole(three_years):
    three_years.wait(hours=1)
    three_years.submit(0, Said("D", day("2026-03-10"), withdrawn=True))
    hours = [Said("H", day("2026-03-10") + timedelta(hours=number), {(NORWAY, 1): 1}) for number in range(24)]
    three_years.submit(0, *hours[:23])
    assert agencies_of(three_years) == []
    three_years.submit(0, hours[23])
    assert agencies_of(three_years) == [0, 1, 2]


# --- the numbers and their vintages -----------------------------------------------------------------------------------


def test_change_that_shows_nowhere_makes_no_version(three_years):
    three_years.wait(hours=1)
    for agency in (3, 4):
        three_years.submit(agency, Said("M", month("2026-05"), {(NORWAY, 1): 50}), minutes_ago=1)
    assert agencies_of(three_years) == [0, 1, 2]
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


def test_past_views_stay_as_they_were(three_years):
    seen = {}

    def look():
        three_years.settle()
        version = Version.objects.latest("number").number
        seen[version] = view_at(version)

    look()
    three_years.wait(hours=1)
    look()
    for agency in (3, 4):
        three_years.submit(agency, *(said for said in reports_of(agency) if said.period >= month("2026-01")))
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
    return {item for item in worklist.waiting() if item.stage == Stage.PANEL}


def test_all_panels_are_computed_where_a_period_within_reach_changes(three_years):
    three_years.wait(hours=1)
    three_years.settle()
    three_years.submit(0, Said("D", day("2026-03-10"), {(NORWAY, 1): 9}))
    while worklist.is_pending() and not panel_work():
        reconciliation._step()
    assert {item.frequency for item in panel_work()} == set(worklist.PANELS)


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
    # The indicator began long ago, so no report of then makes months public that a panel may hold.
    three_years.submit(0, Said("M", month("2022-04"), {(NORWAY, 1): 9}))
    three_years.settle()
    three_years.submit(0, said)
    while worklist.is_pending():
        reconciliation._step()
        assert panel_work() == set()
    assert_panels_agree(three_years)


@pytest.mark.parametrize("published", [True, False])
def test_panel_waits_for_the_publication_of_its_periods(three_years, published):
    """If another worker makes it too early, a panel of three shows no sum of five, and no period as 0."""
    three_years.wait(hours=1)
    for agency in (3, 4):
        three_years.submit(agency, *reports_of(agency), minutes_ago=1)
    assert agencies_of(three_years) == [0, 1, 2, 3, 4]
    before = stored(12, "M")
    for agency in (3, 4):
        three_years.submit(agency, Said("M", month("2026-05"), withdrawn=True))
    while WorkItem(Stage.PUBLISH, "M", month("2026-05"), 1) not in worklist.waiting():
        reconciliation._step()
    if not published:
        for model in (PublishedCoverage, PublishedCell):
            model.objects.filter(frequency="M", period=month("2026-05")).delete()
    for name in worklist.PANELS:
        reconciliation._do_alone(worklist.panel(name, 1))
    assert panel_work() == set()
    assert stored(12, "M") == before
    assert differing() == []
    assert agencies_of(three_years) == [0, 1, 2]


# --- rebuilding -------------------------------------------------------------------------------------------------------

SPOILT = {
    "agencies": (PublishedPanel, {"agencies": [1]}),
    "span": (PublishedPanel, {"start": month("2020-01")}),
    "numbers": (PublishedPanelPeriod, {"values": [5], "countries": [NORWAY]}),
    "status": (PublishedPanelPeriod, {"status": "P"}),
}


def differing():
    return [item for item in rebuilding.differences() if item.stage == Stage.PANEL]


def mend(told):
    assert {str(item) for item in differing()} == {f"panel {name}, indicator 1" for name in worklist.PANELS}
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


def test_three_years_of_months_are_in_the_longest_span():
    assert start_of_span(month("2027-01"), 36) == MONTHS[1]


def test_panel_is_no_difference_while_a_period_of_it_waits_to_be_published(three_years):
    three_years.wait(hours=1)
    for agency in (3, 4):
        three_years.submit(agency, Said("M", month("2026-05"), {(NORWAY, 1): 50}), minutes_ago=1)
    assert agencies_of(three_years) == [0, 1, 2]
    three_years.submit(0, Said("M", month("2026-05"), {(NORWAY, 1): 100}))
    while WorkItem(Stage.PUBLISH, "M", month("2026-05"), 1) not in worklist.waiting():
        reconciliation._step()
    assert differing() == []

"""Panels: the same agencies throughout, in the oracle's numbers; who joins, leaves or falls silent bends no line."""

from datetime import date, timedelta

import pytest

from countries import registry
from federation import rebuilding, reconciliation, worklist
from federation.models.figures import Figure
from federation.models.published import PublishedPanel, PublishedPanelPeriod, Version
from federation.rules import periods
from federation.rules.panels import start_of_span
from federation.worklist import Stage
from tests.integration.federation.comparison import stored_panel as stored
from tests.integration.federation.three_years import (
    MONTHS,
    NORWAY,
    agencies_of,
    assert_panels_agree,
    chapter,
    day,
    month,
    reports_of,
)
from tests.integration.federation.world import Said
from tests.oracles import panels as oracle

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_years(db, three_years_begun):
    """Two agencies that have reported for more than three years; nothing of the year that has begun."""
    with chapter(three_years_begun) as told:
        yield told


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


# --- the numbers and their vintages -----------------------------------------------------------------------------------


def test_change_that_shows_nowhere_makes_no_version(three_years):
    three_years.wait(hours=1)
    three_years.settle()
    before = set(PublishedPanelPeriod.objects.values_list("pk", "version_to"))
    three_years.submit(2, Said("M", month("2026-05"), {(NORWAY, 1): 100}))
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


def test_three_years_of_months_are_in_the_longest_span():
    assert start_of_span(month("2027-01"), 36) == MONTHS[1]

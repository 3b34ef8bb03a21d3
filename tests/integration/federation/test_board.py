"""The board of the start page agrees with the published coverage."""

from datetime import date, datetime, timedelta

import pytest

from countries.models import Agency, Indicator
from federation.desk import board
from federation.models.findings import Finding
from federation.models.published import PublishedCoverage
from federation.models.submissions import Submission
from tests import factories
from tests.integration.federation.world import Said

NORWAY = (578, 1)
TODAY = datetime.fromisoformat("2026-11-25T00:00Z")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def words(federation):
    """The states of each agency on the board, oldest first."""
    _, agencies = board.board(now=federation.now)
    return {agency.code: [square.state for square in agency.lines[0].squares] for agency in agencies}


def held(federation):
    _, agencies = board.board(now=federation.now)
    return {agency.code: [square.held for square in agency.lines[0].squares] for agency in agencies}


def findings(federation):
    _, agencies = board.board(now=federation.now)
    return {agency.code: [square.finding for square in agency.lines[0].squares] for agency in agencies}


@pytest.fixture
def days(federation):
    """Two agencies owe days: the first reports eight weeks and falls silent, the second comes late."""
    federation.schedule(0, "D", date(2026, 9, 1))
    federation.schedule(1, "D", date(2026, 11, 20))
    reports = [Said("D", TODAY - back * DAY, {NORWAY: 100}) for back in range(4, 64)]
    federation.submit(0, *reports)
    federation.submit(1, *(Said("D", TODAY - back * DAY, {NORWAY: 7}) for back in (2, 4, 5)))
    federation.wait(minutes=2)
    federation.settle()
    return federation


def test_board_tells_reported_late_and_not_owed(days):
    told = words(days)
    assert told["NO-0"] == ["reported"] * 11 + ["late"] * 3 + [""]
    assert told["NO-1"] == [""] * 9 + ["reported", "reported", "late", "reported", "late", ""]
    assert "NO-2" not in told


def test_board_marks_days_with_held_reports(days):
    days.submit(0, Said("D", TODAY - 3 * DAY, {NORWAY: 9000}), minutes_ago=0)
    days.settle()
    assert words(days)["NO-0"][-4:] == ["held", "late", "late", ""]
    assert held(days)["NO-0"] == [0] * 11 + [1, 0, 0, 0]


def test_squares_name_the_finding_that_holds_reports_else_the_first_open_one(days):
    agency, indicator = Agency.objects.get(code="NO-0"), Indicator.objects.get()
    Finding.objects.all().delete()
    about = {"agency": agency, "indicator": indicator, "frequency": "D"}
    first, _ = (
        factories.FindingFactory.create(**about, rule=rule, period=TODAY - 3 * DAY, last_period=TODAY - 2 * DAY)
        for rule in ("R104", "R101")
    )
    days.submit(0, Said("D", TODAY - 3 * DAY, {NORWAY: 9000}), minutes_ago=0)
    holding = Finding.objects.get(rule="R102")
    assert findings(days)["NO-0"] == [None] * 11 + [holding.pk, first.pk, None, None]
    assert board.board(now=days.now, agency=agency.pk)[1][0].lines[0].squares[12].finding == first.pk
    Finding.objects.filter(period=TODAY - 3 * DAY).exclude(pk=holding.pk).update(
        state="resolved", resolved=days.now, resolution="corrected"
    )
    assert findings(days)["NO-0"] == [None] * 11 + [holding.pk, None, None, None]


def test_today_is_shown_by_its_hours(federation):
    federation.schedule(0, "H", date(2026, 11, 25))
    federation.schedule(1, "H", date(2026, 11, 25))
    federation.submit(0, *(Said("H", TODAY + number * HOUR, {NORWAY: 5}) for number in range(12)))
    federation.submit(1, *(Said("H", TODAY + number * HOUR, {NORWAY: 5}) for number in range(6)))
    federation.wait(minutes=2)
    federation.settle()
    told = words(federation)
    assert told["NO-0"][-1] == "reported"
    assert told["NO-1"][-1] == "partial"


def test_activity_counts_the_last_hours_and_names_the_quietest_first(federation):
    federation.submit(1, Said("D", TODAY - DAY, {NORWAY: 1}))
    federation.now += timedelta(hours=7)
    federation.submit(0, Said("D", TODAY - DAY, {NORWAY: 1}))
    federation.submit(0, Said("D", TODAY - DAY, {NORWAY: 2}))
    found = [(one.agency, one.submissions) for one in board.activity(now=federation.now)]
    assert found == [("NO-2", 0), ("NO-1", 0), ("NO-0", 2)]
    newest = {one.agency: one.last_id for one in board.activity(now=federation.now)}
    assert newest["NO-0"] == Submission.objects.filter(agency__code="NO-0").order_by("received", "id").last().pk
    assert newest["NO-2"] is None


def test_periods_that_wait_are_listed_with_the_agencies_that_they_wait_for(days):
    """The first agency has been silent for three days."""
    days.wait(seconds=(TODAY + DAY + timedelta(minutes=2) - days.now).total_seconds())
    days.settle()
    [waiting] = [one for one in board.waiting_periods() if one.frequency == "D"]
    assert waiting == ("NUMBER_1", "D", TODAY, ["NO-1"], 2, TODAY + DAY + HOUR)
    # Until a worker looks at the period again, its row names an agency that may have been deleted.
    PublishedCoverage.objects.filter(frequency="D", period=TODAY).update(agencies=[998, 999], awaited=[True, False])
    assert [one.agencies for one in board.waiting_periods() if one.frequency == "D"] == [["_U"]]

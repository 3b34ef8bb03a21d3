"""Held reports are not used until they are released; what is held follows from the usual level."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from federation.database import rows_of
from federation.findings import decisions, levels
from federation.intake import dry_run
from federation.models.findings import Finding, Hold
from federation.models.submissions import Report, Submission
from p2p_core.rules import rulebook
from tests import reporting
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.holding import HOURS, NORWAY, NOW, TOUCHY, WEEK, key_of, mark_break
from tests.integration.federation.world import Said, chapter, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def touchy(settings):
    settings.THRESHOLDS = {**settings.THRESHOLDS, **TOUCHY}


@pytest.fixture
def federation(monkeypatch):
    with override_settings(), world(monkeypatch, now=NOW) as made:
        yield made


def send(federation, agency, *said):
    """Send reports that were prepared after all that came before."""
    return federation.submit(agency, *said, minutes_ago=-Submission.objects.count())


def hours(*values, first=3):
    """The hour of the week, from so many weeks ago on."""
    return [Said("H", HOURS[first - number], {NORWAY: value}) for number, value in enumerate(values)]


def states():
    return list(Report.objects.order_by("id").values_list("state", flat=True))


def value_of(federation, hour=HOURS[0]):
    """What the public could read if it were not rounded."""
    federation.settle()
    figure = federation.oracle().figure(federation.agencies[0].pk, 1, "H", hour)
    assert_agrees(federation.oracle())
    return figure and sum(figure.cells.values())


def decide_all(federation, deed):
    waiting = list(Report.objects.filter(state="held"))
    decided = deed(reports=[one.pk for one in waiting], by="a coordinator", reason="as it is", now=federation.now)
    for one in waiting:
        getattr(federation.memory.desk, deed.__name__)(key_of(one))
    return decided


def test_a_held_report_is_not_used_and_the_one_before_it_stays(federation):
    send(federation, 0, *hours(10, 10, 10, 11))
    send(federation, 0, *hours(400, first=0))
    assert states() == ["current"] * 4 + ["held"]
    assert value_of(federation) == 11
    coverage = federation.oracle().coverage(1, "H", HOURS[0])
    assert coverage.states[federation.agencies[0].pk] == "held"


@pytest.mark.verify
def test_a_released_report_counts_and_its_value_is_not_held_again(federation):
    send(federation, 0, *hours(10, 10, 10, 400))
    decide_all(federation, decisions.release)
    assert value_of(federation) == 400
    send(federation, 0, *hours(11, first=0))
    send(federation, 0, *hours(400, first=0))
    assert value_of(federation) == 400
    assert "held" not in states()


def test_a_rejected_report_does_not_count_and_is_held_again_if_it_comes_again(federation):
    send(federation, 0, *hours(10, 10, 10, 400))
    decide_all(federation, decisions.reject)
    assert value_of(federation) is None
    send(federation, 0, *hours(400, first=0))
    assert states()[-2:] == ["rejected", "held"]


def test_a_newer_plausible_report_ends_the_hold_and_its_finding(federation):
    send(federation, 0, *hours(10, 10, 10, 400))
    send(federation, 0, *hours(12, first=0))
    assert states()[-2:] == ["superseded", "current"]
    assert value_of(federation) == 12
    finding = Finding.objects.get(rule="R102")
    assert (finding.state, finding.resolution) == ("resolved", "revision")
    assert Hold.objects.get().decision == "superseded"


@pytest.mark.parametrize(("minutes_ago", "expected"), [(-1, ["superseded", "held"]), (9, ["held", "superseded"])])
def test_only_the_newest_of_two_held_reports_waits(federation, minutes_ago, expected):
    send(federation, 0, *hours(10, 10, 10, 400))
    federation.submit(0, *hours(500, first=0), minutes_ago=minutes_ago)
    assert states()[-2:] == expected
    assert Hold.objects.filter(decision="").count() == 1


def test_an_equal_report_ends_a_hold_without_a_revision(federation):
    send(federation, 0, *hours(10, 10, 10, 11))
    send(federation, 0, *hours(400, first=0))
    receipt = send(federation, 0, *hours(11, first=0))
    assert receipt.outcomes == {"unchanged": 1}
    assert value_of(federation) == 11
    assert not Hold.objects.filter(decision="").exists()


def test_a_withdrawal_ends_a_hold(federation):
    send(federation, 0, *hours(10, 10, 10, 400))
    send(federation, 0, Said("H", HOURS[0], withdrawn=True))
    assert value_of(federation) is None
    assert not Hold.objects.filter(decision="").exists()


def test_holds_in_a_row_are_one_finding(federation):
    day = NOW.replace(hour=0, minute=0, second=0)
    for number in (3, 2, 1):
        send(federation, 0, *(Said("H", day - number * WEEK + timedelta(hours=h), {NORWAY: 10}) for h in range(5)))
    send(federation, 0, *(Said("H", day + timedelta(hours=h), {NORWAY: 500}) for h in (0, 1, 2)))
    send(federation, 0, Said("H", day + timedelta(hours=3), {NORWAY: 500}))
    [finding] = Finding.objects.filter(rule="R102")
    assert (finding.period, finding.last_period) == (day, day + timedelta(hours=3))
    assert finding.holds.count() == 4
    decide_all(federation, decisions.release)
    finding.refresh_from_db()
    assert finding.resolution == "released"


def test_weeks_sent_at_once_are_judged_as_if_sent_one_by_one(federation):
    values = (10, 10, 400, 10)
    preview = previewed(federation, hours(*values))
    receipt = send(federation, 0, *hours(*values))
    assert receipt.outcomes == {"current": 3, "held": 1}
    assert [outcome.value for outcome in preview.outcomes] == ["current", "current", "held", "current"]
    for number, value in enumerate(values):
        send(federation, 1, *hours(value, first=3 - number))
    of_each = [
        list(Report.objects.filter(agency=agency).order_by("period").values_list("state", flat=True))
        for agency in federation.agencies[:2]
    ]
    assert of_each[0] == of_each[1]


def previewed(federation, said):
    return dry_run.preview(
        federation.agencies[0],
        reporting.submission([one.as_new() for one in said], federation.now, federation.now),
    )


def test_a_preview_says_the_same_and_stores_nothing(federation):
    send(federation, 0, *hours(10, 10, 10))
    preview = previewed(federation, hours(400, first=0))
    assert (Report.objects.count(), Hold.objects.count(), Finding.objects.count()) == (3, 0, 0)
    receipt = send(federation, 0, *hours(400, first=0))
    assert [outcome.value for outcome in preview.outcomes] == ["held"]
    assert [(one.rule, one.position, one.facts) for one in preview.findings] == [
        (one.rule, one.position, one.facts) for one in receipt.findings
    ]


# --- levels of all frequencies ----------------------------------------------------------------------------------------

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
TEN = OCTOBER.replace(hour=10)
HUGE = {NORWAY: 10**9}
HUGE_ONES = [Said("N", TEN + timedelta(minutes=7), HUGE), Said("D", OCTOBER, HUGE), Said("M", OCTOBER, HUGE)]


@pytest.fixture
def as_they_come(settings):
    """The thresholds that come with the project."""
    settings.THRESHOLDS = rulebook.DEFAULTS


def weeks_of_hours():
    """Four weeks before October, the least that makes a level usual."""
    first = OCTOBER - 4 * WEEK
    return [Said("H", first + number * timedelta(hours=1), {NORWAY: 100}) for number in range(4 * 168)]


@pytest.mark.verify
@pytest.mark.usefixtures("as_they_come")
@pytest.mark.parametrize("settled", [True, False], ids=["figures are made", "figures are not made yet"])
def test_an_agency_that_sends_hours_has_usual_days_months_and_minutes(federation, settled):
    send(federation, 0, *weeks_of_hours())
    if settled:
        federation.settle()
    for said in HUGE_ONES:
        with chapter(federation):
            preview = previewed(federation, [said])
            receipt = send(federation, 0, said)
            assert receipt.outcomes == {"held": 1}
            assert [outcome.value for outcome in preview.outcomes] == ["held"]
            facts = [(one.rule, one.facts) for one in receipt.findings]
            assert [(one.rule, one.facts) for one in preview.findings] == facts
            [finding] = Finding.objects.filter(rule="R102")
            assert (finding.frequency, finding.facts["value"]) == (said.frequency, 10**9)


@pytest.mark.verify
@pytest.mark.usefixtures("as_they_come")
def test_reports_of_all_frequencies_in_one_submission_are_judged_against_each_other(federation):
    receipt = send(federation, 0, *weeks_of_hours(), *HUGE_ONES)
    assert receipt.outcomes["held"] == 3
    assert set(Report.objects.filter(state="held").values_list("frequency", flat=True)) == set("NDM")
    federation.settle()
    assert_agrees(federation.oracle())


@pytest.mark.verify
@pytest.mark.usefixtures("as_they_come")
def test_plausible_reports_of_all_frequencies_are_not_held(federation):
    send(federation, 0, *weeks_of_hours())
    others = [
        Said("N", TEN + timedelta(minutes=7), {NORWAY: 2}),
        Said("D", OCTOBER, {NORWAY: 2_401}),
        Said("M", OCTOBER, {NORWAY: 31 * 2_400}),
    ]
    assert send(federation, 0, *others).outcomes == {"current": 3}


def test_minutes_are_held_once_their_hour_has_too_much_and_released_ones_do_not_hold_others(federation):
    send(federation, 0, *hours(60, 60, 60))
    minutes = [Said("N", HOURS[0] + timedelta(minutes=number), {NORWAY: 40}) for number in range(4)]
    outcomes = [send(federation, 0, one).outcomes for one in minutes[:3]]
    assert outcomes == [{"current": 1}, {"held": 1}, {"held": 1}]
    [finding] = Finding.objects.filter(rule="R102")
    assert (finding.period, finding.last_period) == (minutes[1].period, minutes[2].period)
    assert (finding.facts["value"], finding.facts["reported"]) == (80, 40)
    decide_all(federation, decisions.release)
    # Without the two that were released, the hour has what is usual.
    assert send(federation, 0, Said("N", minutes[3].period, {NORWAY: 10})).outcomes == {"current": 1}
    assert send(federation, 0, Said("N", minutes[3].period, {NORWAY: 50})).outcomes == {"held": 1}


@pytest.mark.verify
@pytest.mark.usefixtures("as_they_come")
def test_what_levels_are_compared_with_is_read_in_one_statement_for_all_reports(federation, monkeypatch):
    send(federation, 0, *weeks_of_hours())
    federation.now += timedelta(minutes=1)
    read = []
    monkeypatch.setattr(levels, "rows_of", lambda name, **named: read.append(name) or rows_of(name, **named))
    week = [Said("H", OCTOBER + number * timedelta(hours=1)) for number in range(168)]
    for said in (HUGE_ONES[:1], week, HUGE_ONES[1:2], HUGE_ONES):
        previewed(federation, [replace(one, cells={NORWAY: 101}) for one in said])
    assert read == ["levels_totals"] * 4


@pytest.mark.verify
def test_marking_a_break_releases_what_is_held_after_it(federation):
    send(federation, 0, *hours(10, 10, 10, 400))
    mark_break(federation, 0, HOURS[0] - timedelta(days=1))
    assert value_of(federation) == 400
    send(federation, 0, Said("H", HOURS[0] + timedelta(hours=1), {NORWAY: 400}))
    assert "held" not in states()
    assert Hold.objects.get().decision == "released"

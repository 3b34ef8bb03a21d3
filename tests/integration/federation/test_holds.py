"""Held reports are not used: in any order of reports and decisions, the numbers are the oracle's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from countries import registry
from countries.models import Annotation
from federation.database import rows_of
from federation.findings import decisions, levels
from federation.intake import dry_run
from federation.models.findings import Finding, Hold
from federation.models.submissions import Report, Submission
from federation.runs import reconciliation
from p2p_core.payloads.answers import ANSWERS
from p2p_core.rules import rulebook
from tests import reporting
from tests.histories import one_in
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Said, chapter, world
from tests.oracles.calendar import end_of

pytestmark = pytest.mark.django_db

#: Little is needed for a hold, so that short histories have many.
TOUCHY = {"R102_VALUES": 1, "R102_DISTANCE": 2, "R102_DIFFERENCE": 4}
WEEK = timedelta(weeks=1)
NOW = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
HOURS = [NOW.replace(hour=10, minute=0, second=0) - number * WEEK for number in range(4)]
PERIODS = {
    "H": [*HOURS, HOURS[0] + timedelta(hours=1)],
    "D": [NOW.replace(hour=0, minute=0, second=0) - timedelta(days=days) for days in (1, 8, 15)],
    "M": [datetime(2026, month, 1, tzinfo=UTC) for month in (8, 9, 10)],
    "N": [HOURS[0] + timedelta(minutes=minutes) for minutes in (0, 1, 2)],
}
AGENCIES = 2
NORWAY = (578, 1)


@pytest.fixture(autouse=True)
def touchy(settings):
    settings.THRESHOLDS = {**settings.THRESHOLDS, **TOUCHY}


@st.composite
def reports(draw):
    frequency = draw(st.sampled_from("HHHHDDNNM"))
    withdrawn = draw(st.integers(0, 6)) == 0
    value = draw(st.sampled_from([0, 9, 10, 11, 60, 61, 400]))
    return Said(
        frequency,
        draw(st.sampled_from(PERIODS[frequency])),
        {} if withdrawn else {NORWAY: value},
        status=draw(st.sampled_from("AAP")),
        withdrawn=withdrawn,
    )


agencies = st.integers(0, AGENCIES - 1)
submissions = st.tuples(
    st.just("submit"),
    agencies,
    st.lists(reports(), min_size=1, max_size=6, unique_by=lambda said: said.key),
    st.integers(0, 5000),
)
decided = st.tuples(st.sampled_from(["release", "release", "reject"]), st.integers(0, 20))
answers = st.tuples(st.just("answer"), st.integers(0, 20), st.sampled_from(tuple(ANSWERS)))
breaks = st.tuples(st.just("break"), agencies, st.sampled_from([*HOURS, HOURS[1] + timedelta(minutes=30)]))
waits = st.tuples(st.just("wait"), st.sampled_from([61, 3600, 90_000]))
turns = st.tuples(st.just("work"), st.integers(1, 4))
histories = st.lists(
    submissions | submissions | submissions | decided | decided | answers | breaks | waits | turns,
    min_size=3,
    max_size=16,
)


def submit(federation, agency, said, minutes_ago):
    ended = [one for one in said if end_of(one.frequency, one.period) <= federation.now]
    federation.submit(agency, *ended, minutes_ago=minutes_ago)


def decide(deed):
    def act(federation, number):
        waiting = federation.memory.desk.all_waiting()
        assert {key_of(report) for report in Report.objects.filter(state="held")} == set(waiting)
        if waiting:
            key = waiting[number % len(waiting)]
            names = ("agency", "indicator", "frequency", "period")
            chosen = Report.objects.get(state="held", **dict(zip(names, key, strict=True)))
            getattr(decisions, deed)(reports=[chosen.pk], by="a coordinator", reason="as it is", now=federation.now)
            getattr(federation.memory.desk, deed)(key)

    return act


def answer(federation, number, said):
    findings = list(Finding.objects.filter(resolved=None).order_by("id"))
    if findings:
        chosen = findings[number % len(findings)]
        told = {"finding": chosen.pk, "agency": chosen.agency_id, "by": "an agency", "now": federation.now}
        decisions.answer(answer=said, remark="as it is", **told)


def key_of(report):
    return report.agency_id, report.indicator_id, report.frequency, report.period


def mark_break(federation, agency, at):
    federation.memory.desk.mark_break(federation.agencies[agency].pk, at)
    annotation = Annotation(
        kind="change", text="New computers", start=at, is_break=True, agency=federation.agencies[agency], indicator_id=1
    )
    registry.save(annotation, by="a coordinator")


def work(federation, steps):
    for _ in range(steps):
        reconciliation._step()


DEEDS = {
    "submit": submit,
    "release": decide("release"),
    "reject": decide("reject"),
    "answer": answer,
    "break": mark_break,
    "wait": lambda federation, seconds: federation.wait(seconds=seconds),
    "work": work,
}


@one_in(6)
@given(histories)
def test_holds_and_decisions_in_any_order_end_in_the_numbers_of_the_oracle(monkeypatch, history):
    with world(monkeypatch, now=NOW) as federation:
        for deed, *particulars in history:
            DEEDS[deed](federation, *particulars)
        federation.settle()
        assert_agrees(federation.oracle())
        assert_findings_fit_holds()


def assert_findings_fit_holds():
    """Each held report has one hold that waits, in a finding that is open and spans it; no other finding holds."""
    held = dict(Report.objects.filter(state="held").values_list("id", "period"))
    waiting = {hold.pk: hold.finding for hold in Hold.objects.filter(decision="").select_related("finding")}
    assert waiting.keys() == held.keys()
    for report, finding in waiting.items():
        assert finding.resolved is None
        assert finding.period <= held[report] <= finding.last_period
    open_ones = set(Finding.objects.filter(resolved=None, rule="R102", holds__isnull=False))
    assert open_ones == set(waiting.values())
    for finding in Finding.objects.filter(resolved=None):
        assert finding.state == ("answered" if finding.answers.exists() else "open")


# --- by hand --------------------------------------------------------------------------------------------------------


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

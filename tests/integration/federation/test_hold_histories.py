"""In any order of reports and decisions, the numbers are the oracle's."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.findings import decisions
from federation.models.findings import Finding, Hold
from federation.models.submissions import Report
from federation.runs import reconciliation
from p2p_core.payloads.answers import ANSWERS
from tests.histories import one_in
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.holding import HOURS, NORWAY, NOW, TOUCHY, key_of, mark_break
from tests.integration.federation.world import Said, world
from tests.oracles.calendar import end_of

pytestmark = pytest.mark.django_db

PERIODS = {
    "H": [*HOURS, HOURS[0] + timedelta(hours=1)],
    "D": [NOW.replace(hour=0, minute=0, second=0) - timedelta(days=days) for days in (1, 8, 15)],
    "M": [datetime(2026, month, 1, tzinfo=UTC) for month in (8, 9, 10)],
    "N": [HOURS[0] + timedelta(minutes=minutes) for minutes in (0, 1, 2)],
}
AGENCIES = 2


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

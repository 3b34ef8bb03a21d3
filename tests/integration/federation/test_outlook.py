"""What the desk says that a decision will do is what it does then."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.desk.screens import outlook
from federation.desk.situations import situations
from federation.findings import decisions
from federation.models.figures import Figure, Source
from federation.models.findings import Hold
from federation.models.published import PublishedCoverage
from p2p_core import periods
from tests.histories import one_in
from tests.integration.federation.holding import TOUCHY, key_of
from tests.integration.federation.open_findings import DAY, HOUR, NO, NOON, TODAY, WEEK
from tests.integration.federation.world import Said, world

pytestmark = pytest.mark.django_db

YESTERDAY = TODAY - DAY
FIRST, NOTHING = "It is the agency's first number for this period.", "The agency has no number for this period."
UNTIL, THEN = "until 12:00 on 26 November at the latest.", "Then it becomes public without the agency."
INCLUDES = "The period is public, and includes the report within seconds."
CHANGES = "It also changes the agency's numbers for"
THIS_WEEK = f"{CHANGES} week 2026-W48, month 2026-11 and year 2026."
LAST_WEEK = f"{CHANGES} week 2026-W47, month 2026-11 and year 2026. The public numbers of week 2026-W47 change too."
DECISIONS = {"release": decisions.release, "reject": decisions.reject}


@pytest.fixture
def owed(federation):
    """Two agencies that owe each day, with a day and a half for it; they sent all days but yesterday."""
    for agency in (0, 1):
        federation.schedule(agency, "D", date(2026, 9, 1), deadline=36 * 60)
        federation.submit(agency, *(Said("D", TODAY - back * DAY, {NO: 100}) for back in range(2, 70)))
    federation.wait(seconds=1)
    federation.settle()
    return federation


def waiting():
    return Hold.objects.select_related("report").filter(decision="").order_by("pk")


def said(federation):
    """What is said of the only held report: if it is released, and if it is rejected."""
    [situation] = situations(list(waiting()))
    row = outlook.held_report(situation, now=federation.now)
    return row.if_released, row.if_rejected


def send(federation, agency, *reports):
    federation.now += timedelta(seconds=1)
    federation.submit(agency, *reports)
    federation.settle()


HUGE = Said("D", YESTERDAY, {NO: 9000})


def test_first_report_of_a_period_that_waits_for_it_and_for_another(owed):
    send(owed, 0, HUGE)
    assert said(owed) == (
        f"{FIRST} The period still waits for 1 other agency (NO-1), {UNTIL} {THIS_WEEK}",
        f"{NOTHING} The period still waits for a new report, and for 1 other agency (NO-1), {UNTIL} {THEN}",
    )
    check(owed, "reject")


def test_report_for_which_alone_a_period_waits(owed):
    send(owed, 1, Said("D", YESTERDAY, {NO: 100}))
    send(owed, 0, HUGE)
    assert said(owed) == (
        f"{FIRST} The period becomes public within seconds. {THIS_WEEK}",
        f"{NOTHING} The period still waits for a new report, {UNTIL} {THEN}",
    )
    check(owed, "release")


def test_revision_of_a_period_that_waits_for_another_agency(owed):
    send(owed, 0, Said("D", YESTERDAY, {NO: 100}))
    send(owed, 0, HUGE)
    rest = f"The period still waits for 1 other agency (NO-1), {UNTIL}"
    assert said(owed) == (
        f"It replaces the report of 25 November. {rest} {THIS_WEEK}",
        f"The report of 25 November stays in use. {rest}",
    )
    check(owed, "release")


def test_revision_of_a_public_period(owed):
    send(owed, 0, Said("D", TODAY - 3 * DAY, {NO: 9000}))
    assert said(owed) == (
        f"It replaces the report of 25 November. {INCLUDES} {LAST_WEEK}",
        "The report of 25 November stays in use. What is public stays as it is.",
    )
    check(owed, "release")


def test_report_after_a_withdrawal(owed):
    send(owed, 0, Said("D", TODAY - 3 * DAY, withdrawn=True))
    send(owed, 0, Said("D", TODAY - 3 * DAY, {NO: 9000}))
    assert said(owed) == (
        f"It replaces the withdrawal of 25 November. {INCLUDES} {LAST_WEEK}",
        f"{NOTHING} The period stays public without the agency.",
    )
    check(owed, "reject")


def test_report_of_a_day_whose_hours_are_there(owed):
    hours = [Said("H", YESTERDAY + number * HOUR, {NO: 4}) for number in range(24)]
    send(owed, 0, *hours)
    send(owed, 1, Said("D", YESTERDAY, {NO: 100}))
    send(owed, 0, HUGE)
    assert said(owed) == (
        f"It replaces the sum of the agency's shorter periods. {INCLUDES} {THIS_WEEK}",
        "The sum of the agency's shorter periods stays in use. What is public stays as it is.",
    )
    check(owed, "reject")


def test_minute_whose_numbers_are_not_kept(owed):
    hours = [Said("H", TODAY - 5 * DAY - back * WEEK, {NO: 100}) for back in range(1, 9)]
    send(owed, 0, *hours, Said("N", TODAY - 5 * DAY, {NO: 9000}))
    hour = "hour 2026-11-20T00:00"
    changes = f"{CHANGES} {hour}. The public numbers of {hour} change too."
    assert said(owed) == (f"{FIRST} The period has no public numbers now. {changes}", NOTHING)
    # The day was reported itself, so it is no sum.
    before = longer_totals(Hold.objects.get().report)
    decisions.release(reports=[Hold.objects.get().pk], by="ada", reason="so it is", now=owed.now)
    owed.settle()
    assert longer_totals(Hold.objects.get().report) == before | {("H", TODAY - 5 * DAY): 9000}


# --- at random --------------------------------------------------------------------------------------------------------


def longer_totals(report):
    """The agency's totals of the hour, day, week, month and year in which a report lies, without its own period."""
    starts = [(one, periods.start_of(one, report.period)) for one in "HDWMA" if one != report.frequency]
    rows = Figure.objects.filter(agency=report.agency_id, indicator=report.indicator_id)
    found = {(row.frequency, row.period): row.total for row in rows}
    return {start: found.get(start, 0) for start in starts}


def check(federation, decision):
    """Decide on a held report, do all work, and see that everything came as its situation said."""
    [situation, *_] = situations(list(waiting()))
    report, publication = situation.hold.report, situation.publication
    totals, longer = longer_totals(report), {(one.frequency, one.period): one for one in situation.longer}
    DECISIONS[decision](reports=[report.pk], by="ada", reason="so it is", now=federation.now)
    getattr(federation.memory.desk, decision)(key_of(report))
    federation.settle()

    key = {"indicator": report.indicator_id, "frequency": report.frequency, "period": report.period}
    figure = Figure.objects.filter(agency=report.agency_id, **key).exclude(source=Source.NONE).first()
    expected = report.total if decision == "release" else situation.total
    assert (figure.total if figure else None) == expected
    more = expected - (situation.total or 0) if expected is not None else 0
    assert longer_totals(report) == {key: total + (more if key in longer else 0) for key, total in totals.items()}
    row = PublishedCoverage.objects.get(version_to=None, **key)
    codes = {one.pk: one.code for one in federation.agencies}
    awaited = {codes[one] for one, yes in zip(row.agencies, row.awaited or [False] * 99, strict=False) if yes}
    awaited_before = set(publication.others)
    if publication.is_awaited and decision == "reject":
        awaited_before.add(codes[report.agency_id])
        assert row.awaited_until == publication.until
    assert awaited == awaited_before
    assert (row.status != "O") == (publication.is_public or not awaited)


days = st.sampled_from([TODAY - back * DAY for back in (1, 1, 1, 2, 8)])
values = st.sampled_from([9, 10, 60, 400])
sent = st.tuples(st.just("send"), st.integers(0, 2), days, values, st.sampled_from(["D", "D", "D", "H", "withdrawn"]))
decided = st.tuples(st.just("decide"), st.sampled_from(sorted(DECISIONS)))
waited = st.tuples(st.just("wait"), st.sampled_from([3600, 40_000]))
deadlines = st.tuples(*[st.sampled_from([60, 36 * 60, 60 * 60])] * 3)


@one_in(6)
@given(deadlines, st.lists(sent | sent | decided | waited, min_size=2, max_size=10))
def test_each_decision_does_what_the_desk_says(monkeypatch, settings, deadlines, history):
    settings.THRESHOLDS = {**settings.THRESHOLDS, **TOUCHY}
    with world(monkeypatch, now=NOON) as federation:
        for agency, deadline in enumerate(deadlines):
            federation.schedule(agency, "D", date(2026, 11, 1), deadline=deadline)
            federation.submit(agency, *(Said("D", TODAY - back * DAY, {NO: 10}) for back in range(3, 24)))
        federation.wait(seconds=1)
        for deed, *rest in [*history, ("decide", "release"), ("decide", "reject")]:
            act(federation, deed, *rest)


def act(federation, deed, *rest):
    if deed == "wait":
        federation.wait(seconds=rest[0])
        return
    federation.settle()
    if deed == "decide" and waiting().exists():
        check(federation, *rest)
    elif deed == "send":
        agency, day, value, kind = rest
        federation.now += timedelta(seconds=1)
        if kind == "H":
            federation.submit(agency, *(Said("H", day + number * HOUR, {NO: value}) for number in range(0, 24, 5)))
        else:
            federation.submit(agency, Said("D", day, {NO: value}, withdrawn=kind == "withdrawn"))

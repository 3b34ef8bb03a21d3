"""Late and silent agencies: each run of late periods is one finding."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django import conf
from hypothesis import given
from hypothesis import strategies as st

from countries import registry
from countries.models import Schedule
from federation.findings import decisions, lateness
from federation.models.findings import Finding
from federation.models.submissions import Report
from federation.models.worklist import WatchMark
from tests.histories import one_in
from tests.integration.federation.world import Said, world
from tests.oracles import rules as oracle
from tests.oracles.calendar import end_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = date(2026, 11, 25)
MIDNIGHT = NOON.replace(hour=0)
NO = (578, 1)


def told(**of):
    """The open findings as rule, first and last period, and how many periods they say to tell of."""
    rows = Finding.objects.filter(resolved=None, **of).order_by("agency", "frequency", "period")
    return [(row.rule, row.period, row.last_period, row.facts["periods"]) for row in rows]


def at(first, last=None):
    """Two hours of the day that it is."""
    return MIDNIGHT + first * HOUR, MIDNIGHT + (first if last is None else last) * HOUR


def ends():
    return Counter(Finding.objects.exclude(resolved=None).values_list("rule", "resolution"))


def look(federation):
    federation.settle()
    lateness.watch(now=federation.now)


def report(federation, *hours, agency=0, **more):
    federation.now += timedelta(seconds=1)
    federation.submit(agency, *(Said("H", MIDNIGHT + number * HOUR, {NO: 5}, **more) for number in hours))
    look(federation)


def pass_hours(federation, count=1):
    federation.wait(hours=count)
    look(federation)


@pytest.fixture
def silent(federation):
    """An agency that has owed hours since midnight and sent none; those until ten are past their deadline."""
    federation.now += timedelta(minutes=1)
    federation.schedule(0, "H", SINCE)
    look(federation)
    return federation


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_late_hour_is_one_finding_that_grows_into_a_silence(federation):
    federation.now = NOON + timedelta(minutes=1)
    federation.schedule(0, "H", SINCE)
    federation.submit(0, *(Said("H", MIDNIGHT + number * HOUR, {NO: number}) for number in range(12)))
    look(federation)
    assert told() == []
    pass_hours(federation, 2)
    first = Finding.objects.get()
    assert told() == [("R201", *at(12), 1)]
    pass_hours(federation)
    assert told() == [("R201", *at(12, 13), 2)]
    assert Finding.objects.get().pk == first.pk
    pass_hours(federation)
    assert told() == [("R202", *at(12, 14), 3)]
    assert ends() == {("R201", "itself"): 1}
    silence = Finding.objects.get(rule="R202")
    pass_hours(federation, 5)
    assert told() == [("R202", *at(12, 19), 8)]
    silence.refresh_from_db()
    assert (silence.agency, silence.frequency, silence.changed) == (federation.agencies[0], "H", federation.now)


def test_nobody_is_late_before_the_deadline(federation):
    federation.schedule(0, "H", SINCE, deadline=12 * 60)
    pass_hours(federation)
    assert [told(), Finding.objects.count()] == [[("R201", *at(0), 1)], 1]


def test_a_report_ends_a_run_and_another_run_can_begin(silent):
    assert told() == [("R202", *at(0, 10), 11)]
    report(silent, 11)
    pass_hours(silent, 3)
    assert told() == [("R202", *at(0, 10), 11), ("R201", *at(12, 13), 2)]


def test_a_run_that_is_filled_ends_by_itself(silent):
    report(silent, *range(11))
    assert (told(), ends()) == ([], {("R202", "itself"): 1})


@pytest.mark.verify
def test_a_run_that_is_filled_in_the_middle_splits(silent):
    before = Finding.objects.get()
    report(silent, 4, 7)
    assert told() == [("R202", *at(0, 3), 4), ("R201", *at(5, 6), 2), ("R202", *at(8, 10), 3)]
    assert Finding.objects.get(period=MIDNIGHT) == before
    report(silent, 1)
    assert told() == [
        ("R201", *at(0), 1),
        ("R201", *at(2, 3), 2),
        ("R201", *at(5, 6), 2),
        ("R202", *at(8, 10), 3),
    ]


@pytest.mark.verify
def test_a_run_that_is_filled_from_its_beginning_stays_one_finding(silent):
    before = Finding.objects.get()
    for number in range(8):
        report(silent, number)
        assert told() == [("R202", *at(number + 1, 10), 10 - number)]
    assert Finding.objects.get() == before


@pytest.mark.verify
def test_a_night_of_silent_minutes_is_one_story(federation):
    saturday = datetime(2026, 11, 28, tzinfo=UTC)
    federation.now = saturday - timedelta(minutes=5)
    federation.schedule(0, "N", saturday.date())
    for _ in range(4):
        federation.wait(hours=2, minutes=30)
        look(federation)
    federation.submit(0, Said("N", saturday + timedelta(hours=8), {NO: 1}))
    look(federation)
    assert told() == [("R202", saturday, saturday + 7 * HOUR, 8)]
    assert Finding.objects.exclude(rule="R201").count() == 1


@pytest.mark.parametrize(
    ("frequency", "first", "last", "count", "days"),
    [("D", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), 5, 0),
     ("M", datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), 3, 40)],
)  # fmt: skip
def test_late_days_and_months_are_found_at_their_own_frequency(federation, frequency, first, last, count, days):
    federation.schedule(0, frequency, first.date())
    federation.wait(days=days, minutes=1)
    look(federation)
    assert told() == [("R202", first, last, count)]
    assert Finding.objects.get(resolved=None).frequency == frequency


def test_each_agency_has_its_own_story(silent):
    silent.schedule(1, "H", SINCE)
    look(silent)
    report(silent, 5, agency=1)
    assert told(agency=silent.agencies[0]) == [("R202", *at(0, 10), 11)]
    assert told(agency=silent.agencies[1]) == [("R202", *at(0, 4), 5), ("R202", *at(6, 10), 5)]


# --- what is not late -------------------------------------------------------------------------------------------------


def test_what_was_withdrawn_is_not_late(silent):
    report(silent, 4)
    report(silent, 4, withdrawn=True)
    assert told() == [("R202", *at(0, 3), 4), ("R202", *at(5, 10), 6)]


@pytest.mark.verify
def test_a_held_period_is_not_late_and_a_rejected_one_is_not_late_again(silent):
    weeks = [MIDNIGHT + 4 * HOUR - number * timedelta(weeks=1) for number in range(1, 6)]
    silent.submit(0, *(Said("H", start, {NO: 100}) for start in weeks))
    silent.submit(0, Said("H", MIDNIGHT + 4 * HOUR, {NO: 9_000}))
    look(silent)
    held = Report.objects.get(state="held")
    expected = [("R202", *at(0, 3), 4), ("R202", *at(5, 10), 6)]
    assert told(rule__in=["R201", "R202"], period__gte=MIDNIGHT) == expected
    decisions.reject(reports=[held.pk], by="a coordinator", reason="a mistake", now=silent.now)
    look(silent)
    assert told(rule__in=["R201", "R202"], period__gte=MIDNIGHT) == expected


def test_who_owes_nothing_is_not_late(federation):
    federation.submit(0, Said("H", MIDNIGHT, {NO: 5}))
    pass_hours(federation, 5)
    assert told() == []


# --- what a coordinator closed ----------------------------------------------------------------------------------------


def close(federation):
    found = Finding.objects.get(resolved=None)
    decisions.resolve(findings=[found.pk], by="a coordinator", reason="they move house", now=federation.now)
    return found


def test_a_silence_that_a_coordinator_closed_stays_closed_while_it_grows(silent):
    closed = close(silent)
    pass_hours(silent, 4)
    pass_hours(silent, 4)
    assert (told(), Finding.objects.count()) == ([], 1)
    closed.refresh_from_db()
    assert (closed.resolution, closed.last_period) == ("coordinator", MIDNIGHT + 18 * HOUR)
    assert closed.facts == {"periods": 19}


def test_a_new_silence_after_a_closed_one_is_told(silent):
    close(silent)
    report(silent, 11)
    pass_hours(silent, 4)
    assert told() == [("R202", *at(12, 14), 3)]


def test_a_closed_silence_that_is_filled_in_parts_stays_closed(silent):
    close(silent)
    report(silent, 0, 1)
    report(silent, 5)
    pass_hours(silent, 6)
    assert told() == []
    report(silent, *range(2, 18))
    assert told() == []


def test_a_late_hour_that_was_closed_comes_back_as_a_silence(federation):
    federation.now = NOON + timedelta(minutes=1)
    federation.schedule(0, "H", SINCE)
    federation.submit(0, *(Said("H", MIDNIGHT + number * HOUR, {NO: number}) for number in range(12)))
    pass_hours(federation, 2)
    close(federation)
    pass_hours(federation)
    assert told() == []
    pass_hours(federation)
    assert told() == [("R202", *at(12, 14), 3)]


def test_an_answer_stays_with_a_story_that_grows(silent):
    found = Finding.objects.get()
    decisions.answer(finding=found.pk, agency=1, answer="cannot_fix", remark="", by=found.agency.code, now=silent.now)
    pass_hours(silent, 3)
    found.refresh_from_db()
    assert (found.state, found.facts, found.answers.count()) == ("answered", {"periods": 14}, 1)


# --- schedules --------------------------------------------------------------------------------------------------------


def test_a_schedule_that_is_taken_back_ends_the_story(silent):
    registry.delete(Schedule.objects.get(), by="test")
    look(silent)
    assert (told(), ends()) == ([], {("R202", "itself"): 1})


def test_a_schedule_that_ends_earlier_shortens_the_story(silent):
    before = Finding.objects.get()
    row = Schedule.objects.get()
    row.valid_from = SINCE - DAY
    registry.save(row, by="test")
    look(silent)
    yesterday = MIDNIGHT - DAY
    assert told() == [("R202", yesterday, at(10)[0], 35)]
    row.valid_to = SINCE - DAY
    registry.save(row, by="test")
    look(silent)
    assert told() == [("R202", yesterday, yesterday + 23 * HOUR, 24)]
    assert Finding.objects.get() == before


def test_late_periods_are_found_at_the_frequency_of_their_schedule(federation):
    """A day was owed as a day at first, and by the hour later: its hours, then, are what is late."""
    federation.schedule(0, "D", SINCE - 3 * DAY, SINCE - 2 * DAY)
    hourly = federation.schedule(0, "H", SINCE - DAY, SINCE - DAY)
    look(federation)
    yesterday = MIDNIGHT - DAY
    assert told(frequency="D") == [("R201", MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY, 2)]
    assert told(frequency="H") == [("R202", yesterday, yesterday + 23 * HOUR, 24)]
    hourly.frequency = "D"
    registry.save(hourly, by="test")
    look(federation)
    assert told() == [("R202", MIDNIGHT - 3 * DAY, yesterday, 3)]


# --- against the second implementation --------------------------------------------------------------------------------

hours = st.integers(0, 30)
some_hours = st.lists(hours, min_size=1, max_size=8, unique=True)
reports = st.tuples(st.just("report"), st.integers(0, 1), some_hours, st.booleans())
waits = st.tuples(st.just("wait"), st.sampled_from([1, 1, 2, 5, 13]))
looks = st.tuples(st.just("look"))
edits = st.tuples(st.just("edit"), st.integers(0, 1), st.sampled_from("NHHD"), st.integers(-1, 1), st.integers(0, 2))
histories = st.lists(reports | reports | waits | waits | looks | edits, min_size=2, max_size=12)

few_examples = one_in(5)


def live(federation, history):
    for deed, *particulars in history:
        if deed == "report":
            agency, some, withdrawn = particulars
            federation.now += timedelta(seconds=1)
            starts = [MIDNIGHT + number * HOUR for number in some]
            ended = [start for start in starts if end_of("H", start) <= federation.now]
            cells = {} if withdrawn else {NO: 5}
            federation.submit(agency, *(Said("H", start, cells, withdrawn=withdrawn) for start in ended))
        elif deed == "wait":
            federation.wait(hours=particulars[0])
        elif deed == "look":
            look(federation)
        else:
            agency, frequency, first, length = particulars
            for old in Schedule.objects.filter(agency=federation.agencies[agency], frequency=frequency):
                registry.delete(old, by="test")
            begin = SINCE + first * DAY
            federation.schedule(agency, frequency, begin, begin + length * DAY)


def expected_stories(federation):
    """By the oracle's coverage and the words of the rule: each run of late periods of each schedule's frequency."""
    told_by = federation.oracle()
    found = set()
    for agency in (1, 2):
        for frequency, own in (("H", "NH"), ("D", "D")):
            mine = [one for one in told_by.schedules if one.agency == agency and one.frequency in own]
            late = [
                start
                for start in told_by.ended_periods(1, frequency)
                if told_by.coverage(1, frequency, start).states.get(agency) == "late"
                if any(one.starts < end_of(frequency, start) and one.ends > start for one in mine)
            ]
            for run in oracle.stretches(frequency, late):
                rule = "R202" if len(run) >= conf.settings.THRESHOLDS["R202_PERIODS"] else "R201"
                found.add((rule, agency, frequency, run[0], run[-1], len(run)))
    return found


@pytest.mark.verify
@few_examples
@given(histories)
def test_stories_are_the_runs_of_late_periods_of_the_oracle(monkeypatch, history):
    with world(monkeypatch, now=NOON + timedelta(minutes=1)) as federation:
        federation.schedule(0, "H", SINCE)
        live(federation, history)
        look(federation)
        rows = Finding.objects.filter(resolved=None, rule__in=["R201", "R202"])
        stored = [
            (row.rule, row.agency_id, row.frequency, row.period, row.last_period, row.facts["periods"]) for row in rows
        ]
        assert Counter(stored) == Counter(expected_stories(federation))
        WatchMark.objects.update(version=0)
        changed = set(Finding.objects.values_list("id", "changed", "state"))
        lateness.watch(now=federation.now + HOUR)
        assert set(Finding.objects.values_list("id", "changed", "state")) == changed

"""R102 about sums: a day whose hours add up to far from the usual is a warning, and a hold takes its place."""

from dataclasses import replace

import pytest

from countries import registry
from countries.models import Annotation
from federation.findings import decisions
from federation.models.submissions import Report
from tests.integration.federation.open_findings import (
    DAY,
    HOUR,
    NO,
    NOON,
    OLD,
    WEEK,
    day,
    ends,
    hours_of,
    rebuilt,
    resolve,
    send,
    the_finding,
    told,
)  # fmt: skip
from tests.integration.federation.world import Said, chapter, world

#: Fifty an hour on average, no hour like the one before.
BUSY = [Said("H", OLD + number * HOUR, {NO: 49 + number % 2 * 2}) for number in range(24)]


@pytest.fixture(scope="module")
def eight_weeks(module_db):
    """Eight weeks in which the day had a hundred."""
    with pytest.MonkeyPatch.context() as patch, world(patch, now=NOON) as made:
        send(made, *(day(OLD - number * WEEK, cells={NO: 100 + number}) for number in range(1, 9)))
        assert told() == []
        yield made


@pytest.fixture
def usual(db, eight_weeks):
    """The same for one test, which continues it in a chapter of its own."""
    with chapter(eight_weeks) as made:
        yield made


def test_a_sum_of_hours_far_from_the_usual_is_a_warning(usual):
    send(usual, *BUSY)
    found = the_finding()
    assert (found.rule, found.frequency, found.period, found.report) == ("R102", "D", OLD, None)
    assert (found.facts["value"], found.facts["usual"]) == (1_200, 104.5)
    assert sorted(found.facts["values"]) == list(range(101, 109))
    assert not Report.objects.filter(state="held").exists()
    rebuilt(usual)
    assert the_finding().pk == found.pk


def test_a_sum_is_judged_once_it_is_whole(usual):
    send(usual, *BUSY[:23])
    assert told() == []
    send(usual, Said("H", OLD + 23 * HOUR, {NO: 1}))
    assert told() == [("R102", "D", OLD)]
    send(usual, *hours_of(OLD, each=4))
    assert (told(), ends()) == ([], [("R102", "itself")])


def test_a_break_closes_what_was_noticed_of_a_sum(usual):
    send(usual, *BUSY)
    mark = Annotation(kind="change", text="New computers.", start=OLD, is_break=True, agency=usual.agencies[0])
    registry.save(mark, by="a coordinator")
    usual.settle()
    assert (told(), ends()) == ([], [("R102", "itself")])


def test_a_report_of_the_whole_day_is_no_sum(usual):
    send(usual, *BUSY)
    send(usual, day(OLD, cells={NO: 130}))
    assert told(rule="R102") == []


@pytest.mark.verify
def test_what_is_noticed_of_a_sum_leaves_a_hold_alone(usual):
    send(usual, *BUSY)
    send(usual, day(OLD, cells={NO: 5_000}))
    hold = the_finding(rule="R102")
    assert hold.holds.count() == 1
    rebuilt(usual)
    assert (the_finding(rule="R102"), the_finding(rule="R102").facts["value"]) == (hold, 5_000)
    decisions.reject(reports=[hold.holds.get().pk], by="a coordinator", reason="a mistake", now=usual.now)
    usual.settle()
    assert the_finding(rule="R102").facts["value"] == 1_200


@pytest.fixture
def two_usual_days(usual):
    """The same for the day after it, of which a report is held; and a sum of the day is far from the usual."""
    send(usual, *(day(OLD + DAY - number * WEEK, cells={NO: 100 + number}) for number in range(1, 9)))
    send(usual, *BUSY)
    send(usual, day(OLD + DAY, cells={NO: 5_000}))
    assert told(rule="R102") == [("R102", "D", OLD), ("R102", "D", OLD + DAY)]
    return usual


def test_a_hold_that_grows_backwards_takes_the_place_of_what_was_noticed_of_a_sum(two_usual_days):
    receipt = send(two_usual_days, day(OLD, cells={NO: 6_000}))
    assert receipt.outcomes == {"held": 1}
    found = the_finding(rule="R102")
    assert (found.period, found.last_period, found.facts["value"]) == (OLD, OLD + DAY, 6_000)
    assert found.holds.count() == 2
    assert ends() == [("R102", "revision")]


@pytest.mark.verify
def test_holds_that_grow_both_ways_over_sums_are_one_finding(two_usual_days):
    send(two_usual_days, *(day(OLD + 2 * DAY - number * WEEK, cells={NO: 100}) for number in range(1, 9)))
    send(two_usual_days, *(replace(one, period=one.period + 2 * DAY) for one in BUSY))
    assert len(told(rule="R102", frequency="D")) == 3
    send(two_usual_days, day(OLD, cells={NO: 6_000}), day(OLD + 2 * DAY, cells={NO: 7_000}))
    found = the_finding(rule="R102", period=OLD)
    assert (found.last_period, found.holds.count()) == (OLD + 2 * DAY, 3)


def test_what_a_coordinator_closed_of_a_sum_stays_closed_when_the_weeks_before_change(usual):
    send(usual, *BUSY)
    resolve(usual, the_finding())
    send(usual, day(OLD - WEEK, cells={NO: 110}))
    rebuilt(usual)
    assert told() == []
    send(usual, Said("H", OLD, {NO: 52}))
    assert told() == [("R102", "D", OLD)]

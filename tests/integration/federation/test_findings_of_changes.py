"""Findings about numbers that change late or often, and about hours that repeat others."""

from datetime import UTC, datetime, timedelta

import pytest

from federation.database import clock
from federation.findings import decisions
from federation.models.findings import Finding
from federation.models.submissions import Report
from federation.models.worklist import Work
from federation.runs import reconciliation
from tests import factories
from tests.integration.federation.open_findings import (
    DAY,
    DE,
    HOUR,
    NO,
    OLD,
    TEN,
    WEEK,
    day,
    ends,
    hour,
    rebuilt,
    send,
    the_finding,
    told,
)  # fmt: skip
from tests.integration.federation.world import Memory, Said
from tests.integration.locks import one_before_the_other

pytestmark = pytest.mark.django_db


def test_a_large_revision_of_an_old_period_is_noticed(federation):
    send(federation, day(cells={NO: 200}))
    send(federation, day(cells={NO: 251}))
    assert the_finding().facts == {"value": 251, "before": 200, "share": 0.255}
    rebuilt(federation)
    assert told() == [("R103", "D", OLD)]


def test_a_withdrawal_of_an_old_period_is_a_revision_to_nothing(federation):
    send(federation, day(cells={NO: 200}))
    send(federation, Said("D", OLD, withdrawn=True))
    assert the_finding().facts == {"value": 0, "before": 200, "share": 1.0}


@pytest.mark.parametrize("cells", [{NO: 250}, {DE: 200}], ids=["a quarter", "elsewhere"])
def test_a_small_revision_is_not_noticed(federation, cells):
    send(federation, day(cells={NO: 200}))
    send(federation, day(cells=cells))
    assert told() == []


def test_a_revision_within_two_days_is_not_noticed(federation):
    federation.go_to(OLD + 3 * DAY - timedelta(seconds=1))
    send(federation, day(cells={NO: 200}))
    assert federation.now == OLD + 3 * DAY
    send(federation, day(OLD + HOUR * 24, cells={NO: 200}))
    federation.go_to(OLD + 3 * DAY - timedelta(seconds=1))
    send(federation, day(cells={NO: 500}))
    assert told(rule="R103") == []
    send(federation, day(cells={NO: 800}))
    assert told(rule="R103") == [("R103", "D", OLD)]


def test_a_revision_is_compared_with_what_counted_before_it(federation):
    send(federation, day(cells={NO: 200}))
    federation.submit(0, day(cells={NO: 5}), minutes_ago=5)
    send(federation, day(cells={NO: 210}))
    assert told() == []


def test_a_rejected_report_is_not_what_counted_before(federation):
    send(federation, *(day(OLD - number * WEEK) for number in range(6)))
    send(federation, day(cells={NO: 5_000}))
    held = Report.objects.get(state="held")
    decisions.reject(reports=[held.pk], by="a coordinator", reason="a mistake", now=federation.now)
    send(federation, day(cells={NO: 120}))
    assert told() == []


def test_a_released_report_is_what_counted_before(federation):
    send(federation, *(day(OLD - number * WEEK) for number in range(6)))
    send(federation, day(cells={NO: 5_000}))
    held = Report.objects.get(state="held")
    decisions.release(reports=[held.pk], by="a coordinator", reason="it is so", now=federation.now)
    federation.settle()
    assert the_finding().facts == {"value": 5_000, "before": 100, "share": 49.0}
    send(federation, day(cells={NO: 120}))
    assert the_finding().facts == {"value": 120, "before": 5_000, "share": 0.976}


# --- R104 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the later one first"])
def test_an_hour_that_repeats_the_one_before_is_noticed(federation, order):
    for number in order:
        send(federation, hour(TEN + number * HOUR))
    assert told() == [("R104", "H", TEN + HOUR)]
    assert the_finding().facts == {"value": 100}


@pytest.mark.parametrize(
    "change", [hour(cells={NO: 101}), hour(cells={DE: 100}), Said("H", TEN, withdrawn=True)], ids=str
)
def test_a_repetition_ends_when_the_hour_before_changes(federation, change):
    send(federation, hour(TEN), hour(TEN + HOUR))
    send(federation, change)
    assert (told(), ends()) == ([], [("R104", "itself")])
    send(federation, hour(TEN))
    assert told() == [("R104", "H", TEN + HOUR)]


def test_a_repetition_does_not_care_for_what_reports_say_of_themselves(federation):
    send(federation, hour(TEN, status="P"), hour(TEN + HOUR, status="A"))
    assert told() == [("R104", "H", TEN + HOUR)]


def test_days_and_months_repeat_too(federation):
    september, october = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    send(federation, day(OLD), day(OLD + DAY), Said("M", september, {NO: 70}), Said("M", october, {NO: 70}))
    assert told() == [("R104", "D", OLD + DAY), ("R104", "M", october)]


@pytest.mark.verify
def test_few_and_others_figures_do_not_repeat(federation):
    send(federation, hour(TEN, cells={NO: 49}), hour(TEN + HOUR, cells={NO: 49}))
    send(federation, hour(TEN - HOUR, cells={DE: 70}), agency=1)
    send(federation, hour(TEN, cells={DE: 70}), agency=2)
    assert told() == []


def test_a_change_that_touches_no_repetition_makes_no_work_for_the_next_hour(federation):
    send(federation, hour(TEN, cells={NO: 70}), hour(TEN + HOUR, cells={NO: 80}))
    federation.now += timedelta(seconds=1)
    federation.submit(0, hour(TEN, cells={NO: 71}))
    reconciliation._step()
    items = {str(item) for item in map(reconciliation.worklist.unpack, Work.objects.values_list("item", flat=True))}
    assert items
    assert not any("2026-11-25T11:00" in item for item in items)


# --- R106 -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_revision")
def test_an_hour_that_is_revised_very_often_is_noticed_and_counts(federation):
    for value in (11, 12, 12):
        send(federation, hour(cells={NO: value}))
    federation.submit(0, hour(cells={NO: 5}), minutes_ago=5)
    federation.settle()
    # Neither a report that changes nothing nor one that came too late is a revision.
    assert told() == []
    receipt = send(federation, hour(cells={NO: 13}))
    assert receipt.outcomes == {"current": 1}
    assert (told(), the_finding().facts) == ([("R106", "H", TEN)], {"revisions": 2})
    send(federation, Said("H", TEN, withdrawn=True))
    assert (the_finding().facts, ends()) == ({"revisions": 3}, [("R106", "revision")])
    rebuilt(federation)
    assert told() == [("R106", "H", TEN)]


# --- R102 on sums, beside a worker ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_hold_waits_for_what_a_worker_notices_of_a_sum_and_takes_its_place():
    agency = factories.AgencyFactory.create()
    factories.IndicatorFactory.create(number=1)
    memory, sent = Memory(), clock.now()

    def send_days(*said):
        nonlocal sent
        sent += timedelta(seconds=1)
        return memory.submit(agency, said, prepared=sent, received=sent)

    def notice():
        facts = {"value": 1_200, "usual": 104.5}
        key = {"rule": "R102", "agency": agency, "indicator_id": 1, "frequency": "D"}
        Finding.objects.create(**key, period=OLD, last_period=OLD, facts=facts, opened=sent, changed=sent)

    send_days(*(day(OLD + extra - number * WEEK) for number in range(1, 9) for extra in (0 * DAY, DAY)))
    send_days(day(OLD + DAY, cells={NO: 5_000}))
    _, receipt = one_before_the_other(notice, lambda: send_days(day(OLD, cells={NO: 6_000})))
    assert receipt.outcomes == {"held": 1}
    found = the_finding(rule="R102")
    assert (found.period, found.holds.count(), ends()) == (OLD, 2, [("R102", "revision")])

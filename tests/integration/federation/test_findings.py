"""Findings about reports and sums: opened, updated and closed as the numbers change."""

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from django import conf
from hypothesis import given
from hypothesis import strategies as st

from countries.models import Threshold
from federation import worklist
from federation.database import clock
from federation.findings import decisions, finding_queries
from federation.intake import dry_run
from federation.models.findings import Finding
from federation.models.submissions import Report
from federation.runs import reconciliation
from p2p_core import periods
from tests import factories, reporting
from tests.histories import one_in
from tests.integration.federation import workers
from tests.integration.federation.open_findings import (
    DAY,
    DE,
    HOUR,
    NO,
    NOON,
    OLD,
    TEN,
    TODAY,
    UNKNOWN,
    WEEK,
    day,
    ends,
    hour,
    hours_of,
    rebuilt,
    resolve,
    send,
    the_finding,
    told,
)  # fmt: skip
from tests.integration.federation.world import Memory, Said, world
from tests.oracles.calendar import end_of
from tests.oracles.findings import RULES, Reviewer

pytestmark = pytest.mark.django_db

# --- the life of a finding --------------------------------------------------------------------------------------------

MUCH_UNLOCATED = {NO: 60, UNKNOWN: 40}


def test_a_finding_opens_with_the_numbers_behind_it_and_the_report_that_it_is_about(federation):
    receipt = send(federation, hour(cells=MUCH_UNLOCATED))
    found = the_finding()
    assert (found.rule, found.agency, found.frequency) == ("R105", federation.agencies[0], "H")
    assert (found.period, found.last_period, found.state) == (TEN, TEN, "open")
    assert found.facts == {"value": 100, "unlocated": 40, "share": 0.4}
    assert found.report.submission_id == receipt.submission_id
    assert found.opened == found.changed == federation.now


def test_another_report_ends_a_finding_and_may_open_a_new_one(federation):
    send(federation, hour(cells=MUCH_UNLOCATED))
    send(federation, hour(cells={NO: 50, UNKNOWN: 50}))
    assert ends() == [("R105", "revision")]
    assert the_finding().facts["unlocated"] == 50
    send(federation, hour(cells={NO: 100}))
    assert ends() == [("R105", "revision")] * 2
    assert told() == []


def test_a_withdrawal_ends_a_finding(federation):
    send(federation, hour(cells=MUCH_UNLOCATED))
    send(federation, Said("H", TEN, withdrawn=True))
    assert (told(), ends()) == ([], [("R105", "revision")])


def test_an_unchanged_report_leaves_its_finding_alone(federation):
    send(federation, hour(cells=MUCH_UNLOCATED))
    before = the_finding()
    receipt = send(federation, hour(cells=MUCH_UNLOCATED))
    rebuilt(federation)
    assert (the_finding().pk, the_finding().changed, ends()) == (before.pk, before.changed, [])
    assert [one.id for one in finding_queries.of_submission(receipt.submission_id)] == [before.pk]


def test_a_finding_opens_once_however_often_it_is_looked_for(federation):
    send(federation, hour(cells=MUCH_UNLOCATED))
    for _ in range(2):
        rebuilt(federation)
    assert Finding.objects.count() == 1


def test_what_a_coordinator_closed_does_not_come_back_unless_the_facts_change(federation):
    send(federation, hour(cells=MUCH_UNLOCATED))
    resolve(federation, the_finding())
    rebuilt(federation)
    send(federation, hour(cells={DE: 60, UNKNOWN: 40}))
    assert (told(), ends()) == ([], [("R105", "coordinator")])
    send(federation, hour(cells={DE: 60, UNKNOWN: 41}))
    assert told() == [("R105", "H", TEN)]


def test_what_ended_by_itself_comes_back(federation):
    for cells in (MUCH_UNLOCATED, {NO: 100}, MUCH_UNLOCATED):
        send(federation, hour(cells=cells))
    assert (told(), ends()) == ([("R105", "H", TEN)], [("R105", "revision")])


def test_an_answered_finding_stays_answered_and_ends_as_others_do(federation):
    send(federation, day(cells={NO: 100}), *hours_of(OLD, each=4))
    found = the_finding()
    decisions.answer(
        finding=found.pk, agency=1, answer="will_resubmit", remark="", by=found.agency.code, now=federation.now
    )
    send(federation, Said("H", OLD, {NO: 5}))
    found.refresh_from_db()
    assert (found.state, found.facts["finer"]) == ("answered", 97)
    send(federation, Said("H", OLD, {NO: 8}))
    found.refresh_from_db()
    assert (found.state, found.resolution) == ("resolved", "itself")


def test_minutes_are_judged_by_their_hour(federation):
    send(federation, *(Said("N", TEN + timedelta(minutes=number), {UNKNOWN: 100}) for number in range(3)))
    assert told() == []


def test_an_agency_has_its_own_thresholds(federation):
    Threshold.objects.create(agency=federation.agencies[0], name="R105_SHARE", value=0.5)
    for agency in (0, 1):
        send(federation, hour(cells=MUCH_UNLOCATED), agency=agency)
    assert [found.agency for found in Finding.objects.all()] == [federation.agencies[1]]


def test_a_held_report_is_judged_once_it_is_released(federation):
    send(federation, *(day(OLD - number * WEEK) for number in range(1, 6)))
    send(federation, day(cells={UNKNOWN: 5_000}))
    assert told() == [("R102", "D", OLD)]
    held = Report.objects.get(state="held")
    decisions.release(reports=[held.pk], by="a coordinator", reason="it is so", now=federation.now)
    federation.settle()
    assert told() == [("R105", "D", OLD)]


# --- R101 -------------------------------------------------------------------------------------------------------------


def test_a_day_that_differs_from_its_hours_is_a_mismatch(federation):
    send(federation, day(cells={NO: 100, DE: 3}), *hours_of(OLD, each=4))
    assert the_finding().facts == {
        "value": 103,
        "finer": 96,
        "finer_frequency": "H",
        "cells": 2,
        "country": "NO",
        "network": "BITTORRENT",
        "reported": 100,
        "summed": 96,
    }


def test_a_mismatch_follows_the_finer_figures(federation):
    send(federation, day(cells={NO: 100}))
    send(federation, *hours_of(OLD, each=4, count=23))
    assert told() == []
    send(federation, Said("H", OLD + 23 * HOUR, {NO: 9}))
    first = the_finding()
    assert (first.rule, first.frequency, first.facts["finer"]) == ("R101", "D", 101)
    send(federation, Said("H", OLD, {NO: 5}))
    assert (the_finding().pk, the_finding().facts["finer"]) == (first.pk, 102)
    send(federation, Said("H", OLD, {NO: 3}))
    assert (told(), ends()) == ([], [("R101", "itself")])
    send(federation, Said("H", OLD, {DE: 3}))
    assert (the_finding().facts["value"], the_finding().facts["finer"]) == (100, 100)


def test_an_hour_is_compared_with_its_minutes_also_when_they_are_pruned(federation):
    minutes = [Said("N", OLD + timedelta(minutes=number), {NO: 1}) for number in range(60)]
    send(federation, Said("H", OLD, {NO: 60}), *minutes)
    assert told() == []
    send(federation, replace(minutes[5], cells={NO: 2}))
    assert told() == [("R101", "H", OLD)]


def test_a_month_is_compared_with_its_days(federation):
    october = datetime(2026, 10, 1, tzinfo=UTC)
    days = [day(october + number * DAY, cells={NO: number}) for number in range(31)]
    send(federation, Said("M", october, {NO: 464}), *days)
    assert told(rule="R101") == [("R101", "M", october)]
    send(federation, Said("M", october, {NO: 465}))
    assert told(rule="R101") == []


def test_a_withdrawn_day_is_no_mismatch(federation):
    send(federation, day(cells={NO: 100}), *hours_of(OLD, each=4))
    send(federation, Said("D", OLD, withdrawn=True))
    assert told(rule="R101") == []


# --- against the second implementation --------------------------------------------------------------------------------

PERIODS = {
    "H": [OLD, OLD + HOUR, OLD + 2 * HOUR, TEN, TEN + HOUR],
    "D": [OLD, OLD + DAY, TODAY - DAY],
    "M": [datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)],
    "N": [OLD, OLD + timedelta(minutes=7)],
}
#: What a period may be filled with: minutes, hours or days, each with so many.
FILLED = [("N", OLD), ("H", OLD), ("H", OLD), ("D", PERIODS["M"][1])]
FINER_IN = {"N": "H", "H": "D", "D": "M"}

cells = st.sampled_from(
    [{NO: 60}, {NO: 60}, {NO: 30, UNKNOWN: 30}, {NO: 24 * 60}, {NO: 48}, {NO: 120, DE: 60}, {}, {UNKNOWN: 49}]
)


@st.composite
def reports(draw):
    frequency = draw(st.sampled_from("HHHDDMN"))
    withdrawn = draw(st.integers(0, 7)) == 0
    return Said(
        frequency,
        draw(st.sampled_from(PERIODS[frequency])),
        {} if withdrawn else draw(cells),
        status=draw(st.sampled_from("AAP")),
        withdrawn=withdrawn,
    )


def filling(frequency, start, each):
    """Reports of all finer periods of a period."""
    said, at = [], start
    while at < end_of(FINER_IN[frequency], start):
        said.append(Said(frequency, at, each))
        at = end_of(frequency, at)
    return said


fillings = st.builds(lambda place, each: filling(place[0], place[1], each), st.sampled_from(FILLED), cells)
some_reports = st.lists(reports(), min_size=1, max_size=5, unique_by=lambda said: said.key)
submissions = st.tuples(st.just("submit"), st.integers(0, 1), some_reports | some_reports | fillings, st.integers(0, 9))
turns = st.tuples(st.just("work"), st.integers(1, 5))
waits = st.tuples(st.just("wait"), st.sampled_from([timedelta(minutes=5), DAY, 3 * DAY]))
histories = st.lists(submissions | submissions | turns | waits, min_size=2, max_size=10)

few_examples = one_in(7)


def live(federation, history):
    for deed, *particulars in history:
        if deed == "submit":
            agency, said, minutes_ago = particulars
            federation.submit(agency, *said, minutes_ago=minutes_ago)
        elif deed == "work":
            for _ in range(particulars[0]):
                reconciliation._step()
        else:
            federation.now += particulars[0]


def stored():
    """The main numbers of what stands open about reports."""
    names = {
        "R101": ("value", "finer", "cells"),
        "R103": ("value", "before"),
        "R104": ("value",),
        "R106": ("revisions",),
    }
    return {
        (row.rule, row.agency_id, row.indicator_id, row.frequency, row.period): {
            name: row.facts[name] for name in names.get(row.rule, ("value", "unlocated"))
        }
        for row in Finding.objects.filter(resolved=None, rule__in=RULES)
    }


def assert_findings_agree(federation):
    expected = Reviewer(federation.memory.desk, federation.oracle(), conf.settings.THRESHOLDS).noticed()
    assert stored() == expected
    current = dict(Report.objects.filter(state="current").values_list("id", "equals"))
    roots = {equals or id_ for id_, equals in current.items()}
    about = Finding.objects.filter(resolved=None).exclude(report=None)
    assert set(about.values_list("report", flat=True)) <= roots


@pytest.mark.usefixtures("one_revision")
@few_examples
@given(histories)
def test_what_stands_open_is_what_the_oracle_notices(monkeypatch, history):
    with world(monkeypatch, now=NOON) as federation:
        monkeypatch.setitem(reconciliation.worklist.CLAIM, "figure", 7)
        live(federation, history)
        federation.settle()
        assert_findings_agree(federation)
        before = set(Finding.objects.values_list("id", "changed"))
        rebuilt(federation)
        assert set(Finding.objects.values_list("id", "changed")) == before


@pytest.mark.usefixtures("one_revision")
@few_examples
@given(histories, st.integers(0, 1), some_reports | fillings | st.tuples(some_reports, fillings))
def test_a_preview_says_what_a_submission_will_have_once_reconciled(monkeypatch, history, agency, last):
    said = list({one.key: one for part in last for one in part}.values()) if isinstance(last, tuple) else last
    with world(monkeypatch, now=NOON) as federation:
        live(federation, history)
        federation.now += timedelta(minutes=1)
        tried = dry_run.preview(
            federation.agencies[agency],
            reporting.submission([one.as_new() for one in said], federation.now, federation.now),
        )
        receipt = federation.submit(agency, *said)
        federation.settle()
        became = [replace(one, id=None) for one in finding_queries.of_submission(receipt.submission_id)]
        assert by_position(tried.findings) == by_position(became)


def by_position(found):
    ordered = sorted(found, key=lambda one: (one.position, one.rule, one.period))
    return {position: list(some) for position, some in groupby(ordered, key=lambda one: one.position)}


# --- real workers -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.verify
def test_two_workers_that_are_killed_at_any_instant_leave_what_the_oracle_notices(tmp_path):
    chance, memory, now = random.Random(3), Memory(), clock.now()
    factories.IndicatorFactory.create(number=1)
    agencies = [factories.AgencyFactory.create(code=f"NO-{number}") for number in range(2)]
    begin = periods.start_of("D", now) - 5 * DAY
    texts = [{NO: 60}, {NO: 60}, {NO: 130}, {NO: 30, UNKNOWN: 30}]

    def revise(count):
        for agency in agencies:
            starts = [begin + number * HOUR for number in chance.sample(range(72), count)]
            said = [Said("H", start, chance.choice(texts)) for start in starts]
            said += [Said("D", begin + number * DAY, {NO: 24 * 60}) for number in range(2)]
            memory.submit(agency, said, prepared=now - timedelta(seconds=chance.randrange(900)), received=clock.now())

    revise(72)
    for _ in range(3):
        with workers.working(tmp_path / "workers.log") as some:
            workers.until(lambda: len(some.pool()) == 2)
            for _ in range(4):
                revise(30)
                time.sleep(chance.uniform(0, 0.3))
            some.kill()
    with workers.working(tmp_path / "workers.log"):
        workers.settle()
    assert not worklist.set_aside()
    expected = Reviewer(memory.desk, memory.oracle(now=clock.mark()), conf.settings.THRESHOLDS).noticed()
    assert {rule for rule, *_ in expected} == {"R101", "R103", "R104", "R105"}
    assert stored() == expected

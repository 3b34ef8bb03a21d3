"""Findings about a week whose countries differ from those of the other agencies."""

import numpy as np
import pytest

from federation.models.findings import Finding
from federation.models.published import PublishedCell, PublishedCoverage
from federation.rules import tables
from p2p_core.rules import rulebook
from p2p_core.rules.rulebook import Subject
from tests import factories
from tests.integration.federation.open_findings import (
    DAY,
    DE,
    NO,
    TODAY,
    WEEK,
    day,
    ends,
    resolve,
    send,
    the_finding,
    told,
)  # fmt: skip

pytestmark = pytest.mark.django_db


MONDAY = TODAY - 9 * DAY
ODD, COMMON = {NO: 600}, {DE: 1_800, NO: 180}


def send_mixes(federation, period):
    for agency, cells in enumerate((ODD, COMMON, COMMON)):
        federation.submit(agency, day(period, cells=cells))
    federation.settle()


@pytest.fixture
def week(federation):
    """A week of three agencies, of which the first sees other countries than the rest."""
    send_mixes(federation, MONDAY)
    return federation


def test_country_mix_that_differs_from_that_of_the_others_is_a_finding(week):
    [found] = Finding.objects.all()
    assert (found.rule, found.agency, found.frequency, found.period) == ("R301", week.agencies[0], "W", MONDAY)
    assert (found.facts["value"], found.facts["others"], found.report) == (600, 3_960, None)
    assert found.facts["distance"] > 0.35
    assert [one["country"] for one in found.facts["countries"]] == ["DE", "NO"]


def test_a_country_mix_follows_the_figures_of_all(week):
    found = the_finding()
    send(week, day(MONDAY + DAY, cells={NO: 100}), agency=1)
    assert (the_finding().pk, the_finding().facts["others"]) == (found.pk, 4_060)
    send(week, day(MONDAY, cells=COMMON))
    assert (told(rule="R301"), ends()[0]) == ([], ("R301", "itself"))


@pytest.mark.verify
def test_agency_learns_no_count_of_the_others(week):
    """Its findings follow from its own figure and the published numbers."""
    for count in range(1, 8):
        send(week, day(MONDAY + DAY, cells={NO: count}), agency=1)
        now = PublishedCell.objects.filter(frequency="W", period=MONDAY, network=0, version_to=None)
        published = dict(now.values_list("country", "value"))
        together = np.array([published.get(country, 0) for country in tables.COUNTRIES.tolist()])
        own = np.where(NO[0] == tables.COUNTRIES, 600, 0)
        [(_, facts)] = rulebook.judge(Subject.MIX, rulebook.limits(rulebook.DEFAULTS), own, together - own, None)
        assert the_finding().facts == facts


def test_a_country_mix_allows_for_other_sources_of_locations_that_are_known_at_the_start_of_the_week(federation):
    for agency, source, ahead in ((0, "A table", 0), (1, "a TABLE", 0), (2, "Another", 0), (2, "A table", 1)):
        factories.SetupFactory.create(
            agency=federation.agencies[agency], valid_from=MONDAY + ahead * DAY, location_source=source
        )
    send_mixes(federation, MONDAY)
    facts = the_finding().facts
    assert (facts["source"], facts["edition"], facts["others_elsewhere"]) == ("A table", "2025-12-01", 0.5)
    assert [one["own"] for one in facts["countries"]] == [0.0, 1.0]


def test_a_country_mix_is_not_judged_before_the_week_has_ended(federation):
    send_mixes(federation, MONDAY + WEEK)
    federation.wait(days=4, hours=12)
    federation.settle()
    assert told() == []
    federation.wait(minutes=1)
    federation.settle()
    assert told() == [("R301", "W", MONDAY + WEEK)]


@pytest.mark.verify
@pytest.mark.parametrize("is_sent", [True, False])
def test_a_country_mix_of_a_week_that_waits_is_judged_once_the_week_is_public(federation, is_sent):
    """Until then nothing of the others is public. The week waits for two days of the third agency."""
    monday = MONDAY + WEEK
    federation.schedule(2, "D", monday.date(), deadline=2880)
    federation.wait(days=4, hours=12, minutes=1)
    federation.submit(2, *(day(monday + ahead * DAY, cells={}) for ahead in range(1, 5)))
    send_mixes(federation, monday)
    week = PublishedCoverage.objects.filter(frequency="W", period=monday, version_to=None)
    assert (week.get().agencies_awaited, told(rule="R301")) == (1, [])
    if is_sent:
        federation.submit(2, *(day(monday + ahead * DAY, cells={}) for ahead in (5, 6)))
    else:
        federation.wait(days=2)
    federation.settle()
    assert (week.get().agencies_awaited, told(rule="R301")) == (0, [("R301", "W", monday)])


def test_a_country_mix_of_few_or_without_others_is_not_judged(federation):
    send(federation, day(MONDAY, cells={NO: 490}), agency=0)
    send(federation, day(MONDAY, cells={DE: 2_000}), agency=1)
    assert told() == []


def test_what_a_coordinator_closed_of_a_mix_stays_closed_until_the_agency_itself_changes(week):
    resolve(week, the_finding())
    send(week, day(MONDAY + DAY, cells={NO: 6}), agency=1)
    assert told() == []
    send(week, day(MONDAY + DAY, cells={NO: 5}), agency=0)
    assert told() == [("R301", "W", MONDAY)]

"""The periods that an invented agency sends: no gap, no overlap, days long ago and minutes now."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from babel.core import get_global

from countries.models import Setup
from federation.management.demo import counts, registration
from federation.management.demo.agencies import AGENCIES, COLLECTOR, HISTORY, READER
from p2p_core import periods
from p2p_core.codes import NETWORKS
from tests.factories import AgencyFactory, CountryFactory, NetworkFactory

TODAY = datetime(2026, 11, 24, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 10, 15, 30, tzinfo=UTC)
STREAMS = [pytest.param(stream, id=f"{unit.code}-{stream.indicator}") for unit in AGENCIES for stream in unit.streams]


def due(stream, since=None, now=NOW):
    begin = since or periods.start_of(stream.finest, TODAY - HISTORY)
    return list(stream.due(begin, now=now, first_day=TODAY))


@pytest.mark.parametrize("stream", STREAMS)
def test_periods_have_ended_and_do_not_overlap(stream):
    steps = due(stream)
    assert all(periods.end(*step) <= NOW - stream.agency.delay for step in steps)
    assert all(periods.end(*one) <= two[1] for one, two in itertools.pairwise(steps))


@pytest.mark.parametrize("stream", STREAMS)
def test_holes_are_gaps_only(stream):
    steps = due(stream)
    holes = sum((two[1] - periods.end(*one) for one, two in itertools.pairwise(steps)), timedelta())
    assert holes == timedelta(days=stream.agency.gap[1])


@pytest.mark.parametrize("stream", STREAMS)
def test_later_run_sends_only_what_followed(stream):
    steps = due(stream)
    later = due(stream, since=periods.end(*steps[-1]), now=NOW + timedelta(days=40))
    assert not later or later[0][1] >= periods.end(*steps[-1])
    if not stream.agency.silent_since:
        assert later


def test_recent_is_sent_in_detail():
    norway = AGENCIES[0].streams[0]
    steps = due(norway)
    assert [frequency for frequency, _ in steps[-135:]] == ["N"] * 135
    assert next(start for frequency, start in steps if frequency == "H") == TODAY - timedelta(days=14)


def test_silent_agency_stays_silent():
    ireland = next(unit for unit in AGENCIES if unit.silent_since)
    last = due(ireland.streams[0], now=NOW + timedelta(days=100))[-1]
    assert periods.end(*last) == TODAY - timedelta(days=ireland.silent_since)


@pytest.mark.parametrize("stream", STREAMS)
def test_schedules_follow_one_another(stream):
    schedules = stream.schedules(TODAY)
    assert schedules[0][1] == periods.start_of(stream.finest, TODAY - HISTORY)
    for (_, _, end), (_, begin, _) in itertools.pairwise(schedules):
        assert begin - end == timedelta(days=1)
    assert schedules[-1][2] is None


def test_all_are_marked_as_invented():
    assert len({unit.code for unit in AGENCIES}) == len(AGENCIES) == 12
    assert all(unit.name.endswith("(invented)") for unit in AGENCIES)


@pytest.mark.django_db
def test_set_ups_have_the_time_zones_of_their_countries():
    territories = get_global("zone_territories")
    assert all(territories[unit.time_zone] == unit.country for unit in (*AGENCIES, COLLECTOR, READER))
    for unit in AGENCIES:
        AgencyFactory.create(code=unit.code, invented=True)
    for unit in (COLLECTOR, READER):
        CountryFactory.create(code=unit.country)
    for network in counts.NETWORK_SHARES:
        NetworkFactory.create(code=network, number=NETWORKS[network])
    registration.add_past(first_day=TODAY)
    for _ in range(2):
        registration.add_collector(url="", now=NOW)
        registration.add_reader(url="", now=NOW)
    zones = {unit.code: unit.time_zone for unit in (*AGENCIES, COLLECTOR, READER)}
    assert dict(Setup.objects.values_list("agency__code", "time_zone")) == zones
    assert Setup.objects.count() == len(zones)
    assert set(Setup.objects.get(agency__code="NO-DEMO").networks) == set(counts.NETWORK_SHARES)

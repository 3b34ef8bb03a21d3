"""No route tells a cell that was rounded to 0 from one that is 0: from reports to answers, byte by byte."""

from datetime import UTC, datetime, timedelta

import pytest

from api import caching
from federation.models.published import PublishedCell
from federation.runs import schedules
from p2p_core.codes import COUNTRIES
from tests import reporting
from tests.factories import AgencyFactory, IndicatorFactory

YESTERDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
HOURS = [YESTERDAY - timedelta(hours=ago) for ago in range(24, 0, -1)]
NORWAY, SWEDEN = COUNTRIES["NO"], COUNTRIES["SE"]
BITTORRENT = 1


@pytest.fixture
def federation(db):
    """One agency, whose 24 hours are all public with ten downloads from Norway."""
    IndicatorFactory.create()
    agency = AgencyFactory.create()
    schedules.tick(now=datetime.now(UTC))

    def report(hours, cells, prepared):
        reporting.submit(agency, [reporting.report("H", hour, cells) for hour in hours], prepared)
        reporting.settle()

    report(HOURS, {(NORWAY, BITTORRENT): 10}, YESTERDAY)
    return report


def answers(client, hour):
    """All public answers that an hour has a part in: bytes and headers."""
    label, indicator = f"{hour:%Y-%m-%dT%H:00}", "indicator=DOWNLOADS"
    span = f"{indicator}&frequency=H&start={label}&end={label}"
    caching.response_cache.clear()
    addresses = [
        f"aggregates/?{span}&country=NO,SE,EUROPE,_T",
        f"aggregates/?{span}&country=*",
        f"aggregates/?{span}&country=*&format=csv",
        f"aggregates/?{span}&country=SE&format=csv",
        f"coverage/?{span}",
    ]
    found = [client.get(f"/api/v1/{address}") for address in addresses]
    return [(answer.status_code, dict(answer.headers), answer.content) for answer in found]


def cells(hour):
    now = PublishedCell.objects.filter(frequency="H", period=hour, version_to=None)
    return set(now.values_list("country", "network", "value"))


@pytest.mark.verify
def test_cell_rounded_to_zero_leaves_no_trace(federation, client):
    before = {hour: (cells(hour), answers(client, hour)) for hour in HOURS}
    assert all(b'"value":10' in shown[1][0][2] for shown in before.values())
    federation(HOURS, {(NORWAY, BITTORRENT): 10, (SWEDEN, BITTORRENT): 1}, YESTERDAY + timedelta(seconds=1))
    hidden = [hour for hour in HOURS if cells(hour) == before[hour][0]]
    # One in five is rounded up, here or in the totals; which ones depends on the key, the hour and the agency.
    assert 4 <= len(hidden) < 24
    for hour in hidden:
        assert answers(client, hour) == before[hour][1]


@pytest.mark.verify
def test_change_from_rounded_to_zero_to_zero_leaves_no_trace(federation, client):
    federation(HOURS, {(NORWAY, BITTORRENT): 10, (SWEDEN, BITTORRENT): 1}, YESTERDAY + timedelta(seconds=1))
    before = {hour: (cells(hour), answers(client, hour)) for hour in HOURS}
    federation(HOURS, {(NORWAY, BITTORRENT): 10}, YESTERDAY + timedelta(seconds=2))
    hidden = [hour for hour in HOURS if cells(hour) == before[hour][0]]
    assert hidden
    for hour in hidden:
        assert answers(client, hour) == before[hour][1]

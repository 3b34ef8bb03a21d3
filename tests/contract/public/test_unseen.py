"""Nobody without an account can tell that a change came which moved no published number and no coverage.

From reports to answers: such changes touch no row that the public can read, and every route answers the same bytes.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from api import caching
from countries.models import Indicator
from federation import worklist
from federation.audit import chain
from federation.database.rights import TABLES
from p2p_core.codes import COUNTRIES
from tests.contract.public.addresses import PUBLIC, others
from tests.integration.federation.world import Said, chapter, world

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 13, 12, 0, 30, tzinfo=UTC)
TODAY = NOW.replace(hour=0, second=0)
MINUTES = [NOW.replace(second=0) - timedelta(minutes=ago) for ago in range(10, 0, -1)]
HOURS = [TODAY + timedelta(hours=number) for number in range(12)]
DAYS = [TODAY - timedelta(days=ago) for ago in range(12, 0, -1)]
#: Each alone in its week and month.
OLD_DAYS = [datetime(2024, month, 5, tzinfo=UTC) for month in range(1, 13)]
MONTHS = [datetime(2025 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(22)]
NORWAY, FINLAND = (COUNTRIES["NO"], 1), (COUNTRIES["FI"], 1)

#: All that is published.
NUMBERS = [
    *(
        f"/api/v1/aggregates/?indicator=DOWNLOADS&country=NO,FI,EUROPE,EU27_2020,_T&{rest}"
        for rest in (
            "frequency=N&start=2026-11-13T11:00&end=2026-11-13T11:59",
            "frequency=H&start=2026-11-13T00:00&end=2026-11-13T11:00",
            "frequency=D&network=BITTORRENT,_T&start=2024-01-01&end=2024-12-31",
            "frequency=D&network=BITTORRENT,_T&start=2026-11-01&end=2026-11-12",
            "frequency=W&network=BITTORRENT,_T&start=2024-W01&end=2026-W45",
            "frequency=M&network=BITTORRENT,_T&start=2024-01&end=2026-10",
            "frequency=A&network=BITTORRENT,_T&start=2024&end=2025",
            "frequency=M&panel=12&start=2025-11&end=2026-10",
        )
    ),
    *(f"/api/v1/aggregates/windows/?indicator=DOWNLOADS&window={window}" for window in ("P1D", "P7D", "P30D", "P365D")),
]
#: A running day and one to come, a country without a cell, and what is not there.
ODD = [
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-13&end=2026-11-13",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2027-11-13&end=2027-11-13",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-12&country=FI&format=csv",
    "/api/v1/aggregates/?indicator=NOTHING&frequency=D&start=2026-11-01&end=2026-11-12",
    "/sdmx/3.0/data/dataflow/P2PEU/P2P/*/D.DOWNLOADS.FI.*",
    "/countries/fi/",
    "/countries/zz/",
]
ADDRESSES = [*(one for some in PUBLIC.values() for one in some), *(one for _, one in others()), *NUMBERS, *ODD]


@pytest.fixture(scope="module")
def begun(module_db):
    """An agency of minutes, hours and days; two more that send months as it does, of which the last is held."""
    with (
        override_settings(ROUNDING_KEY=bytes(range(16))),
        pytest.MonkeyPatch.context() as patch,
        world(patch, now=NOW) as made,
    ):
        patch.setattr(timezone, "now", lambda: made.now)
        Indicator.objects.update(code="DOWNLOADS")
        said = {"N": MINUTES, "H": HOURS, "D": OLD_DAYS + DAYS}
        for agency in range(3):
            made.submit(agency, *(usual("M", month) for month in MONTHS))
        made.submit(0, *(usual(frequency, period) for frequency, some in said.items() for period in some))
        made.tick()
        made.settle()
        assert send(made, Said("M", MONTHS[-1], {NORWAY: 10**6})) == {"held": 1}
        yield made


@pytest.fixture
def federation(db, begun):
    with chapter(begun) as made:
        yield made


def usual(frequency, period):
    return Said(frequency, period, {NORWAY: 10})


def one_more(frequency, period):
    """The same, and one download in a country that never had any."""
    return Said(frequency, period, {NORWAY: 10, FINLAND: 1})


def send(federation, *said, minutes_ago=0):
    federation.now += timedelta(seconds=1)
    outcomes = federation.submit(0, *said, minutes_ago=minutes_ago).outcomes
    federation.settle()
    return outcomes


def public_rows():
    """All rows that the public can read, each with its place: one that is written again has another."""
    with connection.cursor() as cursor:
        found = {}
        for table in (name for name, rights in TABLES.items() if rights.public):
            cursor.execute(f"SELECT ctid::text, {table}::text FROM {table} ORDER BY ctid")
            found[table] = cursor.fetchall()
        return found


def numbers(client):
    caching.response_cache.clear()
    for address in NUMBERS:
        yield client.get(address).json()["observations"]


def hidden_one(federation, client, frequency, candidates):
    """The first period of which rounding hides one more; found out by trying, and taking back."""
    before = list(numbers(client))
    for period in candidates:
        with transaction.atomic():
            assert send(federation, one_more(frequency, period)) == {"current": 1}
            is_hidden = all(one == other for one, other in zip(numbers(client), before, strict=False))
            transaction.set_rollback(True)
        if is_hidden:
            return one_more(frequency, period)
    raise AssertionError("each change shows in a number")


@pytest.mark.verify
def test_no_unseen_change_shows_in_any_answer(federation, client, answers):
    revised = [
        hidden_one(federation, client, frequency, candidates)
        for frequency, candidates in (("N", MINUTES), ("H", HOURS), ("D", OLD_DAYS), ("M", MONTHS[:-1]))
    ]
    rows, shown = public_rows(), answers(ADDRESSES)
    for one in revised:
        assert send(federation, one) == {"current": 1}
        assert public_rows() == rows, one
    # A report that changes nothing, one that a newer one has overtaken, one that is held in place of another.
    assert send(federation, revised[0]) == {"unchanged": 1}
    assert send(federation, one_more("D", DAYS[0]), minutes_ago=1) == {"superseded": 1}
    assert send(federation, Said("M", MONTHS[-1], {NORWAY: 2 * 10**6})) == {"held": 1}
    assert public_rows() == rows
    # And one that nobody has reconciled yet.
    federation.submit(0, usual("H", revised[1].period))
    assert worklist.is_pending()
    assert answers(ADDRESSES) == shown


@pytest.mark.verify
def test_audit_head_shows_that_something_was_sent_and_not_whether_it_changed_anything(federation, client, answers):
    def position():
        chain.seal(now=federation.now)
        [(_, _, content)] = answers(["/api/v1/audit/head/"]).values()
        return int(content.split(b'"position":')[1].split(b",")[0])

    said, positions = hidden_one(federation, client, "D", OLD_DAYS), [position()]
    for outcome in ("current", "unchanged"):
        assert send(federation, said) == {outcome: 1}
        positions.append(position())
    assert positions[2] - positions[1] == positions[1] - positions[0] == 1

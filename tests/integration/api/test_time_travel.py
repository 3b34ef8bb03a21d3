"""Past views can be read again, and a client that trusts ETags has no old answer, while publishers compete."""

import json
import random
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from api import caching
from federation import worklist
from federation.runs import reconciliation, schedules
from p2p_core.codes import COUNTRIES
from tests import reporting
from tests.factories import AgencyFactory, IndicatorFactory

pytestmark = pytest.mark.django_db(transaction=True)

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = [MIDNIGHT - timedelta(days=ago) for ago in (4, 3, 2)]
SUBMISSIONS = 40
FIRST, LAST = DAYS[0], DAYS[-1]
RANGES = [
    f"frequency=H&start={FIRST:%Y-%m-%dT%H:%M}&end={LAST:%Y-%m-%dT23:00}&country=*",
    f"frequency=D&start={FIRST:%Y-%m-%d}&end={LAST:%Y-%m-%d}&country=*&network=*",
    f"frequency=D&start={DAYS[1]:%Y-%m-%d}&end={DAYS[1]:%Y-%m-%d}&country=NO,EUROPE,_T",
    f"frequency=W&start={FIRST:%G-W%V}&end={LAST:%G-W%V}&network=BITTORRENT",
    f"frequency=D&start={FIRST:%Y-%m-%d}&end={LAST:%Y-%m-%d}&country=*&format=csv",
]
ADDRESSES = [f"/api/v1/aggregates/?indicator=DOWNLOADS&{given}" for given in RANGES]
ADDRESSES.append(f"/api/v1/coverage/?indicator=DOWNLOADS&frequency=D&start={FIRST:%Y-%m-%d}&end={LAST:%Y-%m-%d}")


@contextmanager
def running(*deeds):
    """Let each deed run in a thread of its own until the block is left, and fail if one failed."""
    stop, failures = threading.Event(), []

    def run(deed):
        try:
            while not stop.is_set():
                deed()
        except Exception as error:  # noqa: BLE001  it is raised below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures


def work():
    reconciliation.work_through()
    time.sleep(0.002)


def submissions(agencies):
    """Submit random hours and days, most of them more than once."""
    chance = random.Random(2)
    countries = [COUNTRIES[code] for code in ("NO", "SE", "FI", "US", "_U")]
    began = datetime.now(UTC) - timedelta(hours=1)
    for number in range(SUBMISSIONS):
        day = chance.choice(DAYS)
        hours = {day + timedelta(hours=chance.randrange(24)) for _ in range(4)}
        cells = {(chance.choice(countries), chance.randrange(1, 4)): chance.randrange(30) for _ in range(6)}
        said = [reporting.report("H", hour, cells) for hour in sorted(hours)]
        if chance.random() < 0.2:
            said.append(reporting.report("D", day, cells, chance.choice("AP")))
        prepared = began + timedelta(seconds=chance.randrange(60) + number)
        reporting.submit(chance.choice(agencies), said, prepared)
        yield


class TrustingReader:
    """Keeps what it read as long as it is told 304."""

    def __init__(self, address):
        self.address, self.client = address, Client()
        self.etag, self.body = '""', b""

    def read(self):
        answer = self.client.get(self.address, headers={"if-none-match": self.etag})
        if answer.status_code == 200:
            self.etag, self.body = answer["ETag"], answer.getvalue()
        time.sleep(0.02)


def known_at(answer):
    if answer["Content-Type"].startswith("text/csv"):
        return answer.headers.get("Known-At")
    return answer.json()["meta"]["known_at"]


def shown(answer):
    """What an answer shows, without its as_of."""
    if answer["Content-Type"].startswith("text/csv"):
        return answer.content
    document = answer.json()
    document["meta"]["as_of"] = None
    return json.dumps(document)


def record(recorded, client, number):
    """Read all addresses past what is held, which is held by host."""
    for address in ADDRESSES:
        answer = client.get(address, headers={"host": f"reader-{number}"})
        if known_at(answer):
            recorded.setdefault((address, known_at(answer)), shown(answer))


@pytest.mark.verify
def test_past_views_are_read_again_and_no_etag_keeps_a_stale_answer(settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.RATES = {**settings.RATES, "RATE_PUBLIC_PER_ADDRESS": 1_000_000}
    IndicatorFactory.create()
    agencies = [AgencyFactory.create(code=code) for code in ("NO-KRIPOS", "SE-NOA", "FI-KRP")]
    schedules.tick(now=datetime.now(UTC))
    readers = [TrustingReader(address) for address in ADDRESSES]
    client, recorded = Client(), {}

    with running(work, work, *(reader.read for reader in readers)):
        for number, _ in enumerate(submissions(agencies)):
            record(recorded, client, number)
        while worklist.is_pending():
            time.sleep(0.01)
    time.sleep(caching.FRESH_SECONDS)
    assert len(recorded) > 2 * len(ADDRESSES)
    assert_nothing_is_stale(readers, client)
    for (address, then), seen in recorded.items():
        assert shown(client.get(f"{address}&as_of={then}")) == seen, (address, then)


def assert_nothing_is_stale(readers, client):
    for reader in readers:
        reader.read()
        assert reader.body == client.get(reader.address, headers={"host": "afterwards"}).getvalue()

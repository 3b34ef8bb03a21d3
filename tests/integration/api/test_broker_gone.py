"""A real broker that is stopped, killed, full, read-only or behind another password: what still works, and how soon."""

import signal
import threading
import time
from contextlib import contextmanager

import pytest
import redis
from django.test import Client

from api.throttling import rates
from api.throttling.rates import BrokerCounter
from config.embedded import process, valkey
from federation.models.submissions import Submission
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory

#: Far more than the fraction of a second that is waited, as machines are busy; far less than if each waited.
SOON = 8
RATE = rates.SUBMISSIONS_PER_AGENCY


@pytest.fixture
def broker(tmp_path):
    """A broker of our own: its address and its process."""
    (tmp_path / "keys").mkdir()
    url, server = valkey.start(tmp_path)
    yield url, server
    if server.poll() is None:
        server.send_signal(signal.SIGCONT)
    process.stop(server)


@pytest.fixture
def kept(broker, monkeypatch):
    """What this process counts in: that broker, which was there a moment ago."""
    kept = BrokerCounter(broker[0])
    monkeypatch.setattr(rates, "broker_counter", lambda: kept)
    kept.add(RATE, "somebody")
    return kept


def stop(url, server):
    server.send_signal(signal.SIGSTOP)


def kill(url, server):
    server.kill()
    server.wait()


def fill(url, server):
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", 1)


def make_read_only(url, server):
    with redis.Redis.from_url(url) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", process.free_port())


def change_password(url, server):
    with redis.Redis.from_url(url) as client:
        client.config_set("requirepass", "another")
        client.client_kill_filter(skipme=True, _type="normal")


TROUBLES = pytest.mark.parametrize("trouble", [stop, kill, fill, make_read_only, change_password])


@contextmanager
def soon():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


@pytest.fixture
def kripos(db):
    IndicatorFactory.create()
    return Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))


@TROUBLES
@pytest.mark.django_db
def test_everybody_goes_on_without_it(kept, broker, kripos, settings, trouble):
    settings.CELERY_BROKER_URL = broker[0]
    trouble(*broker)
    with soon():
        answer = kripos.send(report(("NO", "ARES", 3)))
        assert (answer.status_code, Submission.objects.count()) == (202, 1)
        assert Client().get("/api/v1/countries/").status_code == 200
        assert kripos.get("/api/v1/submissions/").status_code == 200
        assert kripos.ask_token().status_code == 200


@TROUBLES
def test_one_in_a_second_waits_for_it(kept, broker, trouble):
    trouble(*broker)
    with soon():
        assert {kept.add(RATE, "somebody", 0).left for _ in range(1000)} == {RATE.amount}


def test_of_many_at_once_nobody_waits_longer(kept, broker):
    stop(*broker)
    waited = []

    def ask():
        began = time.monotonic()
        kept.add(RATE, "somebody")
        waited.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waited) == 16
    assert max(waited) < SOON


def test_once_it_is_back_it_counts_again(kept, broker, monkeypatch, caplog):
    stop(*broker)
    kept.add(RATE, "another")
    broker[1].send_signal(signal.SIGCONT)
    assert kept.add(RATE, "somebody").left == RATE.amount - 1
    now = time.monotonic()
    monkeypatch.setattr(rates.time, "monotonic", lambda: now + rates.BROKER_PAUSE + 0.1)
    assert [kept.add(RATE, "somebody").left for _ in range(2)] == [RATE.amount - 2, RATE.amount - 3]
    assert [one.getMessage() for one in caplog.records] == [
        "the broker is away: each process counts", "the broker is back: limits are counted in it",
    ]  # fmt: skip


@pytest.mark.django_db
def test_each_process_counts_while_it_is_away(kept, broker, kripos, settings):
    amounts = {rates.TOKENS_PER_CREDENTIAL.name: 3, rates.WRONG_TOKENS_PER_ADDRESS.name: 3}
    settings.RATES = {**settings.RATES, **amounts}
    kill(*broker)

    def ask(token):
        return Client().get("/api/v1/submissions/", headers={"Authorization": f"Bearer {token}"}).status_code

    assert [kripos.ask_token().status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert [ask("wrong") for _ in range(5)] == [401, 401, 401, 429, 429]
    assert ask(kripos.token) == 200


@pytest.mark.django_db
def test_public_is_counted_without_it(kept, broker, settings):
    settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: 3}
    kill(*broker)
    assert [Client().get("/api/v1/networks/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]

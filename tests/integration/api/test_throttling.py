"""Counting in a real broker and in a process: exactly the allowed number passes, and no key names anybody."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings

from api.throttling import rates
from api.throttling.rates import LocalCounter
from tests.integration.processes import ROOT

ADDRESS = "198.51.100.7"
RATE = rates.SUBMISSIONS_PER_AGENCY
PUBLIC = rates.PUBLIC_PER_ADDRESS


_ASK = """
import sys
from concurrent.futures import ThreadPoolExecutor
from api.throttling import rates

rates.SALT, rates.BROKER_TIMEOUT = sys.argv[1], 30
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    standings = pool.map(lambda _: rates.count(rates.SUBMISSIONS_PER_AGENCY, "somebody"), range(100))
    print(sum(one.left >= 0 for one in standings))
"""


@pytest.mark.verify
def test_of_many_at_once_in_several_processes_exactly_as_many_pass_as_may():
    environment = {**os.environ, RATE.name: "60", "DJANGO_SETTINGS_MODULE": "config.settings"}
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK, rates.SALT],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    passed = [int(process.communicate("go\n", timeout=60)[0]) for process in asking]
    assert sum(passed) == 60


def test_limits_are_apart_and_the_rest_is_told(limit):
    limit(RATE, 1)
    limit(rates.READS_PER_AGENCY, 5)
    one, two, other = rates.count(RATE, "one"), rates.count(RATE, "two"), rates.count(rates.READS_PER_AGENCY, "one")
    assert (one.left, two.left, other.left) == (0, 0, 4)
    assert 50 < one.seconds <= 60
    assert rates.count(RATE, "one").left < 0


def test_right_secrets_free_no_place_for_guesses_beyond_the_limit(limit):
    limit(rates.FAILURES_PER_ADDRESS, 2)
    first, _ = (rates.reserve_attempt({"a"}, ADDRESS) for _ in range(2))
    with pytest.raises(rates.Problem):
        rates.reserve_attempt({"a"}, ADDRESS)
    rates.give_back(first)
    with pytest.raises(rates.Problem):
        [rates.reserve_attempt({"a"}, ADDRESS) for _ in range(2)]


def made_by(deed):
    """The keys that a deed leaves in the broker."""
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as broker:
        before = set(broker.keys("LIMITS*"))
        deed()
        made = set(broker.keys("LIMITS*")) - before
        assert all(0 < broker.ttl(key) <= 60 for key in made)
        return {key: broker.get(key) for key in made}


def test_no_address_or_name_stands_in_the_broker():
    made = made_by(lambda: rates.reserve_attempt({"NO-KRIPOS.4b683db90517"}, ADDRESS))
    assert made
    assert not any(told in str(made) for told in (ADDRESS, "KRIPOS", "4b683db90517"))


def test_keys_depend_on_the_secret(settings):
    def ask():
        rates.count(RATE, ADDRESS)

    assert made_by(ask)
    assert not made_by(ask)
    settings.SECRET_KEY = "another"
    assert made_by(ask)


# --- counts in a process


class Clock:
    """A clock that stands still until it is moved on."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_process_counts_by_the_minute(limit, clock):
    limit(PUBLIC, 2)
    minute = LocalCounter(clock)
    assert [minute.add(PUBLIC, "one").left for _ in range(4)] == [1, 0, -1, -1]
    assert minute.add(PUBLIC, "two").left == 1
    clock.now += 61
    assert minute.add(PUBLIC, "one").left == 1


def test_threads_of_a_process_lose_and_win_nothing(limit, clock):
    limit(PUBLIC, 100)
    minute = LocalCounter(clock)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: minute.add(PUBLIC, ADDRESS).left >= 0, range(200))) == 100


def test_who_may_not_have_much_may_have_little(limit, clock):
    limit(PUBLIC, 100)
    minute = LocalCounter(clock)
    assert [minute.add(PUBLIC, ADDRESS, 40).left for _ in range(3)] == [60, 20, -20]
    assert minute.add(PUBLIC, ADDRESS, 20).left == 0


def test_addresses_counted_are_bounded(clock, monkeypatch):
    monkeypatch.setattr(rates, "_KEYS", 10)
    minute = LocalCounter(clock)
    for number in range(30):
        minute.add(PUBLIC, f"198.51.100.{number}")
    assert len(minute._counts) <= 11

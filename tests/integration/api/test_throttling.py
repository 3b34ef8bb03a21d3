"""Counting in a real broker: exactly as many pass as may, whoever asks at once; and what stands in it tells nothing."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings

from api.throttling import counts, rates, store
from api.throttling.counts import Leases, Refusals, Windows
from api.throttling.rates import Standing
from api.throttling.store import Store
from tests.integration.processes import ROOT

ADDRESS = "198.51.100.7"
RATE = rates.SUBMISSIONS_PER_AGENCY
FAILURES = rates.FAILURES_PER_ADDRESS


@pytest.fixture
def kept():
    return Store(settings.REDIS_URL)


@pytest.fixture
def limit(settings):
    def set_limit(rate, amount):
        settings.RATES = {**settings.RATES, rate.name: amount}

    return set_limit


_ASK = """
import sys
from concurrent.futures import ThreadPoolExecutor
from django.conf import settings
from api.throttling import rates, store

store.SALT = sys.argv[1]
kept = store.Store(settings.REDIS_URL)
ask = kept.take if sys.argv[2] == "take" else kept.reserve
sys.stdin.readline()
with ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(lambda _: ask(rates.SUBMISSIONS_PER_AGENCY, "somebody"), range(100))))
"""


@pytest.mark.parametrize("way", ["take", "reserve"])
def test_of_many_at_once_in_several_processes_exactly_as_many_pass_as_may(way):
    environment = {**os.environ, RATE.name: "60", "DJANGO_SETTINGS_MODULE": "config.settings"}
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK, store.SALT, way],
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


def test_limits_are_apart(kept, limit):
    limit(RATE, 1)
    limit(rates.READS_PER_AGENCY, 1)
    assert kept.take(RATE, "one")
    assert kept.take(RATE, "two")
    assert kept.take(rates.READS_PER_AGENCY, "one")
    assert not kept.take(RATE, "one")


def test_what_is_left_is_told(kept, limit):
    limit(RATE, 5)
    assert kept.take(RATE, "one", cost=3)
    standing = kept.standing(RATE, "one")
    assert standing.left == 2
    assert 50 < standing.seconds <= 60


def test_window_that_begins_this_millisecond_does_not_end_in_it(kept, limit, monkeypatch):
    limit(RATE, 5)
    monkeypatch.setattr(kept._storage, "get_sliding_window", lambda *_: (0, 0.0, 3, 120.0))
    assert kept.standing(RATE, "one") == (RATE, 2, 60)


def test_what_is_given_back_may_be_asked_again(kept, limit):
    limit(FAILURES, 2)
    assert all(kept.reserve(FAILURES, ADDRESS) for _ in range(2))
    kept.give_back(FAILURES, ADDRESS)
    assert [kept.reserve(FAILURES, ADDRESS) for _ in range(2)] == [True, False]
    assert 50 < kept.until_reserved_again(FAILURES, ADDRESS).seconds <= 60


def test_no_address_or_name_stands_in_the_broker(kept):
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        before = set(broker.keys("LIMITS*"))
        kept.take(RATE, f"agency {ADDRESS}")
        kept.reserve(FAILURES, ADDRESS)
        made = set(broker.keys("LIMITS*")) - before
        assert len(made) >= 2
        everything = b" ".join([*made, *(broker.get(key) or b"" for key in made)])
    assert ADDRESS.encode() not in everything
    assert b"agency " not in everything


def test_keys_hang_on_the_secret(settings):
    one = store._key(ADDRESS)
    settings.SECRET_KEY = "another"
    assert store._key(ADDRESS) != one


def test_what_is_counted_is_forgotten(kept):
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        before = set(broker.keys("LIMITS*"))
        kept.take(RATE, "one")
        kept.reserve(FAILURES, "one")
        assert all(0 < broker.ttl(key) <= 120 for key in set(broker.keys("LIMITS*")) - before)


class Clock:
    """A clock that stands still until it is moved on."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def passes(leases, times, address=ADDRESS):
    return sum(leases.refused(address) is None for _ in range(times))


def test_one_process_lets_exactly_as_many_pass_as_may(limit, clock):
    limit(rates.PUBLIC_PER_ADDRESS, 100)
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    assert passes(leases, 150) == 100
    assert passes(leases, 10, "198.51.100.8") == 10


def test_several_processes_together_let_no_more_pass(limit, clock):
    limit(rates.PUBLIC_PER_ADDRESS, 100)
    processes = [Leases(rates.PUBLIC_PER_ADDRESS, clock) for _ in range(8)]
    passed = sum(passes(leases, 1) for _ in range(40) for leases in processes)
    assert 50 <= passed <= 100


def test_nobody_is_refused_who_used_half(limit, clock):
    limit(rates.PUBLIC_PER_ADDRESS, 100)
    processes = [Leases(rates.PUBLIC_PER_ADDRESS, clock) for _ in range(50)]
    assert sum(passes(leases, 1) for leases in processes) == 50


def test_threads_of_a_process_lose_and_win_nothing(limit, clock):
    """While no time passes: a portion that is not used in time runs out, and a busy machine may take as long."""
    limit(rates.PUBLIC_PER_ADDRESS, 100)
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: passes(leases, 10), range(20))) == 100


def test_portion_that_nobody_used_runs_out(limit, clock, monkeypatch):
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    passes(leases, 4)
    asked = []
    take = store.store().take
    monkeypatch.setattr(store.store(), "take", lambda *args, cost: asked.append(cost) or take(*args, cost=cost))
    passes(leases, 3)
    assert asked == []
    clock.now += counts.LEASE_SECONDS + 1
    passes(leases, 1)
    assert asked == [1]


def test_portions_double_up_to_a_bound(limit, clock, monkeypatch):
    limit(rates.PUBLIC_PER_ADDRESS, 10_000)
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    asked = []
    take = store.store().take
    monkeypatch.setattr(store.store(), "take", lambda *args, cost: asked.append(cost) or take(*args, cost=cost))
    passes(leases, 100)
    assert asked == [1, 2, 4, 8, 16, 25, 25, 25]


def test_long_answer_counts_as_many(limit, clock):
    limit(rates.PUBLIC_PER_ADDRESS, 100)
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    assert sum(leases.refused(ADDRESS, 20) is None for _ in range(10)) == 5


def test_network_of_ipv6_is_one(limit, clock):
    limit(rates.PUBLIC_PER_ADDRESS, 10)
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    assert passes(leases, 6, "2001:db8::1") == 6
    assert passes(leases, 6, "2001:db8::ffff:2") == 4
    assert passes(leases, 6, "2001:db8:0:1::1") == 6


def test_addresses_held_are_bounded(limit, clock, monkeypatch):
    monkeypatch.setattr(counts, "_ADDRESSES", 10)
    leases = Leases(rates.PUBLIC_PER_ADDRESS, clock)
    for number in range(30):
        passes(leases, 1, f"198.51.100.{number}")
    assert len(leases._held) == 10


def test_refused_until_there_is_more(clock):
    refusals = Refusals(clock)
    refusals.hold(ADDRESS, Standing(RATE, 0, 40.0))
    clock.now += 10
    assert refusals.standing(ADDRESS) == Standing(RATE, 0, 30.0)
    assert refusals.standing("198.51.100.8") is None
    clock.now += 30
    assert refusals.standing(ADDRESS) is None


def test_refusals_held_are_bounded_and_the_newest_stay(clock, monkeypatch):
    monkeypatch.setattr(counts, "_ADDRESSES", 3)
    refusals = Refusals(clock)
    for number in (1, 2, 3, 1, 4):
        refusals.hold(f"198.51.100.{number}", Standing(RATE, 0, 60.0))
    assert [number for number in range(1, 5) if refusals.standing(f"198.51.100.{number}") is not None] == [1, 3, 4]


def test_windows_count_by_the_minute(clock):
    windows = Windows(clock)
    assert [windows.take(RATE, "one", 2) is None for _ in range(3)] == [True, True, False]
    assert windows.take(RATE, "two", 2) is None
    clock.now += 61
    assert windows.take(RATE, "one", 2) is None

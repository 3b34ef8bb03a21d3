"""Large reads that answer only at their end take turns, and no address can keep the turn from all others."""

from contextlib import ExitStack
from threading import Event, Thread
from time import sleep

import pytest

from api.problems import Problem
from api.throttling import costs, rates

LARGE = costs.LARGE + 1


def read(address, begun=None, go=None):
    """Read something large as an address, until ``go`` is set. Say whether that was allowed."""
    paying = rates.payer.set(address)
    try:
        with costs.take_turn(LARGE):
            if begun:
                begun.set()
                go.wait()
    except Problem:
        return False
    finally:
        rates.payer.reset(paying)
    return True


@pytest.fixture(autouse=True)
def free(monkeypatch):
    monkeypatch.setattr(costs, "charge", lambda _: None)


@pytest.fixture
def running():
    """A large read of the address ``one``, which is still running: a function that ends it."""
    begun, go = Event(), Event()
    thread = Thread(target=read, args=("one", begun, go))
    thread.start()
    begun.wait()

    def end():
        go.set()
        thread.join()

    yield end
    end()


def run(address, found):
    thread = Thread(target=lambda: found.append(read(address)))
    thread.start()
    return thread


def test_an_address_has_one_large_read_at_a_time(running):
    assert read("one") is False


def test_another_address_waits_for_its_turn(running):
    found = []
    thread = run("other", found)
    while "other" not in costs._line:
        sleep(0.001)
    assert found == []
    running()
    thread.join()
    assert found == [True]


def test_another_address_is_refused_after_the_longest_wait(running, monkeypatch):
    monkeypatch.setattr(costs, "WAIT", 0)
    assert read("other") is False


def test_address_is_refused_if_the_line_is_full(running):
    with ExitStack() as stack:
        for number in range(costs.LINE - 1):
            stack.enter_context(costs._place_in_line(f"waiting {number}"))
        assert read("other") is False


def test_a_place_is_given_back(running):
    running()
    assert read("one") is True

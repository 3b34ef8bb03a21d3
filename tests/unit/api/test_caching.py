"""The cache of answers: bounded in number and in bytes, and the old answer if no new one is available."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from api import caching
from api.caching import CacheEntry, CacheKey, Representation, ResponseCache, Validator


def key(name):
    return CacheKey(name, "", "", "http", "")


def entry(size=1):
    return CacheEntry(answer=None, vary="", validator=None, fresh_until=0.0, size=size)


def test_least_recently_asked_for_goes_first():
    cache = ResponseCache(2, 100)
    cache.put(key("a"), entry())
    cache.put(key("b"), entry())
    cache.get(key("a"))
    cache.put(key("c"), entry())
    assert cache.get(key("b")) is None
    assert cache.get(key("a")) is not None
    assert cache.get(key("c")) is not None


def test_bytes_are_bounded_too():
    cache = ResponseCache(10, 100)
    for name in "abc":
        cache.put(key(name), entry(40))
    assert [cache.get(key(name)) is None for name in "abc"] == [True, False, False]


def test_answer_put_again_counts_once():
    cache = ResponseCache(10, 100)
    for _ in range(5):
        cache.put(key("a"), entry(40))
    cache.put(key("b"), entry(60))
    assert cache.get(key("a")) is not None


def test_answer_larger_than_the_cache_is_not_kept():
    cache = ResponseCache(10, 100)
    cache.put(key("a"), entry(101))
    assert cache.get(key("a")) is None
    cache.put(key("b"), entry(100))
    assert cache.get(key("b")) is not None


def test_cleared_cache_is_empty():
    cache = ResponseCache(10, 100)
    cache.put(key("a"), entry(100))
    cache.clear()
    assert cache.get(key("a")) is None
    cache.put(key("b"), entry(100))
    assert cache.get(key("b")) is not None


def test_all_that_an_answer_takes_is_counted():
    """The question too, though nothing has been written yet; and each packing."""
    answer = Answer()
    caching.response_cache.clear()

    def ask(**headers):
        request = RequestFactory().get("/a?b=c", headers=headers)
        return caching.respond(request, "json", "Accept", answer.ask)

    question = caching.CacheKey.of(RequestFactory().get("/a?b=c"), "json").size
    assert ask(**{"If-None-Match": "*"}).status_code == 304
    assert caching.response_cache.used == question > 0
    answer.content = b"numbers" * 1000
    written = len(ask().content)
    assert caching.response_cache.used == question + written
    packed = [len(ask(**{"Accept-Encoding": encoding}).content) for encoding in ("gzip", "zstd", "gzip")]
    assert caching.response_cache.used == question + written + sum(packed[:2])


def test_answer_that_is_written_piece_by_piece_takes_what_its_question_takes():
    answer = Answer()
    answer.content = iter([b"numbers"])
    caching.response_cache.clear()
    request = RequestFactory().get("/a")
    assert caching.respond(request, "json", "Accept", answer.ask).streaming
    assert caching.response_cache.used == caching.CacheKey.of(request, "json").size


class Answer:
    """An answer out of a database that may be away."""

    away = False
    content: Any = b"numbers"

    def ask(self):
        if self.away:
            raise OperationalError("gone") from ConnectionError("server closed the connection")
        return self

    def validator(self):
        return self.ask() and Validator("1", caching.LIVE)

    def render(self):
        return Representation(self.validator(), self.content, {"Content-Type": "text/plain"})


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is told to go on."""
    times = [1000.0]
    monkeypatch.setattr(caching, "monotonic", lambda: times[-1])
    return times


@pytest.fixture
def read():
    """Asks for an answer, as a public view does."""
    answer = Answer()

    def read(*, away, path="/a", **headers):
        answer.away = away
        request = RequestFactory().get(path, headers=headers)
        return caching.or_last_answer(lambda: caching.respond(request, "json", "Accept", answer.ask))

    return read


def test_last_answer_stands_in_while_the_database_is_away(clock, read):
    before = read(away=False)
    clock.append(clock[-1] + 9.5)
    after = read(away=True)
    assert (after.status_code, after.content, after["ETag"]) == (200, before.content, before["ETag"])
    assert (after["Age"], after["Cache-Control"]) == ("9", caching.LIVE)
    assert read(away=True, **{"If-None-Match": before["ETag"]}).status_code == 304
    assert "Age" not in read(away=False)


def test_no_answer_stands_in_for_long(clock, read):
    read(away=False)
    clock.append(clock[-1] + caching.STALE_SECONDS + 0.1)
    with pytest.raises(OperationalError):
        read(away=True)


def test_no_answer_stands_in_for_another_one(clock, read):
    read(away=False, path="/a")
    with pytest.raises(OperationalError) as failure:
        read(away=True, path="/b")
    # By the cause it is told whether another server might do better.
    assert isinstance(failure.value.__cause__, ConnectionError)

"""The shelf of answers: bounded in number and in bytes."""

from api.caching import Held, Key, Shelf


def key(name):
    return Key(name, "", "", "http", "")


def held(size=1):
    return Held(answer=None, vary="", stamp=None, fresh_until=0.0, size=size)


def test_least_recently_asked_for_goes_first():
    shelf = Shelf(2, 100)
    shelf.put(key("a"), held())
    shelf.put(key("b"), held())
    shelf.get(key("a"))
    shelf.put(key("c"), held())
    assert shelf.get(key("b")) is None
    assert shelf.get(key("a")) is not None
    assert shelf.get(key("c")) is not None


def test_bytes_are_bounded_too():
    shelf = Shelf(10, 100)
    for name in "abc":
        shelf.put(key(name), held(40))
    assert [shelf.get(key(name)) is None for name in "abc"] == [True, False, False]


def test_answer_put_again_counts_once():
    shelf = Shelf(10, 100)
    for _ in range(5):
        shelf.put(key("a"), held(40))
    shelf.put(key("b"), held(60))
    assert shelf.get(key("a")) is not None


def test_answer_larger_than_the_shelf_is_not_kept():
    shelf = Shelf(10, 100)
    shelf.put(key("a"), held(101))
    assert shelf.get(key("a")) is None
    shelf.put(key("b"), held(100))
    assert shelf.get(key("b")) is not None


def test_cleared_shelf_is_empty():
    shelf = Shelf(10, 100)
    shelf.put(key("a"), held(100))
    shelf.clear()
    assert shelf.get(key("a")) is None
    shelf.put(key("b"), held(100))
    assert shelf.get(key("b")) is not None

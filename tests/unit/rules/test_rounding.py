"""Random rounding: SipHash against its published vectors, and each promise of the method."""

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from countries import codes
from federation.rules import rounding
from tests.oracles import rounding as oracle

SECRET = bytes(range(16))
words = st.integers(0, 2**64 - 1)
bases = st.integers(2, 1000)


def array_of(*numbers, dtype=np.uint64):
    return np.array(numbers, dtype)


def rounded(value, key, base):
    [result] = rounding.round_values(array_of(value, dtype=np.int64), array_of(key), base)
    return int(result)


@pytest.mark.parametrize(("length", "expected"), [(0, 0x726FDB47DD0E0E31), (15, 0xA129CA6149BE45E5)])
def test_oracle_agrees_with_vectors_of_other_lengths(length, expected):
    assert oracle.siphash(SECRET, bytes(range(length))) == expected


def test_siphash_agrees_with_the_published_vector_for_sixteen_bytes():
    first, second = np.frombuffer(bytes(range(16)), "<u8")
    [result] = rounding.siphash(SECRET, array_of(first), array_of(second))
    assert result == oracle.siphash(SECRET, bytes(range(16))) == 0x3F2ACC7F57C29BDB


@given(st.binary(min_size=16, max_size=16), st.lists(st.tuples(words, words), max_size=20))
def test_siphash_agrees_with_one_message_at_a_time(secret, messages):
    first, second = (array_of(*column) for column in zip(*messages, strict=True)) if messages else (array_of(),) * 2
    expected = [oracle.siphash(secret, a.to_bytes(8, "little") + b.to_bytes(8, "little")) for a, b in messages]
    assert rounding.siphash(secret, first, second).tolist() == expected


def test_siphash_of_more_messages_than_it_takes_at_once():
    count = 40_000
    first, second = np.arange(count, dtype=np.uint64), np.full(count, 7, np.uint64)
    together = rounding.siphash(SECRET, first, second)
    for place in (0, 16_383, 16_384, 32_768, count - 1):
        assert together[place] == oracle.siphash(SECRET, place.to_bytes(8, "little") + (7).to_bytes(8, "little"))


PARTS = {
    "indicator": st.integers(1, 1023),
    "agency": st.integers(1, 32_767),
    "frequency": st.sampled_from("NHDM"),
    "minute": st.integers(15_000_000, 70_000_000),
    "country": st.sampled_from(list(codes.COUNTRIES.values())),
    "network": st.sampled_from(list(codes.NETWORKS.values())),
}
cells = st.fixed_dictionaries(PARTS)


def key_of(cell):
    [key] = rounding.record_keys(
        SECRET,
        indicator=array_of(cell["indicator"], dtype=np.int64),
        agency=array_of(cell["agency"], dtype=np.int64),
        frequency=cell["frequency"],
        minute=array_of(cell["minute"], dtype=np.int64),
        countries=array_of(cell["country"], dtype=np.int16),
        networks=array_of(cell["network"], dtype=np.int16),
    )
    return int(key)


@given(cells)
def test_record_keys_agree_with_one_cell_at_a_time(cell):
    assert key_of(cell) == oracle.record_key(SECRET, **cell)


@given(cells, cells, st.sampled_from(sorted(PARTS)))
def test_a_record_key_hangs_on_each_part(cell, other, part):
    assert (key_of(cell) == key_of({**cell, part: other[part]})) == (cell[part] == other[part])


def test_record_keys_do_not_cancel_over_two_hours_and_two_countries():
    """What a key that is linear in its parts would do."""
    cell = {"indicator": 1, "agency": 3, "frequency": "H", "network": 1}
    four = [key_of({**cell, "minute": minute, "country": country}) for minute in (0, 60) for country in (578, 276)]
    assert np.bitwise_xor.reduce(np.array(four, np.uint64)) != 0


@given(st.integers(0, 2**62), words, bases)
def test_rounding_agrees_with_fractions(value, key, base):
    assert rounded(value, key, base) == oracle.rounded(value, key, base)


@given(arrays.arrays(np.int64, 30, elements=st.integers(0, 10**12)), st.lists(words, min_size=30, max_size=30), bases)
def test_rounded_values_are_multiples_within_the_base(values, keys, base):
    result = rounding.round_values(values, array_of(*keys), base)
    assert not (result % base).any()
    assert (abs(result - values) < base).all()
    assert (result >= 0).all()


@given(st.integers(0, 10**9), words, bases)
def test_multiples_stay_as_they_are_zero_too(times, key, base):
    assert rounded(times * base, key, base) == times * base


@given(st.integers(0, 10**9), words, bases)
def test_a_larger_remainder_is_never_rounded_up_less_readily(value, key, base):
    if (value + 1) % base:
        assert rounded(value, key, base) <= rounded(value + 1, key, base)


@pytest.mark.parametrize("base", [2, 5, 10])
def test_rounding_is_unbiased(base):
    """Each remainder is rounded up as often as it should be, to five standard errors."""
    count = 40_000
    keys = rounding.siphash(SECRET, np.arange(count, dtype=np.uint64), np.zeros(count, np.uint64))
    for rest in range(base):
        mean = rounding.round_values(np.full(count, 100 * base + rest, np.int64), keys, base).mean()
        error = np.sqrt(rest * (base - rest) / count)
        assert abs(mean - (100 * base + rest)) <= 5 * error


def test_rounding_of_one_cell_says_nothing_of_another():
    count = 40_000
    keys = rounding.siphash(SECRET, np.arange(count, dtype=np.uint64), np.zeros(count, np.uint64))
    up = rounding.round_values(np.full(count, 2, np.int64), keys, 5) > 0
    assert abs(np.corrcoef(up[:-1], up[1:])[0, 1]) < 5 / np.sqrt(count)


def test_no_values_are_rounded_to_none():
    assert not len(rounding.round_values(array_of(dtype=np.int64), array_of(), 5))


def test_a_fingerprint_tells_keys_apart_and_is_no_hash_that_others_make():
    prints = {rounding.fingerprint(bytes([number] * 16)) for number in range(100)}
    assert len(prints) == 100
    assert {len(one) for one in prints} == {16}
    assert rounding.fingerprint(SECRET) != blake2b(SECRET, digest_size=16).digest()

"""Random rounding: the numbers of cells compared with a second implementation, and each promise of the method."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from federation.rules import rounding
from federation.rules.rounding import CellKey
from p2p_core import codes
from tests.oracles import rounding as oracle

ROOT = Path(__file__).parents[3]
SECRET = bytes(range(16))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
draws = st.integers(0, 2**53 - 1)
bases = st.integers(2, 1000)
cells = st.builds(
    CellKey,
    agency=st.integers(0, 32_767),
    indicator=st.integers(1, 1023),
    country=st.sampled_from([*codes.COUNTRIES.values(), *codes.GROUPS.values()]),
    network=st.sampled_from([0, *codes.NETWORKS.values()]),
    minute=st.integers(15_000_000, 70_000_000),
    frequency=st.sampled_from([b"N", b"H", b"D", b"W", b"M", b"A"]),
)


def array_of(*numbers, dtype=np.uint64):
    return np.array(numbers, dtype)


def rounded(value, drawn, base):
    [result] = rounding.round_values(array_of(value, dtype=np.int64), array_of(drawn), base)
    return int(result)


def number_by_the_document(cell):
    found = oracle.number_of(
        SECRET,
        agency=cell.agency,
        indicator=cell.indicator,
        country=cell.country,
        network=cell.network,
        period=EPOCH + timedelta(minutes=cell.minute),
        frequency=cell.frequency.decode(),
    )
    return found * 2**53


@given(st.lists(cells, max_size=10))
def test_numbers_agree_with_one_cell_at_a_time(some):
    assert rounding.draws(SECRET, some).tolist() == [number_by_the_document(cell) for cell in some]


def test_numbers_are_those_of_the_example_in_the_documentation():
    row = r"\| (\d), (\d) \| `([0-9a-f ]+)` \| `([0-9a-f]+)` \| (0\.\d+) \|"
    found = re.findall(row, (ROOT / "docs/explanation/protection.md").read_text())
    minute = rounding.minute_of(datetime(2026, 11, 24, tzinfo=UTC))
    assert len(found) == 2
    for agency, network, hashed, digest, told in found:
        [drawn] = rounding.draws(SECRET, [CellKey(int(agency), 1, codes.COUNTRIES["NO"], int(network), minute, b"D")])
        message = bytes.fromhex(hashed)
        assert blake2b(message, digest_size=8, key=SECRET, person=b"p2p-cell").hexdigest() == digest
        assert int(drawn) == int.from_bytes(bytes.fromhex(digest), "little") >> 11
        assert f"{int(drawn) / 2**53:.5f}" == told


@given(cells, cells, st.sampled_from(CellKey._fields))
def test_each_part_of_a_cell_changes_its_number(cell, other, part):
    changed = cell._replace(**{part: getattr(other, part)})
    one, another = rounding.draws(SECRET, [cell, changed]).tolist()
    assert (one == another) == (cell == changed)


@given(st.integers(-(2**61), 2**61), draws, bases)
def test_rounding_agrees_with_fractions(value, drawn, base):
    assert rounded(value, drawn, base) == oracle.rounded(value, oracle.Fraction(drawn, 2**53), base)


@given(
    arrays.arrays(np.int64, 30, elements=st.integers(-(10**12), 10**12)),
    st.lists(draws, min_size=30, max_size=30),
    bases,
)
def test_rounded_values_are_multiples_within_the_base_with_their_sign(values, drawn, base):
    result = rounding.round_values(values, array_of(*drawn), base)
    assert not (result % base).any()
    assert (abs(result - values) < base).all()
    assert (np.sign(result) * np.sign(values) >= 0).all()


@given(st.integers(-(10**9), 10**9), draws, bases)
def test_multiples_stay_as_they_are_zero_too(times, drawn, base):
    assert rounded(times * base, drawn, base) == times * base


@given(st.integers(0, 10**9), draws, bases)
def test_a_larger_value_is_never_rounded_to_less(value, drawn, base):
    assert rounded(value, drawn, base) <= rounded(value + 1, drawn, base)


@pytest.mark.parametrize("base", [2, 5, 10])
@pytest.mark.parametrize("sign", [1, -1])
def test_rounding_is_unbiased(base, sign):
    """Each remainder is rounded up as often as it should be, to five standard errors."""
    count = 40_000
    drawn = rounding.draws(SECRET, (CellKey(1, 1, 578, 1, minute, b"D") for minute in range(count)))
    for rest in range(base):
        value = sign * (100 * base + rest)
        mean = rounding.round_values(np.full(count, value, np.int64), drawn, base).mean()
        assert abs(mean - value) <= 5 * np.sqrt(rest * (base - rest) / count)


def test_rounding_of_one_cell_says_nothing_of_another():
    count = 40_000
    drawn = rounding.draws(SECRET, (CellKey(1, 1, 578, 1, minute, b"D") for minute in range(count)))
    up = rounding.round_values(np.full(count, 2, np.int64), drawn, 5) > 0
    assert abs(np.corrcoef(up[:-1], up[1:])[0, 1]) < 5 / np.sqrt(count)


def test_no_values_are_rounded_to_none():
    assert not len(rounding.round_values(array_of(dtype=np.int64), rounding.draws(SECRET, []), 5))


def test_a_fingerprint_tells_keys_apart_and_is_no_hash_that_others_make():
    prints = {rounding.fingerprint(bytes([number] * 16)) for number in range(100)}
    assert len(prints) == 100
    assert {len(one) for one in prints} == {16}
    assert rounding.fingerprint(SECRET) != blake2b(SECRET, digest_size=16).digest()

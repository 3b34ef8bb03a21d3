"""Random rounding with cell keys: what makes an exact count fit to be published.

The method of the Australian Bureau of Statistics, recommended by Eurostat for the census
(Handbook on Statistical Disclosure Control, cell key method), on aggregated input. A cell's
record key decides how it is rounded, so the same contributors always get the same rounding.
"""

from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.rules.tables import Keys, Numbers, Values

Words = NDArray[np.uint64]

#: Frequencies as numbers in a record key. They may never change.
_FREQUENCY_NUMBER = {"N": 1, "H": 2, "D": 3, "M": 4}
#: Small enough that the work space of the hash stays in the processor's cache.
_CHUNK = 16_384


def record_keys(
    secret: bytes,
    *,
    indicator: Values,
    agency: Values,
    frequency: str,
    minute: Values,
    countries: Numbers,
    networks: Numbers,
) -> Keys:
    """Return the record key of each cell of reported figures: 64 bits of SipHash-2-4.

    All arguments but the secret (16 bytes) and the frequency are parallel, one entry a cell;
    ``minute`` is the period's start in minutes since 1970. A cell's message holds all parts
    at once, because a key that is linear in its parts would cancel over two hours.
    """
    first = (minute.astype(np.uint64) << np.uint64(32)) | agency.astype(np.uint64)
    second = (
        (indicator.astype(np.uint64) << np.uint64(48))
        | (countries.astype(np.uint64) << np.uint64(32))
        | (networks.astype(np.uint64) << np.uint64(16))
        | np.uint64(_FREQUENCY_NUMBER[frequency])
    )
    return siphash(secret, first, second)


def siphash(secret: bytes, first: Words, second: Words) -> Keys:
    """Return SipHash-2-4 of many 16-byte messages, each given as two little-endian words.

    Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), over arrays.
    """
    low, high = (np.uint64(int.from_bytes(half, "little")) for half in (secret[:8], secret[8:16]))
    out = np.empty(len(first), np.uint64)
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        out[part] = _siphash_chunk(low, high, first[part], second[part])
    return out


def _siphash_chunk(low: np.uint64, high: np.uint64, first: Words, second: Words) -> Words:
    state = np.empty((4, len(first)), np.uint64)
    state[0] = low ^ np.uint64(0x736F6D6570736575)
    state[1] = high ^ np.uint64(0x646F72616E646F6D)
    state[2] = low ^ np.uint64(0x6C7967656E657261)
    state[3] = high ^ np.uint64(0x7465646279746573)
    spare = np.empty(len(first), np.uint64)
    for word in (first, second, np.uint64(16 << 56)):
        state[3] ^= word
        _rounds(state, spare, 2)
        state[0] ^= word
    state[2] ^= np.uint64(0xFF)
    _rounds(state, spare, 4)
    out: Words = np.bitwise_xor.reduce(state, axis=0)
    return out


def _rounds(state: Words, spare: Words, count: int) -> None:
    v0, v1, v2, v3 = state
    for _ in range(count):
        _mix(v0, v1, 13, spare)
        _rotate(v0, 32, spare)
        _mix(v2, v3, 16, spare)
        _mix(v0, v3, 21, spare)
        _mix(v2, v1, 17, spare)
        _rotate(v2, 32, spare)


def _mix(into: Words, other: Words, bits: int, spare: Words) -> None:
    into += other
    _rotate(other, bits, spare)
    other ^= into


def _rotate(word: Words, bits: int, spare: Words) -> None:
    np.right_shift(word, np.uint64(64 - bits), out=spare)
    np.left_shift(word, np.uint64(bits), out=word)
    np.bitwise_or(word, spare, out=word)


def round_values(values: Values, keys: Keys, base: int) -> Values:
    """Round to multiples of ``base`` (at most 1000): up with the chance of the remainder.

    Unbiased; off by less than the base; multiples stay exact; zero stays zero.
    The chance is compared in whole numbers (53 bits of the key), so every machine agrees.
    """
    remainder = values % base
    draw = (keys >> np.uint64(11)) * np.uint64(base)
    up = draw < (remainder.astype(np.uint64) << np.uint64(53))
    return values - remainder + np.where(up, base, 0)


#: The numbers of cells: 53 bits each.
Draws = NDArray[np.uint64]

_CELL = Struct("<HHHHIc")
#: The agency of a cell's first sum.
NOBODY = 0


class Cell(NamedTuple):
    """What a random number belongs to, in the order in which it is hashed; ``minute`` counts from 1970."""

    agency: int
    indicator: int
    country: int
    network: int
    minute: int
    frequency: bytes


def draws(secret: bytes, cells: Iterable[Cell]) -> Draws:
    """Return the number of each cell, which never changes."""
    pack = _CELL.pack
    digests = b"".join(blake2b(pack(*cell), digest_size=8, key=secret, person=b"p2p-cell").digest() for cell in cells)
    return np.frombuffer(digests, "<u8") >> np.uint64(11)


def rounded(values: Values, drawn: Draws, base: int) -> Values:
    """Round to multiples of ``base`` (at most 1000): away from zero with the chance of the remainder, sign kept.

    Unbiased; off by less than the base; multiples stay exact; zero stays zero.
    The chance is compared in whole numbers, so every machine agrees.
    """
    size = np.abs(values)
    remainder = size % base
    up = drawn * np.uint64(base) < remainder.astype(np.uint64) << np.uint64(53)
    return np.sign(values) * (size - remainder + np.where(up, base, 0))


def fingerprint(secret: bytes) -> bytes:
    """Return 16 bytes by which a rounding key is recognised, and which do not give it away."""
    return blake2b(secret, digest_size=16, person=b"p2p-rounding-key").digest()

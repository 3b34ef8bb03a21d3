"""Random rounding with a fixed random number for each cell, so that the rounded count can be published.

``docs/explanation/protection.md`` says why and how, with an example that tests check.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import repeat
from struct import Struct
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from p2p_core.reports import Values

#: The random numbers of cells: 53 bits each.
Draws = NDArray[np.uint64]

_CELL = Struct("<HHHHIc")
#: The number in place of an agency's in the key of a first sum, which belongs to all agencies.
NOBODY = 0


class CellKey(NamedTuple):
    """What a random number depends on, in the order in which it is hashed. ``minute`` is from ``minute_of``."""

    agency: int
    indicator: int
    country: int
    network: int
    minute: int
    frequency: bytes


def minute_of(period: datetime) -> int:
    """The start of a period in minutes since 1970, as it is hashed."""
    return int(period.timestamp()) // 60


def draws(secret: bytes, cells: Iterable[CellKey]) -> Draws:
    """The random number of each cell. It never changes."""
    pack = _CELL.pack
    digests = b"".join(blake2b(pack(*cell), digest_size=8, key=secret, person=b"p2p-cell").digest() for cell in cells)
    return np.frombuffer(digests, "<u8") >> np.uint64(11)


def round_values(values: Values, drawn: Draws, base: int) -> Values:
    """Round to multiples of ``base`` (at most 1000). The sign is kept.

    A value is rounded away from zero with a probability of remainder / base, else towards zero. So rounding is right on
    average, the error is less than the base, and multiples of the base (also zero) do not change. The comparison uses
    whole numbers, so every machine gets the same result.
    """
    size = np.abs(values)
    remainder = size % base
    up = drawn * np.uint64(base) < remainder.astype(np.uint64) << np.uint64(53)
    away: Values = size - remainder + np.where(up, base, 0)
    return np.sign(values) * away


def round_cells(values: Values, parts: Sequence[ArrayLike], frequency: str, secret: bytes, base: int) -> Values:
    """Round each value with the random number of its cell.

    ``parts`` are the first five fields of :class:`CellKey`: agency, indicator, country, network, minute. Each is an
    array or a number, and is broadcast to the shape of ``values``.
    """
    uneven = np.nonzero(values % base)
    columns = (np.broadcast_to(part, values.shape)[uneven].tolist() for part in parts)
    drawn = np.zeros(values.shape, np.uint64)
    drawn[uneven] = draws(secret, map(CellKey, *columns, repeat(frequency.encode())))
    return round_values(values, drawn, base)


def fingerprint(secret: bytes) -> bytes:
    """16 bytes that identify a rounding key and do not reveal it."""
    return blake2b(secret, digest_size=16, person=b"p2p-rounding-key").digest()

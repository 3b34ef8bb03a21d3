"""Sorts all observations of a submission at once and makes its reports of them.

Each observation becomes one number. From the highest bits to the lowest, it has the report, the cell and the value. So
one sort of numbers puts the cells of each report in order, puts cells that are named twice side by side, and keeps each
value with its cell.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.reports import NewReport

MAX_REPORTS: Final = 200_000

# 18 bits of report, 14 of cell (10 of country, 4 of network), 30 of value: 62 of an int64.
_VALUE_BITS: Final = 30
_CELL_BITS: Final = 14
_NETWORK_BITS: Final = 4
assert max(NETWORKS.values()) < 1 << _NETWORK_BITS  # noqa: S101  what is packed must fit
assert max(COUNTRIES.values()) < 1 << (_CELL_BITS - _NETWORK_BITS)  # noqa: S101  what is packed must fit

Numbers = NDArray[np.int64]


class Head(NamedTuple):
    """A report without its cells."""

    indicator: int
    frequency: str
    period: datetime
    status: str
    withdrawn: bool


class DuplicateCellError(Exception):
    """A report names a cell twice."""


def cell_of(country: int, network: int) -> int:
    """Pack a cell into one number that sorts by country, then network."""
    return country << _NETWORK_BITS | network


def build(heads: Sequence[Head], report: Numbers, cell: Numbers, value: Numbers) -> list[NewReport]:
    """Make the canonical reports: cells sorted by country and network, zeros dropped.

    ``report``, ``cell`` and ``value`` are parallel, one element an observation, in any order;
    ``report`` counts from the first of ``heads``.
    """
    packed = (report << _CELL_BITS | cell) << _VALUE_BITS | value
    packed.sort()
    places = packed >> _VALUE_BITS
    if (places[1:] == places[:-1]).any():
        raise DuplicateCellError
    packed = packed[packed & ((1 << _VALUE_BITS) - 1) != 0]
    values = packed & ((1 << _VALUE_BITS) - 1)
    cells = packed >> _VALUE_BITS & ((1 << _CELL_BITS) - 1)
    countries = (cells >> _NETWORK_BITS).astype(np.int16)
    networks = (cells & ((1 << _NETWORK_BITS) - 1)).astype(np.int16)
    ends = np.searchsorted(packed, np.arange(1, len(heads) + 1) << (_CELL_BITS + _VALUE_BITS)).tolist()
    return [
        NewReport(*head, countries=countries[start:end], networks=networks[start:end], values=values[start:end])
        for head, start, end in zip(heads, [0, *ends], ends, strict=False)
    ]

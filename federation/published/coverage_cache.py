"""The coverage that this process read last. The series of all countries share it.

The version of a range is the one in which publication last changed it. If a range has the version that a longer range
had when it was read, nothing in it has changed since, and its coverage need not be read again.
"""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from federation.rules.coverage import Coverage
from p2p_core import periods


class CachedCoverage(NamedTuple):
    """The coverage of the public periods from ``start`` to ``end``, both included, at a version."""

    start: datetime
    end: datetime
    version: int
    coverage: Coverage

    def includes(self, start: datetime, end: datetime) -> bool:
        return self.start <= start and end <= self.end


class CachedPage(NamedTuple):
    """A page of a range, cut out of the coverage of a ``whole`` range, with its last period."""

    version: int
    whole: Coverage
    coverage: Coverage
    last: datetime


MAX_ENTRIES: Final = 32
#: By indicator and frequency, the newest last. An entry has at most a page of periods.
entries: Final[dict[tuple[int, str], CachedCoverage]] = {}
clear: Final = entries.clear


def find(series: tuple[int, str], start: datetime, end: datetime, first: datetime, limit: int) -> CachedPage | None:
    """At most ``limit`` periods from ``first`` on, of the range from ``start`` to ``end``."""
    found = entries.get(series)
    if not found or not found.includes(start, end):
        return None
    seconds = found.coverage.periods
    at, after = np.searchsorted(seconds, [periods.epoch(first), periods.epoch(end) + 1]).tolist()
    page = found.coverage.picked(slice(at, min(at + limit, after)))
    if not len(page.periods):
        return None
    return CachedPage(found.version, found.coverage, page, datetime.fromtimestamp(int(page.periods[-1]), UTC))


def keep(series: tuple[int, str], read: CachedCoverage) -> None:
    """Keep the coverage of a range, unless that of a longer range is there at the same version. The oldest goes."""
    found = entries.get(series)
    if not (found and found.version == read.version and found.includes(read.start, read.end)):
        entries.pop(series, None)
        entries[series] = read
        # Other threads may remove the same ones.
        for old in list(entries)[:-MAX_ENTRIES]:
            entries.pop(old, None)

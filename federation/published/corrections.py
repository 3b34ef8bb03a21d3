"""Reads corrections: the changes of published numbers that were made after their first publication.

A correction belongs to a version, a period and a series. The value before is what the view of the version before has,
and the value after is what the view of this version has. Each is None if its view has no number. So a correction says
no more than two past views. Corrections never change. New ones come first in the list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np

from countries.reference import Reference
from federation import published
from federation.database import instants, rows_of
from federation.published import Selection, detail
from federation.rules.coverage import NOT_KNOWN
from federation.rules.view import Series, by_code
from p2p_core import periods

#: The most cells that a read looks up. So its work has a limit even if none of them was corrected.
MAX_CELLS: Final = 20_000
#: About how many cells one query looks up. A read stops when it has found enough corrections.
_CELLS_AT_ONCE: Final = 2_000


class PublicCoverage(NamedTuple):
    """What a view says of a period: its status, as readers see it, and how many agencies reported."""

    status: str
    agencies_reporting: int

    @classmethod
    def of(cls, stored: str, reporting: int) -> "PublicCoverage":
        return cls(stored if reporting else NOT_KNOWN, reporting)


class Correction(NamedTuple):
    """A published number that a version changed."""

    version: int
    known_at: datetime
    period: datetime
    series: Series
    value_before: int | None
    value_after: int | None
    coverage_before: PublicCoverage
    coverage_after: PublicCoverage

    @property
    def difference(self) -> int | None:
        if self.value_before is None or self.value_after is None:
            return None
        return self.value_after - self.value_before


class Position(NamedTuple):
    """A position in the list: the corrections of a period by a version. Those after it in the list are older."""

    version: int
    period: datetime


class Newest(NamedTuple):
    """The newest correction of an indicator and frequency. Its version is 0 if there is none."""

    version: int
    known_at: datetime | None
    rounding_base: int | None


@dataclass(frozen=True, slots=True)
class Corrections:
    """Some corrections, and the position after which older ones may follow. None if there are none."""

    rows: list[Correction]
    following: Position | None


class _Change(NamedTuple):
    """A version that corrected a period."""

    version: int
    known_at: datetime
    period: datetime
    coverage_before: PublicCoverage
    coverage_after: PublicCoverage


def newest(selection: Selection) -> Newest:
    """The newest correction up to the version of a selection. Its series do not matter."""
    [(version, known_at, base)] = rows_of("corrections_newest", **_parameters(selection), version=selection.version)
    return Newest(version or 0, known_at, base)


def read(
    selection: Selection, reference: Reference, *, older_than: Position | None, since_version: int, limit: int
) -> Corrections:
    """Read the newest corrections that are older than a position in the list, and were made after a version.

    The last period is always read whole, so there may be more corrections than ``limit``. There are fewer, or none, if
    few of the corrected periods have a number of the selected series that was corrected: then a later read goes on.
    """
    series = _series(selection, reference)
    if not series:
        return Corrections([], None)
    older_than = older_than or Position(selection.version + 1, periods.EARLIEST)
    # A query looks up every series in each period. There can be more series than `_CELLS_AT_ONCE`.
    most, rows = max(1, _CELLS_AT_ONCE // len(series)), list[Correction]()
    for _ in range(max(1, MAX_CELLS // (most * len(series)))):
        changes = _changes(selection, older_than, since_version, most)
        for change, found in _corrections(selection, reference, series, changes):
            rows += found
            is_last = len(changes) < most and change is changes[-1]
            if len(rows) >= limit and not is_last:
                return Corrections(rows, Position(change.version, change.period))
        if len(changes) < most:
            return Corrections(rows, None)
        older_than = Position(changes[-1].version, changes[-1].period)
    return Corrections(rows, older_than)


def _series(selection: Selection, reference: Reference) -> list[Series]:
    """The series of a selection, by code. If it is open, each with the version in which it got its first cell."""
    if not selection.open:
        return published.series(selection, reference)
    countries, networks = list(selection.countries), list(selection.networks)
    named = {"version": selection.version, "countries": countries, "networks": networks}
    return by_code(Series(*row) for row in rows_of("published_series", **_parameters(selection), **named))


def _changes(selection: Selection, older_than: Position, since_version: int, most: int) -> list[_Change]:
    rows = rows_of(
        "corrections_changes",
        **_parameters(selection),
        position_version=older_than.version,
        position_period=older_than.period,
        since_version=since_version,
        most=most,
    )
    return [
        _Change(version, known_at, period, PublicCoverage.of(before, had_reported), PublicCoverage.of(after, reported))
        for version, known_at, period, before, had_reported, after, reported in rows
    ]


def _corrections(
    selection: Selection, reference: Reference, series: Sequence[Series], changes: Sequence[_Change]
) -> Iterator[tuple[_Change, list[Correction]]]:
    """Yield each change with the corrections of the series. What is withheld is left out."""
    if not changes:
        return
    starts = np.array([periods.epoch(change.period) for change in changes])
    flags = detail.mask(reference, selection.indicator, selection.frequency)
    is_published = flags.rows(series)[:, flags.at(starts)]
    found: list[list[Correction]] = [[] for _ in changes]
    for at, row, value_before, value_after in _cells(selection, series, changes):
        if is_published[row, at]:
            one = changes[at]
            values, coverage = (value_before, value_after), (one.coverage_before, one.coverage_after)
            found[at].append(Correction(*one[:3], series[row], *values, *coverage))
    yield from zip(changes, found, strict=True)


def _cells(
    selection: Selection, series: Sequence[Series], changes: Sequence[_Change]
) -> list[tuple[int, int, int | None, int | None]]:
    return rows_of(
        "corrections_cells",
        **_parameters(selection),
        versions=np.array([change.version for change in changes]),
        periods=instants([change.period for change in changes]),
        known_before=[change.coverage_before.status != NOT_KNOWN for change in changes],
        known_after=[change.coverage_after.status != NOT_KNOWN for change in changes],
        countries=np.array([one.country for one in series], np.int16),
        networks=np.array([one.network for one in series], np.int16),
        since=np.array([one.since for one in series]),
    )


def _parameters(selection: Selection) -> dict[str, Any]:
    return {"indicator": selection.indicator, "frequency": selection.frequency}

"""Reads past views: each observation with the version in which it last changed.

All numbers here are rounded already, as in ``federation.published``. An observation changes when its value changes,
when the coverage of its period changes, or when its series gets its first cell, because the series is listed from then
on. No observation disappears: the value of a closed cell is 0. If no agency covers the period any more, the observation
has no value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.database import columns_of, cursor, instants, rows_of, statement
from federation.published import at_instant
from federation.rules.coverage import Coverage
from federation.rules.view import Series, Table, coverage_of
from p2p_core.periods import Longs

#: The first and the last day of the calendar.
ALWAYS: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
#: The seconds of the shortest period of each frequency.
AT_LEAST: Final = {"H": 3600, "D": 86_400, "W": 604_800, "M": 28 * 86_400, "A": 365 * 86_400}
#: All periods between the first and the last wanted one are read at once, if they are at most this many times more.
_WORTH_IT: Final = 4


class Cube(NamedTuple):
    """An indicator at a frequency, from the period ``start`` to the period ``end``, both included."""

    indicator: int
    frequency: str
    start: datetime = ALWAYS[0]
    end: datetime = ALWAYS[1]


@dataclass(frozen=True, slots=True)
class CoverageHistory:
    """The coverage of the periods of a cube: a row for each version in which it changed, by period and version."""

    _columns: Coverage

    def __len__(self) -> int:
        return len(self._columns.periods)

    def at(self, version: int, periods: Longs | None = None) -> Coverage:
        """The coverage at a version: of all public periods in order, or only of those that are in ``periods``."""
        column = self._columns.periods
        rows = np.arange(len(column))
        if periods is not None:
            # All rows of the wanted periods. The column is sorted, so those of one period are neighbours.
            first, last = np.searchsorted(column, periods, "left"), np.searchsorted(column, periods, "right")
            lengths = last - first
            rows = np.arange(lengths.sum()) + np.repeat(first - lengths.cumsum() + lengths, lengths)
        known = rows[self._columns.version_from[rows] <= version][::-1]
        # In reverse order, because the last row of each period is needed, and `unique` finds the first one.
        _, newest = np.unique(column[known], return_index=True)
        return self._columns.picked(known[newest])


class CellVersions(NamedTuple):
    """Cells as parallel arrays.

    They have the position of the series, the period, the value, the version from which on the cell was public, and the
    version that closed it (0 if none).
    """

    rows: NDArray[Any]
    periods: NDArray[Any]
    values: NDArray[Any]
    since: NDArray[Any]
    until: NDArray[Any]


def series(cube: Cube, *, version: int) -> list[Series]:
    """The series that had a cell in any version up to ``version``, not sorted."""
    named = _named(cube, version) | {"countries": None, "networks": None}
    return [Series(*row) for row in rows_of("published_series", **named)]


def newest_series(cube: Cube, *, version: int) -> int:
    """The last version, up to ``version``, in which a series got its first cell. 0 if there is none."""
    found: int = rows_of("vintages_newest_series", **_named(cube, version))[0][0]
    return found


def coverage(cube: Cube, *, after: int = 0, version: int) -> CoverageHistory:
    """Read the coverage of a cube's periods in all versions up to ``version``, except rows closed up to ``after``.

    If ``after`` equals ``version``, the result is the coverage at that version alone.
    """
    return CoverageHistory(
        coverage_of(columns_of(statement("vintages_coverage"), _named(cube, version) | {"after": after}))
    )


def table(cube: Cube, some: Sequence[Series], coverage: Coverage, *, version: int, after: int = 0) -> Table:
    """Read the values of some series at a version, in the periods of ``coverage``, which is that of the same version.

    The version of the last change (``since``) is right only for values that changed after the version ``after``.
    """
    cells = _cells(cube, some, coverage.periods, after=after, version=version)
    periods = coverage.periods
    at = np.searchsorted(periods, cells.periods)
    # Cells of periods that lie between the wanted ones may have been read too.
    kept = np.flatnonzero(periods[np.minimum(at, len(periods) - 1)] == cells.periods)
    if cells.until.any():
        # In order of version: if a place has several cells, the last one written below is the newest.
        kept = kept[np.argsort(cells.since[kept], kind="stable")]
    ended = (cells.until > 0) & (cells.until <= version)
    grid = np.zeros((2, len(some), len(periods)), np.int64)
    place = cells.rows[kept].astype(np.intp), at[kept]
    grid[0][place] = np.where(ended, 0, cells.values)[kept]
    grid[1][place] = np.where(ended, cells.until, cells.since)[kept]
    listed = np.array([one.since if one.since <= version else 0 for one in some], np.int64)
    since = np.maximum(grid[1], np.maximum(listed[:, None], coverage.version_from[None, :]))
    return Table(cube.frequency, some, coverage, grid[0], since)


def _cells(cube: Cube, some: Sequence[Series], periods: Longs, *, after: int, version: int) -> CellVersions:
    """Read cells of series and periods in all versions up to ``version``, except those closed up to ``after``."""
    named = _named(cube, version) | {
        "countries": np.array([one.country for one in some], np.int16),
        "networks": np.array([one.network for one in some], np.int16),
        "start": _instant(periods[0]),
        "end": _instant(periods[-1]),
        "after": after,
    }
    query = statement("vintages_cells")
    stretch = (int(periods[-1]) - int(periods[0])) // AT_LEAST[cube.frequency] + 1
    if stretch > _WORTH_IT * len(periods):
        named["periods"] = instants([_instant(period) for period in periods])
        query = query.replace(b"period BETWEEN %(start)s AND %(end)s", b"period = ANY (%(periods)s::timestamptz[])")
    with cursor() as c:
        [found] = c.execute(query, named).fetchall()
    public, closed = (*found[:4], np.zeros(len(found[0]), np.int64)), found[4:]
    return CellVersions(*map(np.concatenate, zip(public, closed, strict=True)))


def changed(cube: Cube, *, after: int, version: int) -> Longs:
    """The periods that changed after the version ``after``, and at or before ``version``, in order."""
    found: Longs = rows_of("vintages_changed", **_named(cube, version), after=after)[0][0]
    return found


def count_changes(cube: Cube, *, after: int, version: int, most: int) -> int:
    """Count the changes of periods after the version ``after`` up to ``version``. The count stops at ``most``."""
    found: int = rows_of("vintages_count", **_named(cube, version), after=after, most=most)[0][0]
    return found


def times(versions: Longs) -> dict[int, int]:
    """The time at which each version became public, in milliseconds since 1970."""
    numbers, moments = rows_of("vintages_times", versions=versions)[0]
    return dict(zip(numbers.tolist(), moments.tolist(), strict=True))


def known_by(instant: datetime) -> int:
    """The version that was public at a past instant, or 0 if there was none."""
    at_instant(instant)
    return rows_of("published_as_of", as_of=instant)[0][0] or 0


def days(cube: Cube, *, version: int) -> list[tuple[int, int]]:
    """The days before today on which a cube changed (seconds since 1970), each with its last version."""
    return rows_of("vintages_days", **_named(cube, version))


def _instant(second: np.int64) -> datetime:
    return datetime.fromtimestamp(int(second), UTC)


def _named(cube: Cube, version: int) -> dict[str, Any]:
    return {**cube._asdict(), "version": version}

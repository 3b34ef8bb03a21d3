"""The other half of the public door: each observation with the version that it is as it is since, in any past view.

Whatever is read here is rounded already, as in ``federation.published``. An observation changes
when its value does, when the coverage of its period does, or when its series gets its first cell
and is listed from then on. None ever goes: a cell that is closed reads 0, and one of a period
that nobody covers any more has no value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.database import cursor, instants, statement
from federation.published import Longs, Shorts, at_instant

Flags = NDArray[np.bool_]
Letters = NDArray[np.str_]

#: Periods from the first to the last that a calendar has.
ALWAYS: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))


class Cube(NamedTuple):
    """An indicator at a frequency, from one period to another, both included."""

    indicator: int
    frequency: str
    start: datetime = ALWAYS[0]
    end: datetime = ALWAYS[1]


class Series(NamedTuple):
    """A country, or group, and a network; the version that brought its first cell is 0 while it had none."""

    country: int
    network: int
    since: int = 0


@dataclass(frozen=True, slots=True)
class Covered:
    """The coverage of periods at a version, in their order; ``since`` are the versions that it is so since.

    Periods are seconds since 1970, ``shares`` ten-thousandths of the time owed, and -1 where
    nobody owed any; a status is a letter.
    """

    periods: Longs
    expected: Shorts
    reporting: Shorts
    shares: Longs
    statuses: Letters
    breaks: Flags
    since: Longs


@dataclass(frozen=True, slots=True)
class Observed:
    """Values of series x periods at a version, and the versions that they are so since."""

    values: Longs
    since: Longs


@dataclass(frozen=True, slots=True)
class CoverageHistory:
    """The coverage of the periods of a cube in several versions, in order of period and version."""

    _columns: Covered

    def __len__(self) -> int:
        return len(self._columns.periods)

    def at(self, version: int, periods: Longs | None = None) -> Covered:
        """Return the coverage at a version of all periods that were public, or of those of some, in their order."""
        rows = np.arange(len(self._columns.periods)) if periods is None else _runs(self._columns.periods, periods)
        known = rows[self._columns.since[rows] <= version][::-1]
        # Backwards, so that of each period the last one known comes first.
        _, first = np.unique(self._columns.periods[known], return_index=True)
        return picked(self._columns, known[first])


class Cells(NamedTuple):
    """Cells as parallel arrays: the place of their series, period, value, and the versions from and to, or 0."""

    rows: NDArray[Any]
    periods: NDArray[Any]
    values: NDArray[Any]
    since: NDArray[Any]
    until: NDArray[Any]


@dataclass(frozen=True, slots=True)
class CellHistory:
    """The cells of some series in some periods in all versions up to one, in order of period."""

    _cells: Cells
    _places: dict[tuple[int, int], int]

    def at(self, some: Sequence[Series], covered: Covered, version: int) -> Observed:
        """Return the values at a version of some of the series in the periods of a coverage of that version."""
        runs = _runs(self._cells.periods, covered.periods)
        places = np.full(len(self._places), -1)
        places[[self._places[one[:2]] for one in some]] = np.arange(len(some))
        wanted = runs[(self._cells.since[runs] <= version) & (places[self._cells.rows[runs]] >= 0)]
        found = Cells(*(column[wanted] for column in self._cells))
        return _placed(found._replace(rows=places[found.rows]), some, covered, version)


def picked(covered: Covered, which: NDArray[Any]) -> Covered:
    """Return the coverage of some of the periods."""
    return Covered(*(getattr(covered, name)[which] for name in Covered.__dataclass_fields__))


def _runs(column: Longs, wanted: Longs) -> NDArray[np.intp]:
    """Return the places in an ordered column at which those wanted stand, one after the other."""
    first, last = np.searchsorted(column, wanted, "left"), np.searchsorted(column, wanted, "right")
    lengths = last - first
    return np.asarray(np.arange(lengths.sum()) + np.repeat(first - lengths.cumsum() + lengths, lengths))


def series(cube: Cube, *, version: int) -> list[Series]:
    """Return the series that had a cell in any version up to one, in no order."""
    return [Series(*row) for row in _rows("vintages_series", _named(cube, version))]


def coverage(cube: Cube, *, after: int = 0, version: int) -> CoverageHistory:
    """Read the coverage of a cube's periods in all versions up to one, except what had ended by another version.

    With both the same it is the coverage at that version alone.
    """
    named = _named(cube, version) | {"after": after}
    periods, since, expected, reporting, shares, statuses, breaks = _row("vintages_coverage", named)
    return CoverageHistory(
        Covered(periods, expected, reporting, shares, _letters(statuses), _letters(breaks) == "B", since)
    )


def observed(cube: Cube, some: Sequence[Series], covered: Covered, *, version: int, after: int = 0) -> Observed:
    """Read the values at a version of some series in the periods of a coverage of that version.

    Since when they are so is told of those that changed after another version.
    """
    return _placed(_cells(cube, some, covered.periods, after=after, version=version), some, covered, version)


def history(cube: Cube, some: Sequence[Series], periods: Longs, *, after: int, version: int) -> CellHistory:
    """Read the cells of some series and periods that tell what changed after one version and up to another."""
    found = _cells(cube, some, periods, after=after, version=version)
    order = np.argsort(found.periods, kind="stable")
    places = {one[:2]: place for place, one in enumerate(some)}
    return CellHistory(Cells(*(column[order] for column in found)), places)


def _placed(cells: Cells, some: Sequence[Series], covered: Covered, version: int) -> Observed:
    periods = covered.periods
    at = np.searchsorted(periods, cells.periods)
    # Of periods that lie between those wanted, cells may have been read too.
    kept = np.flatnonzero(periods[np.minimum(at, len(periods) - 1)] == cells.periods)
    if cells.until.any():
        # In order of version: of several for one place the last one stays.
        kept = kept[np.argsort(cells.since[kept], kind="stable")]
    ended = (cells.until > 0) & (cells.until <= version)
    grid = np.zeros((2, len(some), len(periods)), np.int64)
    place = cells.rows[kept].astype(np.intp), at[kept]
    grid[0][place] = np.where(ended, 0, cells.values)[kept]
    grid[1][place] = np.where(ended, cells.until, cells.since)[kept]
    listed = np.array([one.since if one.since <= version else 0 for one in some], np.int64)
    return Observed(grid[0], np.maximum(grid[1], np.maximum(listed[:, None], covered.since[None, :])))


def _cells(cube: Cube, some: Sequence[Series], periods: Longs, *, after: int, version: int) -> Cells:
    """Read cells of series and periods in all versions up to one, but for those that had ended by another."""
    named = _named(cube, version) | {
        "countries": np.array([one.country for one in some], np.int16),
        "networks": np.array([one.network for one in some], np.int16),
        "start": _instant(periods[0]),
        "end": _instant(periods[-1]),
        "after": after,
    }
    condition = "period BETWEEN %(start)s AND %(end)s"
    if _is_sparse(cube.frequency, periods):
        named["periods"] = instants([_instant(period) for period in periods])
        condition = "period = ANY (%(periods)s::timestamptz[])"
    found = _row("vintages_cells", named, condition)
    public, closed = (*found[:4], np.zeros(len(found[0]), np.int64)), found[4:]
    return Cells(*map(np.concatenate, zip(public, closed, strict=True)))


def changes(cube: Cube, *, after: int, version: int) -> tuple[Longs, Longs]:
    """Return which versions changed which periods, after one and up to another, in order of version."""
    versions, periods = _row("vintages_log", _named(cube, version) | {"after": after})
    return versions, periods


def count_changes(cube: Cube, *, after: int, version: int, most: int) -> int:
    """Count what ``changes`` has, up to so many."""
    found: int = _row("vintages_count", _named(cube, version) | {"after": after, "most": most})[0]
    return found


def times(versions: Longs) -> dict[int, int]:
    """Return when versions became public, in milliseconds since 1970."""
    numbers, moments = _row("vintages_times", {"versions": versions})
    return dict(zip(numbers.tolist(), moments.tolist(), strict=True))


def known_by(instant: datetime) -> int:
    """Return the version that was public at an instant, if only it has come; 0 if there was none."""
    at_instant(instant)
    return _row("vintages_known", {"instant": instant})[0] or 0


def days(cube: Cube, *, version: int) -> list[tuple[int, int]]:
    """Return the days that have ended on which a cube changed, in seconds since 1970, and the last version of each."""
    return _rows("vintages_days", _named(cube, version))


#: A series is read in one stretch if no more periods lie in it than so many times those wanted.
_WORTH_IT: Final = 4
#: How many seconds a period has at least.
AT_LEAST: Final = {"H": 3600, "D": 86_400, "W": 604_800, "M": 28 * 86_400, "A": 365 * 86_400}


def _is_sparse(frequency: str, periods: Longs) -> bool:
    stretch = (int(periods[-1]) - int(periods[0])) // AT_LEAST[frequency] + 1
    return stretch > _WORTH_IT * len(periods)


def _instant(second: np.int64) -> datetime:
    return datetime.fromtimestamp(int(second), UTC)


def _letters(text: str) -> Letters:
    return np.array(list(text), "U1")


def _named(cube: Cube, version: int) -> dict[str, Any]:
    return {**cube._asdict(), "version": version}


def _row(name: str, named: dict[str, Any], periods: str = "") -> tuple[Any, ...]:
    return _rows(name, named, periods)[0]


def _rows(name: str, named: dict[str, Any], periods: str = "") -> list[tuple[Any, ...]]:
    with cursor() as c:
        c.execute(statement(name).replace(b"{periods}", periods.encode()), named)
        return c.fetchall()

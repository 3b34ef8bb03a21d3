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
from federation.published import Longs, Shorts

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
    """The coverage of the periods of a cube in all versions up to one, in order of period and version."""

    _columns: Covered

    def at(self, version: int) -> Covered:
        """Return the coverage of all periods that were public at a version."""
        known = np.flatnonzero(self._columns.since <= version)[::-1]
        # Backwards, so that of each period the last one known comes first.
        _, first = np.unique(self._columns.periods[known], return_index=True)
        newest = known[first]
        return _taken(self._columns, newest)


def picked(covered: Covered, which: Flags | NDArray[np.intp]) -> Covered:
    """Return the coverage of some of the periods."""
    return _taken(covered, which)


def _taken(covered: Covered, which: NDArray[Any]) -> Covered:
    return Covered(*(getattr(covered, name)[which] for name in Covered.__dataclass_fields__))


def series(cube: Cube, *, version: int) -> list[Series]:
    """Return the series that had a cell in any version up to one, in no order."""
    return [Series(*row) for row in _rows("vintages_series", _named(cube, version))]


def coverage(cube: Cube, *, version: int) -> CoverageHistory:
    """Read the coverage of a cube's periods in all versions up to one."""
    periods, since, expected, reporting, shares, statuses, breaks = _row("vintages_coverage", _named(cube, version))
    return CoverageHistory(
        Covered(periods, expected, reporting, shares, _letters(statuses), _letters(breaks) == "B", since)
    )


def observed(cube: Cube, some: Sequence[Series], covered: Covered, *, version: int) -> Observed:
    """Read the values at a version of some series in the periods of a coverage of that version."""
    periods = covered.periods
    found = _cells(cube, some, periods, version)
    public, closed = (*found[:4], np.zeros(len(found[0]), np.int64)), found[4:]
    rows, when, values, since, until = map(np.concatenate, zip(public, closed, strict=True))
    at = np.searchsorted(periods, when)
    # Of periods that lie between those wanted, cells may have been read too.
    kept = np.flatnonzero(periods[np.minimum(at, len(periods) - 1)] == when)
    if len(closed[0]):
        # In order of version: of several for one place the last one stays.
        kept = kept[np.argsort(since[kept], kind="stable")]
    ended = (until > 0) & (until <= version)
    grid = np.zeros((2, len(some), len(periods)), np.int64)
    place = rows[kept].astype(np.intp), at[kept]
    grid[0][place] = np.where(ended, 0, values)[kept]
    grid[1][place] = np.where(ended, until, since)[kept]
    listed = np.array([one.since if one.since <= version else 0 for one in some], np.int64)
    return Observed(grid[0], np.maximum(grid[1], np.maximum(listed[:, None], covered.since[None, :])))


def _cells(cube: Cube, some: Sequence[Series], periods: Longs, version: int) -> tuple[NDArray[Any], ...]:
    """Read cells of series and periods in all versions up to one: series, period, value and versions, in no order."""
    named = _named(cube, version) | {
        "countries": np.array([one.country for one in some], np.int16),
        "networks": np.array([one.network for one in some], np.int16),
        "start": _instant(periods[0]),
        "end": _instant(periods[-1]),
    }
    condition = "period BETWEEN %(start)s AND %(end)s"
    if _is_sparse(cube.frequency, periods):
        named["periods"] = instants([_instant(period) for period in periods])
        condition = "period = ANY (%(periods)s::timestamptz[])"
    return _row("vintages_cells", named, condition)


def changes(cube: Cube, *, after: int, version: int) -> tuple[Longs, Longs]:
    """Return which versions changed which periods, after one and up to another, in order of version."""
    versions, periods = _row("vintages_log", _named(cube, version) | {"after": after})
    return versions, periods


def times(versions: Longs) -> dict[int, int]:
    """Return when versions became public, in milliseconds since 1970."""
    numbers, moments = _row("vintages_times", {"versions": versions})
    return dict(zip(numbers.tolist(), moments.tolist(), strict=True))


def known_by(instant: datetime) -> int:
    """Return the version that was public at an instant, if only it has come; 0 if there was none."""
    return _row("vintages_known", {"instant": instant})[0] or 0


def has_come(instant: datetime) -> bool:
    """Whether an instant has passed by the database's clock."""
    return bool(_row("vintages_known", {"instant": instant})[1])


def days(cube: Cube, *, version: int) -> list[tuple[int, int]]:
    """Return the days, in seconds since 1970, on which a cube changed, each with the last version that changed it."""
    return [(day, number) for day, number in _rows("vintages_days", _named(cube, version))]


#: A series is read in one stretch if no more periods lie in it than so many times those wanted.
_WORTH_IT: Final = 4
_AT_LEAST: Final = {"H": 3600, "D": 86_400, "W": 604_800, "M": 28 * 86_400, "A": 365 * 86_400}


def _is_sparse(frequency: str, periods: Longs) -> bool:
    stretch = (int(periods[-1]) - int(periods[0])) // _AT_LEAST[frequency] + 1
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

"""The other half of the public door: each observation with the version that it is as it is since, in any past view.

Whatever is read here is rounded already, as in ``federation.published``. An observation changes
when its value does, when the coverage of its period does, or when its series gets its first cell
and is listed from then on. None ever goes: a cell that is closed reads 0, and one of a period
that nobody covers any more has no value.
"""

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

    @property
    def count(self) -> int:
        """How many periods there are in any version."""
        return len(np.unique(self._columns.periods))

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


@dataclass(frozen=True, slots=True)
class CellHistory:
    """The cells of some series and periods in all versions up to one."""

    _series: tuple[Series, ...]
    _periods: Longs
    _places: NDArray[np.intp]
    _values: Longs
    _from: Longs
    _to: Longs

    def at(self, version: int, covered: Covered) -> Observed:
        """Return the values at a version of all series and of periods, all of them read, with their coverage."""
        shape = (len(self._series), len(self._periods))
        values, since = np.zeros(shape[0] * shape[1], np.int64), np.zeros(shape[0] * shape[1], np.int64)
        known = np.flatnonzero(self._from <= version)
        ended = (self._to[known] > 0) & (self._to[known] <= version)
        places = self._places[known]
        # Rows are in order of version: of several for one place the last one stays.
        values[places] = np.where(ended, 0, self._values[known])
        since[places] = np.where(ended, self._to[known], self._from[known])
        columns = np.searchsorted(self._periods, covered.periods)
        listed = np.array([one.since if one.since <= version else 0 for one in self._series], np.int64)
        dated = np.maximum(since.reshape(shape)[:, columns], np.maximum(listed[:, None], covered.since[None, :]))
        return Observed(values.reshape(shape)[:, columns], dated)


def series(cube: Cube, *, version: int) -> list[Series]:
    """Return the series that had a cell in any version up to one, in no order."""
    return [Series(*row) for row in _rows("vintages_series", _named(cube, version))]


def coverage(cube: Cube, *, version: int) -> CoverageHistory:
    """Read the coverage of a cube's periods in all versions up to one."""
    periods, since, expected, reporting, shares, statuses, breaks = _row("vintages_coverage", _named(cube, version))
    return CoverageHistory(
        Covered(periods, expected, reporting, shares, _letters(statuses), _letters(breaks) == "B", since)
    )


def cells(cube: Cube, some: tuple[Series, ...], periods: Longs, *, version: int) -> CellHistory:
    """Read the cells of some series and of periods, in their order, in all versions up to one."""
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
    rows, when, values, since, until = _row("vintages_cells", named, condition)
    if not (wanted := np.isin(when, periods)).all():
        rows, when, values, since, until = (column[wanted] for column in (rows, when, values, since, until))
    places = rows.astype(np.intp) * len(periods) + np.searchsorted(periods, when)
    if (np.diff(places) > 0).all():
        return CellHistory(some, periods, places, values, since, until)
    in_order = np.argsort(since, kind="stable")
    return CellHistory(some, periods, places[in_order], values[in_order], since[in_order], until[in_order])


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

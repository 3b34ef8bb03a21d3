"""The inhabitants of countries and groups, as they were known at any time."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import msgspec

from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS, GROUPS


class PopulationRow(NamedTuple):
    """The inhabitants of a country (its number) in a year. The times are milliseconds since 1970; 0 is no end."""

    country: int
    year: int
    inhabitants: int
    known_from: int
    known_until: int


class Inhabitants:
    """The inhabitants by country and year, as they were known at an instant. ``known_at`` is their last change."""

    def __init__(self, rows: Iterable[PopulationRow], known_at: datetime | None) -> None:
        self.known_at = known_at
        self._by_year = _by_year(list(rows))

    def __call__(self, country: int, year: int) -> int | None:
        """The population of a country or group, given by its number, in a year, or else in the last known year before.

        A group has the population of those of its members for which it is known. ``_U`` has none.
        """
        return self._by_year.get(max((known for known in self._by_year if known <= year), default=0), {}).get(country)


def _by_year(rows: list[PopulationRow]) -> dict[int, dict[int, int]]:
    """For each year with data, the inhabitants by country or group: those of that year, or the last known ones."""
    found = {}
    for until in {row.year for row in rows}:
        people = {row.country: row.inhabitants for row in rows if row.year <= until}
        for group, number in GROUPS.items():
            known = [people[COUNTRIES[code]] for code in GROUP_MEMBERS[group] if COUNTRIES[code] in people]
            if known:
                people[number] = sum(known)
        found[until] = people
    return found


NO_POPULATION: Final = Inhabitants([], None)


class PopulationHistory(msgspec.Struct, frozen=True, eq=False, dict=True):
    """All numbers of inhabitants that were ever known, in order of year."""

    rows: tuple[PopulationRow, ...]

    def at(self, instant: datetime | None) -> Inhabitants:
        """The inhabitants as they were known at an instant, or as they are known now."""
        count = len(self._changes)
        if instant is not None:
            count = bisect_right(self._changes, 1000 * periods.epoch(instant) + instant.microsecond // 1000)
        return self._after(count)

    @cached_property
    def _changes(self) -> list[int]:
        """The times at which anything changed, in order."""
        return sorted({time for row in self.rows for time in row[3:] if time})

    @lru_cache(maxsize=8)  # noqa: B019  at most eight results, some of them perhaps of earlier snapshots
    def _after(self, count: int) -> Inhabitants:
        """The inhabitants after so many changes."""
        if not count:
            return NO_POPULATION
        time = self._changes[count - 1]
        known = (row for row in self.rows if row.known_from <= time < (row.known_until or time + 1))
        return Inhabitants(known, datetime.fromtimestamp(time / 1000, UTC))

"""The weeks before and after the start of an intervention, and the published numbers of these weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from countries.reference import Intervention, Reference
from federation import published
from federation.published import Selection
from federation.published.answers import Standings
from federation.rules.view import ALL_NETWORKS, Table
from federation.worklist import PANELS
from p2p_core import codes, periods
from p2p_core.codes import UNKNOWN
from p2p_core.periods import Frequency, Longs

_WEEK: Final = timedelta(weeks=1)
#: The span of a panel has so many more weeks than both windows, because it begins and ends with a month.
_ROOM: Final = 9
#: Single countries, by code.
_COUNTRIES: Final = {code: number for code, number in codes.COUNTRIES.items() if code != UNKNOWN}


class Span(NamedTuple):
    """The span of a weekly panel: from ``start`` until before ``end``."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Windows:
    """The weeks of an intervention: from ``first`` until ``start``, and from ``start`` until ``end``."""

    first: datetime
    start: datetime
    end: datetime

    @classmethod
    def of(cls, intervention: Intervention) -> "Windows":
        start = datetime.combine(intervention.start, time(), UTC)
        return cls(start - intervention.weeks_before * _WEEK, start, start + intervention.weeks_after * _WEEK)

    def weeks_after(self, span: Span) -> int:
        """The number of weeks since the start that end in a span."""
        return max(0, (min(self.end, span.end) - self.start) // _WEEK)


@dataclass(frozen=True, slots=True)
class Weeks:
    """The numbers of the countries in both windows: countries x weeks.

    A country ``is_known`` if none of its numbers is withheld. ``agencies`` are the ids of those that counted them.
    """

    agencies: Sequence[int]
    countries: Sequence[str]
    counts: Longs
    is_known: NDArray[np.bool_]


def panel_of(intervention: Intervention) -> str:
    """The name of the shortest panel that has room for both windows."""
    weeks = intervention.weeks_before + intervention.weeks_after + _ROOM
    return next(name for name, months in PANELS.items() if weeks * 12 <= months * 52)


def treated_elsewhere(intervention: Intervention, reference: Reference) -> set[str]:
    """The countries in which another intervention runs in the windows. They cannot show what happens without one.

    Only interventions that were registered before this one's start count. So nobody can choose later who is compared.
    """
    own = Windows.of(intervention)
    found = set[str]()
    for other in reference.interventions:
        theirs = Windows.of(other)
        is_known = (
            other.id != intervention.id and other.indicator == intervention.indicator and other.registered < own.start
        )
        if is_known and theirs.start < own.end and own.first < theirs.end:
            found.update(other.countries)
    return found.difference(intervention.countries)


def read(intervention: Intervention, weeks: int, reference: Reference) -> Weeks | None:
    """The numbers of the weeks before the start and of ``weeks`` after it.

    None if a week is not public, or if no agencies are the same in all of these weeks.
    """
    windows = Windows.of(intervention)
    last = windows.start + (weeks - 1) * _WEEK
    networks = tuple(sorted(codes.NETWORKS[code] for code in intervention.networks))
    selection = Selection(
        reference.indicator_numbers[intervention.indicator],
        Frequency.WEEK,
        windows.first,
        last,
        tuple(_COUNTRIES.values()),
        networks or (ALL_NETWORKS,),
        panel=None if networks else PANELS[panel_of(intervention)],
    )
    read_weeks = _of_networks if networks else _of_panel
    found = read_weeks(selection, reference, intervention.weeks_before + weeks)
    wanted = list(map(periods.epoch, periods.between(Frequency.WEEK, windows.first, last)))
    if found is None or not found[0] or found[1].coverage.periods.tolist() != wanted:
        return None
    return _weeks(*found)


def _of_panel(selection: Selection, reference: Reference, limit: int) -> tuple[list[int], Table] | None:
    page, panel = published.panel(selection, reference, limit=limit)
    return sorted(panel.agencies.tolist()), page.table


def _of_networks(selection: Selection, reference: Reference, limit: int) -> tuple[list[int], Table] | None:
    """A panel has no networks. So the agencies must be the same in each week without one."""
    before, standings = published.standings(selection, limit=limit)
    page = published.read(selection, reference, limit=limit)
    agencies = _constant(standings, page.table)
    # A version between the two statements makes the item stale again.
    return (agencies, page.table) if agencies and before.version == page.version else None


def _constant(standings: Standings, table: Table) -> list[int] | None:
    """The agencies that report each week whole. None if any other agency reports a part of a week."""
    by_week: dict[int, dict[int, str]] = {week: {} for week in table.coverage.periods.tolist()}
    for week, agency, state in zip(
        standings.periods.tolist(), standings.agencies.tolist(), standings.states, strict=True
    ):
        by_week.get(week, {})[agency] = state
    reporting = {
        frozenset((agency, state) for agency, state in states.items() if state != "late") for states in by_week.values()
    }
    if not table.coverage.is_known.all() or len(reporting) != 1:
        return None
    [same] = reporting
    return sorted(agency for agency, _ in same) if {state for _, state in same} == {"reported"} else None


def _weeks(agencies: Sequence[int], table: Table) -> Weeks:
    """Add up the networks of each country."""
    named = [one.codes[0] for one in table.series]
    countries = sorted(set(named))
    row = np.array([countries.index(code) for code in named])
    counts = np.zeros((len(countries), table.values.shape[1]), np.int64)
    np.add.at(counts, row, table.values)
    is_known = np.ones(len(countries), np.bool_)
    if table.withheld is not None:
        is_known[row[table.withheld.any(axis=1)]] = False
    return Weeks(agencies, countries, counts, is_known)

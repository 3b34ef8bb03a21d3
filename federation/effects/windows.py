"""The weeks before and after the start of an intervention, and the published numbers of these weeks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from countries.reference import Intervention, Reference
from federation import published
from federation.published import Selection
from federation.published.answers import Standings
from federation.rules.panels import MONTHS
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core import codes, periods
from p2p_core.codes import UNKNOWN
from p2p_core.periods import Frequency, Longs

_WEEK: Final = timedelta(weeks=1)
#: A panel begins and ends with a month. So its span must be so many weeks longer than both windows together.
_ROOM: Final = 9
#: Single countries, by code.
_COUNTRIES: Final = {code: number for code, number in codes.COUNTRIES.items() if code != UNKNOWN}


class Span(NamedTuple):
    """The span of a weekly panel: from ``start`` until before ``end``."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Weeks:
    """The numbers of the countries in both windows: countries x weeks.

    A country ``is_known`` if none of its numbers is withheld. ``agencies`` are the ids of those that counted them.
    """

    agencies: Sequence[int]
    countries: Sequence[str]
    counts: Longs
    is_known: NDArray[np.bool_]


def panels(intervention: Intervention) -> list[int]:
    """The lengths in months of the panels that have room for both windows, the shortest first."""
    weeks = intervention.weeks_before + intervention.weeks_after + _ROOM
    return [months for months in MONTHS if weeks * 12 <= months * 52]


def weeks_after(intervention: Intervention, span: Span) -> int:
    """The number of weeks since the start that end in a span."""
    return max(0, (min(intervention.end, span.end) - intervention.begins) // _WEEK)


def treated_elsewhere(intervention: Intervention, reference: Reference) -> set[str]:
    """The countries in which another intervention runs in the windows. They cannot show what happens without one.

    Only interventions that were registered before this one's start count. So nobody can choose later who is compared.
    """
    found = (
        other.countries
        for other in reference.interventions
        if intervention.is_disturbed_by(other) and other.registered < intervention.begins
    )
    return set[str]().union(*found).difference(intervention.countries)


def read(intervention: Intervention, weeks: int, months: int, reference: Reference) -> Weeks | None:
    """The numbers of the weeks before the start and of ``weeks`` after it, from the panel of ``months``.

    None if a week is not public, or if no agencies are the same in all of these weeks.
    """
    selection = _selection(intervention, weeks, reference)
    if not intervention.networks:
        selection = replace(selection, panel=months)
    read_weeks = _read_networks if intervention.networks else _read_panel
    found = read_weeks(selection, reference, intervention.weeks_before + weeks)
    wanted = list(map(periods.epoch, periods.between(Frequency.WEEK, intervention.first, selection.end)))
    if found is None or not found[0] or found[1].coverage.periods.tolist() != wanted:
        return None
    return _weeks(*found)


def have_reported(agencies: Collection[str], intervention: Intervention, reference: Reference) -> bool:
    """Whether these agencies have still reported each week of both windows whole."""
    selection = _selection(intervention, intervention.weeks_after, reference)
    _, standings = published.standings(selection, limit=intervention.weeks_before + intervention.weeks_after)
    rows = zip(standings.periods.tolist(), standings.agencies.tolist(), standings.states, strict=True)
    whole = {(week, reference.agency_codes[agency]) for week, agency, state in rows if state == "reported"}
    weeks = map(periods.epoch, periods.between(Frequency.WEEK, intervention.first, selection.end))
    return whole.issuperset(product(weeks, agencies))


def _selection(intervention: Intervention, weeks: int, reference: Reference) -> Selection:
    last = intervention.begins + (weeks - 1) * _WEEK
    networks = tuple(sorted(codes.NETWORKS[code] for code in intervention.networks))
    return Selection(
        reference.indicator_numbers[intervention.indicator],
        Frequency.WEEK,
        intervention.first,
        last,
        tuple(_COUNTRIES.values()),
        networks or (ALL_NETWORKS,),
    )


def _read_panel(selection: Selection, reference: Reference, limit: int) -> tuple[list[int], Table] | None:
    page, panel = published.panel(selection, reference, limit=limit)
    return sorted(panel.agencies.tolist()), page.table


def _read_networks(selection: Selection, reference: Reference, limit: int) -> tuple[list[int], Table] | None:
    """A panel has no networks. So the agencies must be the same in each week without one."""
    before, standings = published.standings(selection, limit=limit)
    page = published.read(selection, reference, limit=limit)
    agencies = _agencies_of_all_weeks(standings, page.table)
    # A version between the two statements makes the item stale again.
    return (agencies, page.table) if agencies and before.version == page.version else None


def _agencies_of_all_weeks(standings: Standings, table: Table) -> list[int] | None:
    """The agencies that report each week whole. None if another agency, or one of them, reports a part of a week."""
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

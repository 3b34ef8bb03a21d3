"""Decides which cells are published: only as finely as the detail of each country says. NumPy only.

The numbers of a country are withheld at steps finer than its detail. A group is published at a step if none of its
members is withheld there, or if at least three are. Otherwise somebody could compute a member by subtraction. If a
smaller group is published, the same must be true of the members outside it. All this must also be true at all coarser
steps, because the numbers of a step add up to those of coarser steps.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.rules import tables
from federation.rules.view import Series
from p2p_core.periods import ALL_NETWORKS_ONLY, EARLIEST, Frequency, Longs, epoch

Flags = NDArray[np.bool_]

_RANK: Final = {step.value: at for at, step in enumerate(Frequency)}
_FIRST: Final = epoch(EARLIEST)
_ALWAYS: Final = int(np.iinfo(np.int64).min)
#: The steps of a country without a stored detail: the same as those of a country whose population is not known.
UNSET = (Frequency.WEEK.value, Frequency.MONTH.value)
#: If any members of a published group are withheld, there must be at least so many of them.
_LEAST: Final = 3


class CountryDetail(NamedTuple):
    """The finest steps of a country from a month on, over all networks and by network."""

    country: int
    month: int
    step: str
    network_step: str


@dataclass(frozen=True, eq=False)
class Details:
    """The details of an indicator, month by month of change.

    ``months`` are the first seconds of the months in which a detail begins, in order. ``ranks`` has the finest step of
    each country from then on, (months, countries, 2), over all networks and by network.
    """

    months: Longs
    ranks: NDArray[np.int8]

    @classmethod
    def of(cls, rows: Iterable[CountryDetail]) -> "Details":
        """Put rows together; they are ordered by month. The first ones are also for all time before them."""
        rows = [row if row.month > _FIRST else row._replace(month=_ALWAYS) for row in rows]
        months = np.unique(np.array([_ALWAYS, *(row.month for row in rows)]))
        ranks = np.empty((len(months), len(tables.COUNTRIES), 2), np.int8)
        ranks[:] = [_RANK[step] for step in UNSET]
        for row in rows:
            (at,), _ = tables.place_of(np.array([row.country]), np.array([0]))
            ranks[np.searchsorted(months, row.month) :, at] = _RANK[row.step], _RANK[row.network_step]
        return cls(months, ranks)

    def mask(self, frequency: str) -> "DetailMask":
        """What is published at a frequency."""
        by_group = np.ones((len(self.months), len(tables.MEMBERS), 2), np.bool_)
        for step in reversed(tuple(Frequency)[_RANK[frequency] :]):
            kinds = [True, step not in ALL_NETWORKS_ONLY]
            by_country = (self.ranks <= _RANK[step]) & kinds
            withheld = [(~by_country[:, members]).sum(axis=1) for members in tables.MEMBERS]
            # The smallest group is the last, and each group contains those after it. Readers can subtract the published
            # groups.
            for group in reversed(range(len(withheld))):
                by_group[:, group] &= _is_safe_to_subtract(withheld[group]) & kinds
                for inner in range(group + 1, len(withheld)):
                    apart = _is_safe_to_subtract(withheld[group] - withheld[inner])
                    by_group[:, group] &= apart | ~by_group[:, inner]
        return DetailMask(self.months, np.concatenate([by_country, by_group], axis=1))

    def changes(self, after: "Details") -> Iterator["DetailChange"]:
        """What becomes published or withheld if these details become others: countries first, then groups."""
        months = np.union1d(self.months, after.months)
        masks = [{step: details.mask(step) for step in Frequency} for details in (self, after)]
        # A place that is published at a step is also published at all coarser steps. So each place has one finest step.
        old, new = (
            len(Frequency) - np.sum([mask.flags[mask.at(months)] for mask in one.values()], axis=0) for one in masks
        )
        for place, kind in np.argwhere((old != new).any(axis=0)).tolist():
            ranks = list(zip(old[:, place, kind].tolist(), new[:, place, kind].tolist(), strict=True))
            at = 0
            for (was, becomes), same in groupby(ranks):
                first, at = at, at + len(list(same))
                if was != becomes:
                    steps = tuple(Frequency)[min(was, becomes) : max(was, becomes)][::-1]
                    mask = masks[1][steps[0]]
                    yield DetailChange(
                        int(tables.PUBLIC_COUNTRIES[place]),
                        kind == 1,
                        int(months[first]),
                        int(months[at]) if at < len(months) else None,
                        steps,
                        becomes < was,
                        *mask.withheld_members(mask.month_of(int(months[first])), place, kind),
                    )


def _is_safe_to_subtract(count: NDArray[np.int64]) -> Flags:
    """Whether readers who subtract all published members from a group learn no single one of the withheld members."""
    is_safe: Flags = (count == 0) | (count >= _LEAST)
    return is_safe


class DetailChange(NamedTuple):
    """Steps that become published or withheld, of a country or group, over all networks or by network.

    ``start`` is the first second of the first month, and ``end`` that of the month after the last one, if there is one.
    ``members`` are the members of a group that are withheld at the coarsest of the steps in the first month. If the
    group becomes withheld, ``members`` are the one or two whose numbers readers would learn. They are ``outside`` of a
    smaller group, if such a group is published.
    """

    place: int
    by_network: bool
    start: int
    end: int | None
    #: Coarsest first.
    steps: tuple[Frequency, ...]
    is_published: bool
    members: tuple[int, ...]
    outside: int | None


@dataclass(frozen=True, eq=False)
class DetailMask:
    """Which places are published at a frequency: (months, public countries, 2), as in :class:`Details`."""

    months: Longs
    flags: Flags

    def at(self, periods: Longs) -> NDArray[np.intp]:
        """The month of change that decides each period: a period belongs to the month in which it starts."""
        return np.searchsorted(self.months, periods, "right") - 1

    def month_of(self, second: int) -> int:
        """The same for one period."""
        return bisect_right(self._months, second) - 1

    @cached_property
    def _months(self) -> list[int]:
        months: list[int] = self.months.tolist()
        return months

    def cells(self, periods: Longs, *, networks: int) -> Flags:
        """Which cells of tables with margins are published: (periods, public countries, networks)."""
        flags = self.flags[self.at(periods)]
        if networks == 1:
            return flags[:, :, :1]
        by_network = np.repeat(flags[:, :, 1:], networks - 1, axis=2)
        return np.concatenate([by_network, flags[:, :, :1]], axis=2)

    def countries(self, period: datetime) -> Flags:
        """Which single countries are published over all networks in a period, in the order of tables."""
        return self.flags[self.month_of(epoch(period)), : len(tables.COUNTRIES), 0]

    def withheld_members(self, month: int, place: int, kind: int) -> tuple[tuple[int, ...], int | None]:
        """The members of a group that are withheld, all or those that can be computed, and outside which group."""
        first = len(tables.COUNTRIES)
        if place < first:
            return (), None
        flags = self.flags[month, :, kind]
        withheld = [set(rows[~flags[rows]].tolist()) for rows in tables.MEMBERS]
        own = withheld[place - first]
        smaller = [inner for inner in range(place + 1, len(flags)) if flags[inner]]
        parts = [(own, None), *((own - withheld[inner - first], inner) for inner in smaller)]
        unsafe = (part for part in parts if not _is_safe_to_subtract(np.array(len(part[0]))))
        members, outside = next(unsafe, (own, None))
        numbers = tables.PUBLIC_COUNTRIES
        return tuple(numbers[sorted(members)].tolist()), None if outside is None else int(numbers[outside])

    def rows(self, series: Sequence[Series]) -> Flags:
        """Whether each of some series is published: (series, months)."""
        countries = np.array([one.country for one in series], np.int16)
        networks = np.array([one.network for one in series], np.int16)
        places, _ = tables.place_of(countries, networks)
        return self.flags[:, places, (networks != tables.TOTAL_NETWORK).astype(np.intp)].T

    def withheld(self, series: Sequence[Series], periods: Longs) -> Flags | None:
        """Which values are withheld in periods that are in order, (series, periods); nothing if none is."""
        if not len(series) or not len(periods):
            return None
        rows, first, last = self.rows(series), self.month_of(int(periods[0])), self.month_of(int(periods[-1]))
        return None if rows[:, first : last + 1].all() else ~rows[:, self.at(periods)]

    def any_withheld(self, series: Sequence[Series], periods: Longs) -> Flags:
        """Which series have a withheld value in any of the periods: (series, 1)."""
        published: Flags = np.all(self.rows(series)[:, self.at(periods)], axis=1, keepdims=True)
        return ~published

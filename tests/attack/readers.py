"""Attacks by readers, who send nothing: they compare tables of one version, and several versions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import reduce
from itertools import repeat
from typing import NamedTuple

import numpy as np

from p2p_core import periods
from tests.attack.inference import BASE, Chances, Seen, Term, UnexplainedError, chance, judge, poisson, sums, weigh
from tests.attack.product import Product
from tests.attack.scene import Found
from tests.attack.world import PLACES, SMALL, TOTAL, Counts, World, with_total

#: The country groups after the places: EU27, which has the last three places, Europe and the world.
EU27, EUROPE, ALL = range(len(PLACES), len(PLACES) + 3)
_IN_EU27 = range(3, 6)
#: The longer periods, each within the next one.
_LONGER = {"N": "H", "D": "WM"}


class Number(NamedTuple):
    """A published number, and how much of it the attackers have reported themselves."""

    value: int
    own: int

    def chance(self, sums: Counts) -> Chances:
        """How likely it is, if the others counted these sums."""
        return chance(self.value, sums + self.own)


class Level(NamedTuple):
    """A sum that a cell is part of: how its other parts may add up, its published numbers, and what else is known."""

    others: Chances
    numbers: Sequence[Number]
    known: Chances | None = None


def message(levels: Sequence[Level], size: int) -> Chances:
    """The likelihood of all published sums around a cell, for each value of the cell; the nearest sum first."""
    if not levels:
        return np.ones(size)
    nearest, *farther = levels
    totals = np.arange(size + len(nearest.others) - 1)
    weights = message(farther, len(totals))
    for number in nearest.numbers:
        weights = weights * number.chance(totals)
    if nearest.known is not None:
        weights = weights * np.pad(nearest.known, (0, len(totals)))[: len(totals)]
    found: Chances = np.correlate(weights, nearest.others, "valid")
    return found


def added(parts: Iterable[Chances]) -> Chances:
    """The probabilities of the sum of independent parts."""
    found: Chances = reduce(np.convolve, parts, np.ones(1))
    if not found.any():
        raise UnexplainedError
    found /= found.max()
    return found


class Tables:
    """What is public at one version, and how likely each value of a cell is by its own number.

    Without ``by_rates`` each value that explains the number is as likely as any: by these it is proven. ``own`` is what
    the attackers have reported on time, in the cells of the world.
    """

    def __init__(
        self,
        product: Product,
        world: World,
        agencies: Sequence[int],
        hourly: World | None = None,
        *,
        own: Counts,
        by_rates: bool,
    ) -> None:
        self.starts, self.frequency = list(world.periods), world.frequency
        self.rates = with_total(world.rates[list(agencies)].sum(axis=0))
        self._by_rates = by_rates
        everywhere = own.sum(axis=1, keepdims=True)
        own = with_total(np.concatenate([own, own[:, _IN_EU27].sum(axis=1, keepdims=True), everywhere, everywhere], 1))
        self._numbers = self._read(product, world.frequency, self.starts, own)
        self._coarser = {
            frequency: dict(zip(starts, self._read(product, frequency, starts, own), strict=True))
            for frequency in _LONGER[world.frequency]
            if (starts := whole(frequency, self.starts, periods.end(world.frequency, self.starts[-1])))
        }
        self._hours: Counts | None = None
        if hourly is not None:
            self._hours = product.read("H", hourly.periods)[..., TOTAL]
            self._hourly_rates = hourly.rates[list(agencies)].sum(axis=(0, 3))

    def _read(self, product: Product, frequency: str, starts: Sequence[datetime], own: Counts) -> Counts:
        """Return published numbers of periods, and what the attackers have of each, on the last axis."""
        within = [[periods.start_of(frequency, one) == start for one in self.starts] for start in starts]
        return np.stack([product.read(frequency, starts), np.tensordot(np.array(within, np.int64), own, 1)], axis=-1)

    def cell(self, at: int, place: int, network: int) -> Chances:
        return self._leaf(Number(*self._numbers[at, place, network].tolist()), float(self.rates[at, place, network]))

    def _leaf(self, number: Number, rate: float) -> Chances:
        found = number.chance(np.arange(number.value + BASE))
        return found * poisson(rate, len(found) - 1) if self._by_rates else np.sign(found)

    def networks(self, at: int, place: int, network: int) -> list[Level]:
        if network == TOTAL:
            return [Level(np.ones(1), [], self._by_hours(at, place))]
        others = added(self.cell(at, place, other) for other in range(TOTAL) if other != network)
        return [Level(others, [Number(*self._numbers[at, place, TOTAL].tolist())], self._by_hours(at, place))]

    def _by_hours(self, at: int, place: int) -> Chances | None:
        """What the hours say of a day over all networks: another division of the same sum."""
        if self._hours is None:
            return None
        hours = range(at * 24, at * 24 + 24)
        rates = self._hourly_rates[hours, place]
        found = added(map(self._leaf, map(Number, self._hours[hours, place].tolist(), repeat(0)), rates.tolist()))
        # How events fall on networks and on hours is independent, given how many there are; that counts once.
        return found / poisson(float(rates.sum()), len(found) - 1) if self._by_rates else np.sign(found)

    def groups(self, at: int, place: int, network: int) -> list[Level]:
        eu27, europe, everywhere = (Number(*pair) for pair in self._numbers[at, EU27:, network].tolist())
        inside = added(self.cell(at, one, network) for one in _IN_EU27 if one != place)
        outside = added(self.cell(at, one, network) for one in range(EU27) if one not in {*_IN_EU27, place})
        if place in _IN_EU27:
            return [Level(inside, [eu27]), Level(outside, [europe, everywhere])]
        members = inside * eu27.chance(np.arange(len(inside)))
        return [Level(np.convolve(outside, members), [europe, everywhere])]

    def longer(self, at: int, place: int, network: int) -> list[Level]:
        """The hour of a minute, or the week of a day, and the month that it lies in."""
        levels, parts = [], {at}
        for frequency in _LONGER[self.frequency]:
            start = periods.start_of(frequency, self.starts[at])
            around = {position for position, one in enumerate(self.starts) if periods.start_of(frequency, one) == start}
            if frequency not in self._coarser or start not in self._coarser[frequency] or not parts <= around:
                break
            others = added(self.cell(one, place, network) for one in sorted(around - parts))
            levels.append(Level(others, [Number(*self._coarser[frequency][start][place, network].tolist())]))
            parts = around
        return levels


Look = Callable[[Tables, int, int, int], list[Level]]


def compare_tables(
    product: Product,
    world: World,
    agencies: Sequence[int],
    looks: Sequence[Look],
    hourly: World | None = None,
    *,
    own: Counts | None = None,
) -> Found:
    """Judge small cells of agencies by their own numbers and by all sums around them that these looks find.

    Attackers who are agencies know what is their ``own`` in each cell.
    """
    own = np.zeros_like(world.counts[0]) if own is None else own
    likely, possible = (
        Tables(product, world, agencies, hourly, own=own, by_rates=by_rates) for by_rates in (True, False)
    )
    counts = with_total(world.counts[list(agencies)].sum(axis=0))
    found = Found()
    columns = range(TOTAL + 1) if world.frequency == "D" else [TOTAL]
    for at, place, network in np.argwhere(np.isin(counts, SMALL)).tolist():
        if network in columns:
            around = [_around(tables, (at, place, network), looks) for tables in (likely, possible)]
            chances = {value: float(around[0][value]) for value in np.flatnonzero(around[1]).tolist()}
            rate = float(likely.rates[at, place, network])
            found.add(PLACES[place], int(counts[at, place, network]), judge(chances), rate)
    return found


def _around(tables: Tables, cell: tuple[int, int, int], looks: Sequence[Look]) -> Chances:
    own = tables.cell(*cell)
    return reduce(np.multiply, (message(look(tables, *cell), len(own)) for look in looks), own)


def whole(frequency: str, starts: Sequence[datetime], end: datetime) -> list[datetime]:
    """The periods that lie whole in some others, which end before ``end``."""
    found = sorted({periods.start_of(frequency, start) for start in starts})
    return [start for start in found if starts[0] <= start and periods.end(frequency, start) <= end]


def watch_arrivals(product: Product, world: World) -> Found:
    """See the agencies come one by one, each of them another version."""
    before = np.zeros_like(with_total(world.counts[0]))
    moves = []
    for agency in range(len(world.counts)):
        product.report(agency)
        now = product.numbers({})
        moves.append(now - before)
        before = now
    counts, rates = with_total(world.counts.sum(axis=0)), with_total(world.rates)
    found = Found()
    for cell in map(tuple, np.argwhere(np.isin(counts, SMALL)).tolist()):
        by_number = [chance(int(move[cell]), np.arange(25)) for move in moves]
        usual = [float(rate[cell]) for rate in rates]
        by_rate = [poisson(rate, 24) for rate in usual]
        likely = added(map(np.multiply, by_number, by_rate))
        possible = np.flatnonzero(added(map(np.sign, by_number))).tolist()
        verdict = judge({value: float(likely[value]) for value in possible})
        found.add(PLACES[cell[1]], int(counts[cell]), verdict, sum(usual))
    return found


def find_late_figures(product: Product, world: World, late: int, count: int) -> Found:
    """Compare every table that contains a late small figure, one figure at a time. The reader knows its cell."""
    starts = {frequency: sorted({periods.start_of(frequency, day) for day in world.periods}) for frequency in "DWMA"}
    before = {
        (frequency, start): numbers
        for frequency, some in starts.items()
        for start, numbers in zip(some, product.read(frequency, some), strict=True)
    }
    small = np.argwhere(np.isin(world.counts[late], SMALL))
    found, last = Found(), None
    for at, place, network in np.random.default_rng(1).permutation(small)[:count].tolist():
        cells = np.zeros_like(world.counts[late][at])
        cells[place, network] = figure = int(world.counts[late][at, place, network])
        if last not in {None, at}:
            product.submit(late, "D", [(world.periods[last], None)])
        product.submit(late, "D", [(world.periods[at], cells)])
        last = at
        places = (place, *(group for group in (EU27, EUROPE, ALL) if group != EU27 or place in _IN_EU27))
        moves = set()
        for frequency in starts:
            start = periods.start_of(frequency, world.periods[at])
            moved = product.read(frequency, [start])[0] - before[frequency, start]
            moves |= {int(moved[one, column]) for one in places for column in (network, TOTAL)}
        seen = [Seen(move, (Term(0, (0,), "late"),)) for move in sorted(moves)]
        rate = float(world.rates[late][at, place, network])
        chances = sums(weigh(seen, [(value,) for value in range(25)]), [rate])
        found.add(PLACES[place], figure, judge(chances), rate)
    return found


def expect_late_figures(world: World) -> tuple[Chances, Chances]:
    """The shares of late small figures that are found, and found to be above 0, by place and in all.

    It is expected over all random numbers, if all tables move alike. So few are found that counting them is too rough.
    """
    told, nonzero, count = np.zeros((3, len(PLACES)))
    for at in map(tuple, np.argwhere(np.isin(world.counts, SMALL)).tolist()):
        value, place, prior = int(world.counts[at]), at[2], poisson(float(world.rates[at]), 24)
        for move in (0, BASE):
            weights = prior * chance(move, np.arange(25))
            chances = {one: float(weights[one]) for one in np.flatnonzero(weights).tolist()}
            share = float(chance(move, np.array([value]))[0])
            told[place] += share * (judge(chances).told == value)
            nonzero[place] += share * (judge(_whether(chances)).told == 1)
        count[place] += 1
    every = count.sum()
    return np.append(told / count, told.sum() / every), np.append(nonzero / count, nonzero.sum() / every)


def _whether(chances: dict[int, float]) -> dict[int, float]:
    """The same of 0 and of any other value."""
    found: defaultdict[int, float] = defaultdict(float)
    for value, one in chances.items():
        found[min(value, 1)] += one
    return found

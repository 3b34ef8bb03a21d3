"""What all tables of one version say together of a cell: which values are possible, and how probable each is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from math import sqrt
from typing import NamedTuple

import numpy as np

from tests.attack.inference import BASE, Chances, UnexplainedError, chance, poisson
from tests.attack.product import Product
from tests.attack.world import HIDDEN, PLACES, TOTAL, Counts, World, with_total

#: The country groups after the places: EU27, which has the last three places, Europe and the world.
EU27, EUROPE, ALL = range(len(PLACES), len(PLACES) + 3)
IN_EU27 = range(3, 6)


class Cell(NamedTuple):
    """A cell by its frequency, and the positions of its period, place and network."""

    step: str
    at: int
    place: int
    network: int


class Level(NamedTuple):
    """A sum that a cell is part of: how its other parts may add up, its published numbers, and what else is known."""

    others: Chances
    numbers: Sequence[float] = ()
    known: Chances | None = None


def message(levels: Sequence[Level], size: int) -> Chances:
    """The likelihood of all published sums around a cell, for each value of the cell; the nearest sum first."""
    if not levels:
        return np.ones(size)
    nearest, *farther = levels
    totals = np.arange(size + len(nearest.others) - 1)
    weights = message(farther, len(totals))
    for number in nearest.numbers:
        weights = weights * _likelihood(number, totals)
    if nearest.known is not None:
        weights = weights * np.pad(nearest.known, (0, len(totals)))[: len(totals)]
    found: Chances = np.correlate(weights, nearest.others, "valid")
    return found


def _likelihood(number: float, sums: Counts) -> Chances:
    """How likely a number is for each of some sums. One that is hidden says nothing."""
    return np.ones(len(sums)) if np.isnan(number) else chance(int(number), sums)


def added(parts: Iterable[Chances]) -> Chances:
    """The probabilities of the sum of independent parts."""
    found: Chances = reduce(np.convolve, parts, np.ones(1))
    if not found.any():
        raise UnexplainedError
    found /= found.max()
    return found


class Tables:
    """What is public at one version, and how likely each value of a cell is by its own number and those within it.

    ``own`` is what the attackers have reported on time, in the cells of the world. It is subtracted from each number,
    and a hidden number is NaN.
    """

    def __init__(self, product: Product, world: World, agencies: Sequence[int], own: Counts | None = None) -> None:
        self.steps = world.steps
        self.numbers: dict[str, Chances] = {}
        self.rates: dict[str, Chances] = {}
        self.counts: dict[str, Counts] = {}
        self._within: dict[str, Counts] = {}
        self._inside: dict[Cell, Chances] = {}
        self._divided: dict[tuple[str, int, tuple[str, int] | None], list[tuple[str, int]]] = {}
        mine = replace(world, counts=np.zeros_like(world.counts[:1]) if own is None else own[None])
        for step in self.steps:
            part = world.at(step)
            public = product.read(step, part.periods)
            self.numbers[step] = np.where(public == HIDDEN, np.nan, public - _with_groups(mine.at(step).counts[0]))
            self.rates[step] = with_total(part.rates[list(agencies)].sum(axis=0))
            self.counts[step] = with_total(part.counts[list(agencies)].sum(axis=0))
            self._within[step] = part.within

    def number(self, cell: Cell) -> float:
        return float(self.numbers[cell.step][*cell[1:]])

    def rate(self, cell: Cell) -> float:
        return float(self.rates[cell.step][*cell[1:]])

    def cell(self, cell: Cell) -> Chances:
        """How probable each value is by the usual rate, the cell's number, and the numbers of periods within it."""
        if cell not in self._inside:
            number, rate = self.number(cell), self.rate(cell)
            parts = self._parts(cell)
            if parts is not None:
                found = added(map(self.cell, parts))
            else:
                found = poisson(rate, int(rate + 8 * sqrt(rate) + 10 if np.isnan(number) else number + BASE - 1))
            if not np.isnan(number):
                found = found[: int(number) + BASE]
            found = found * _likelihood(number, np.arange(len(found)))
            self._inside[cell] = found
        return self._inside[cell]

    def _parts(self, cell: Cell) -> list[Cell] | None:
        """The shorter periods that a cell consists of. None if their numbers are hidden."""
        if cell.step == self.steps[0]:
            return None
        parts = [cell._replace(step=step, at=at) for step, at in self._divide(cell.step, cell.at)]
        return None if all(np.isnan(self.number(part)) for part in parts) else parts

    def _divide(self, step: str, at: int, without: tuple[str, int] | None = None) -> list[tuple[str, int]]:
        """The longest shorter periods that make up a period, or what is left of it without one of them."""
        key = step, at, without
        if key not in self._divided:
            left, parts = self._within[step][at].astype(bool), []
            if without is not None:
                left = left & ~self._within[without[0]][without[1]].astype(bool)
            for shorter in reversed(self.steps[: self.steps.index(step)]):
                for number, inside in enumerate(self._within[shorter].astype(bool)):
                    if inside.any() and not (inside & ~left).any():
                        parts.append((shorter, number))
                        left = left & ~inside
            self._divided[key] = parts
        return self._divided[key]

    def _around(self, step: str, at: int) -> list[tuple[str, int]]:
        """The longer periods that a period lies in, each within the next."""
        key = step, at, ("", 0)
        if key not in self._divided:
            found, inner = [], self._within[step][at].astype(bool)
            for longer in self.steps[self.steps.index(step) + 1 :]:
                for number, outer in enumerate(self._within[longer].astype(bool)):
                    if not (inner & ~outer).any():
                        found.append((longer, number))
                        inner = outer
            self._divided[key] = found
        return self._divided[key]

    def networks(self, cell: Cell) -> list[Level]:
        if cell.network == TOTAL:
            return [Level(np.ones(1), known=self._by_networks(cell))]
        others = added(self.cell(cell._replace(network=other)) for other in range(TOTAL) if other != cell.network)
        total = cell._replace(network=TOTAL)
        return [Level(others, [self.number(total)], self._by_periods(total))]

    def _by_networks(self, cell: Cell) -> Chances | None:
        """What the networks say of their total. None if their numbers are hidden.

        How events fall on networks and on periods is independent, given how many there are; that counts once.
        """
        parts = [cell._replace(network=network) for network in range(TOTAL)]
        if np.isnan([self.number(part) for part in parts]).all():
            return None
        return self._without_rate(added(map(self.cell, parts)), cell)

    def _by_periods(self, total: Cell) -> Chances | None:
        """What shorter periods say of all networks, if they do not say it of each network already."""
        parts = self._parts(total)
        if parts is None or self._parts(total._replace(network=0)) is not None:
            return None
        return self._without_rate(added(map(self.cell, parts)), total)

    def _without_rate(self, chances: Chances, cell: Cell) -> Chances:
        usual = poisson(self.rate(cell), len(chances) - 1)
        return np.divide(chances, usual, out=np.zeros_like(chances), where=usual > 0)

    def groups(self, cell: Cell) -> list[Level]:
        eu27, europe, everywhere = (self.number(cell._replace(place=group)) for group in (EU27, EUROPE, ALL))
        inside = added(self.cell(cell._replace(place=one)) for one in IN_EU27 if one != cell.place)
        others = [one for one in range(EU27) if one not in {*IN_EU27, cell.place}]
        outside = added(self.cell(cell._replace(place=one)) for one in others)
        if cell.place in IN_EU27:
            return [Level(inside, [eu27]), Level(outside, [europe, everywhere])]
        members = inside * _likelihood(eu27, np.arange(len(inside)))
        return [Level(np.convolve(outside, members), [europe, everywhere])]

    def longer(self, cell: Cell) -> list[Level]:
        """The longer periods that a cell lies in, each within the next."""
        levels, inner = [], (cell.step, cell.at)
        # Networks of the cell itself would say the same again.
        is_new = cell.network == TOTAL and np.isnan(self.number(cell._replace(network=0)))
        for outer in self._around(*inner):
            whole = cell._replace(step=outer[0], at=outer[1])
            others = added(self.cell(cell._replace(step=step, at=at)) for step, at in self._divide(*outer, inner))
            known = self._by_networks(whole) if is_new else None
            levels.append(Level(others, [self.number(whole)], known))
            is_new, inner = is_new and known is None, outer
        return levels

    def bounds(self, looks: Sequence["Look"]) -> dict[str, tuple[Counts, Counts]]:
        """The least and the most that each cell can be: no usual rates are needed for this."""
        least, most = {}, {}
        for step, numbers in self.numbers.items():
            is_hidden = np.isnan(numbers)
            least[step] = np.where(is_hidden, 0, np.maximum(numbers - BASE + 1, 0)).astype(np.int64)
            most[step] = np.where(is_hidden, _UNBOUNDED, numbers + BASE - 1).astype(np.int64)
        relations = [one for step in self.steps for one in self._relations(step, looks)]
        before = -1
        while before != (now := sum(int(one.sum()) for some in (least, most) for one in some.values())):
            before = now
            for whole, parts in relations:
                _narrow(least, most, whole, parts)
        if any((least[step] > most[step]).any() for step in self.steps):
            raise UnexplainedError
        return {step: (least[step], most[step]) for step in self.steps}

    def _relations(self, step: str, looks: Sequence["Look"]) -> "Iterator[Relation]":
        """The sums and their parts that these looks compare."""
        every = slice(None)
        if Tables.networks in looks:
            yield (step, every, every, TOTAL), [(step, every, every, one) for one in range(TOTAL)]
        if Tables.groups in looks:
            inside: list[Slice] = [(step, every, one, every) for one in IN_EU27]
            outside: list[Slice] = [(step, every, one, every) for one in range(IN_EU27[0])]
            yield (step, every, EU27, every), inside
            for group in (EUROPE, ALL):
                yield (step, every, group, every), [*inside, *outside]
                yield (step, every, group, every), [(step, every, EU27, every), *outside]
        if Tables.longer in looks and step != self.steps[0]:
            for at, within in enumerate(self._within[step]):
                shortest = [(self.steps[0], one) for one in np.flatnonzero(within).tolist()]
                for parts in (shortest, self._divide(step, at)):
                    yield (step, at, every, every), [(*part, every, every) for part in parts]


#: Cells by step, period, place and network.
Slice = tuple[str, int | slice, int | slice, int | slice]
#: A sum and its parts.
Relation = tuple[Slice, list[Slice]]
Look = Callable[[Tables, Cell], list[Level]]
_UNBOUNDED = 10**9


def _narrow(least: dict[str, Counts], most: dict[str, Counts], whole: Slice, parts: Sequence[Slice]) -> None:
    """Make the bounds of a sum and of its parts agree."""
    low, high = (sum(one[step][*at] for step, *at in parts) for one in (least, most))
    step, *at = whole
    np.maximum(least[step][*at], low, out=least[step][*at])
    np.minimum(most[step][*at], high, out=most[step][*at])
    for part, *one in parts:
        others_low, others_high = low - least[part][*one], high - most[part][*one]
        np.maximum(least[part][*one], least[step][*at] - others_high, out=least[part][*one])
        np.minimum(most[part][*one], most[step][*at] - others_low, out=most[part][*one])
        low, high = others_low + least[part][*one], others_high + most[part][*one]


def _with_groups(counts: Counts) -> Counts:
    """Append the groups' and the networks' sums."""
    everywhere = counts.sum(axis=1, keepdims=True)
    groups = [counts[:, IN_EU27].sum(axis=1, keepdims=True), everywhere, everywhere]
    return with_total(np.concatenate([counts, *groups], axis=1))

"""Attacks by readers, who send nothing: they compare tables of one version, and several versions."""

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from p2p_core import periods
from p2p_core.periods import ALL_NETWORKS_ONLY
from tests.attack.inference import BASE, CERTAINTY, SMALL, Chances, Seen, Term, chance, judge, poisson, sums, weigh
from tests.attack.product import Product
from tests.attack.scene import Found, kind
from tests.attack.tables import ALL, EU27, EUROPE, IN_EU27, Cell, Look, Tables, added, message
from tests.attack.world import HIDDEN, PLACES, TOTAL, World, with_total


def compare_tables(tables: Tables, looks: Sequence[Look], *, hidden: bool = False) -> Found:
    """Judge published or hidden cells by their own numbers and by all sums around them that these looks find."""
    found = Found()
    for step, (least, most) in tables.bounds(looks).items():
        shown = np.isnan(tables.numbers[step][:, :EU27]) == hidden
        if step in ALL_NETWORKS_ONLY:
            shown[..., :TOTAL] = False
        for place in np.argwhere(shown & (least[:, :EU27] <= SMALL[-1])).tolist():
            cell = Cell(step, *place)
            own = tables.cell(cell)
            likely = reduce(np.multiply, (message(look(tables, cell), len(own)) for look in looks), own).tolist()
            possible = range(int(least[*place]), min(int(most[*place]), len(likely)) + 1)
            verdict = judge({value: likely[value] if value < len(likely) else 0.0 for value in possible})
            where = PLACES[cell.place], kind(step, cell.network)
            found.add(where, int(tables.counts[step][*place]), verdict, tables.rate(cell))
    return found


def watch_arrivals(product: Product, world: World) -> Found:
    """See the agencies come one by one after the first publication, each of them another version."""
    before = np.zeros_like(with_total(world.counts[0]))
    moves = []
    for agency in range(len(world.counts)):
        product.report(agency)
        now = product.numbers(world.frequency, {})
        moves.append(now - before)
        before = now
    counts, rates = with_total(world.counts.sum(axis=0)), with_total(world.rates)
    found, most = Found(), BASE * len(moves)
    for cell in map(tuple, np.argwhere((before != HIDDEN) & (counts < most)).tolist()):
        by_number = [chance(int(move[cell]), np.arange(most)) for move in moves]
        usual = [float(rate[cell]) for rate in rates]
        likely = added(map(np.multiply, by_number, (poisson(rate, most - 1) for rate in usual)))
        possible = np.flatnonzero(added(map(np.sign, by_number))).tolist()
        if possible[0] <= SMALL[-1]:
            verdict = judge({value: float(likely[value]) for value in possible})
            found.add((PLACES[cell[1]], ""), int(counts[cell]), verdict, sum(usual))
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
        places = (place, *(group for group in (EU27, EUROPE, ALL) if group != EU27 or place in IN_EU27))
        moves = set()
        for frequency in starts:
            start = periods.start_of(frequency, world.periods[at])
            first, now = before[frequency, start], product.read(frequency, [start])[0]
            columns = [(one, column) for one in places for column in (network, TOTAL)]
            moves |= {int(now[one] - first[one]) for one in columns if first[one] != HIDDEN}
        seen = [Seen(move, (Term(0, (0,), "late"),)) for move in sorted(moves)]
        rate = float(world.rates[late][at, place, network])
        chances = sums(weigh(seen, [(value,) for value in range(25)]), [rate])
        found.add((PLACES[place], ""), figure, judge(chances), rate)
    # The reader cannot see that these are small, so only the expected share of all claims says how many are wrong.
    found.counts = Counter({name: count for name, count in found.counts.items() if name[-1] not in {"claims", "wrong"}})
    return found


class LateFigures(NamedTuple):
    """Shares of late small figures that are found, and found to be above 0, by place and in all.

    ``wrong`` is the share of false conclusions among all conclusions, also about figures that are not small.
    """

    told: Chances
    nonzero: Chances
    wrong: float


def expect_late_figures(world: World) -> LateFigures:
    """Expected over all random numbers, if all tables move alike. So few are found that counting them is too rough."""
    values = np.arange(25)
    chosen = world.counts <= SMALL[-1]
    counts, places = world.counts[chosen], np.nonzero(chosen)[2]
    usual = np.stack([poisson(rate, len(values) - 1) for rate in world.rates[chosen].tolist()])
    told, nonzero, claimed = np.zeros((3, len(counts)))
    for move in (0, BASE):
        share = chance(move, counts)
        weights = usual * chance(move, values)
        best, total = weights.argmax(axis=1), weights.sum(axis=1)
        is_told = weights.max(axis=1) >= CERTAINTY * total
        claimed += share * is_told
        told += share * (is_told & (best == counts))
        nonzero += share * (total - weights[:, 0] >= CERTAINTY * total)
    small = np.isin(counts, SMALL)
    of = [small & (places == place) for place in range(len(PLACES))] + [small]
    shares = [np.array([one[some].mean() for some in of]) for one in (told, nonzero)]
    return LateFigures(shares[0], shares[1], 1 - float(told.sum() / claimed.sum()))

"""Compares a panel with all agencies and with earlier panels, to find the counts of the agencies left out."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from countries.reference import Reference
from federation import published
from federation.rules.view import ALL_NETWORKS
from p2p_core import periods
from tests.attack.inference import BASE, SMALL, Chances, chance, judge, poisson
from tests.attack.product import Product
from tests.attack.scene import Found
from tests.attack.world import PLACE_NUMBERS, PLACES, TOTAL, World

_MONTHS = 12
#: A day on which two agencies report nothing at first, so no panel that contains it includes them.
_GAP = 160
#: Larger ones count too much in a week for a small cell.
_SMALLEST = 3


class Panel:
    """A panel of weeks as it is public: whom it names, by position, and its numbers by week and place."""

    def __init__(self, product: Product, world: World) -> None:
        product.settle()
        first, last = world.periods[0], world.periods[-1]
        selection = published.Selection(
            product.indicator, "W", first, last, tuple(PLACE_NUMBERS), (ALL_NETWORKS,), panel=_MONTHS
        )
        page, found = published.panel(selection, Reference.current(), limit=100)
        self.agencies = frozenset(number - 1 for number in found.agencies.tolist())
        seconds = page.table.coverage.periods.tolist()
        self.weeks = [first + timedelta(seconds=at - periods.epoch(first)) for at in seconds]
        order = [PLACE_NUMBERS.index(one.country) for one in page.table.series]
        self.numbers = np.zeros((len(self.weeks), len(PLACES)), np.int64)
        self.numbers[:, order] = page.table.values.T


def compare_panels(product: Product, world: World, left_out: Sequence[int]) -> tuple[Found, list[frozenset[int]]]:
    """Subtract a panel from the combined view. Then the agencies left out fill their gap, one after the other.

    Returns what is found out of them together, and the agencies that were in a panel or in all, in the order in which
    they were seen.
    """
    everybody = range(len(world.counts))
    for agency in everybody:
        product.report(agency)
    for agency in left_out:
        product.submit(agency, "D", [(world.periods[_GAP], None)])
    panel = Panel(product, world)
    found, sets = _told(product, world, panel), [frozenset(everybody), panel.agencies]
    for agency in left_out:
        product.submit(agency, "D", [(world.periods[_GAP], world.counts[agency][_GAP])])
        sets.append(Panel(product, world).agencies)
    product.submit(left_out[-1], "D", [(world.periods[_GAP], None)])
    return found, [*sets, Panel(product, world).agencies]


def _told(product: Product, world: World, panel: Panel) -> Found:
    inside = sorted(panel.agencies)
    outside = [agency for agency in range(len(world.counts)) if agency not in panel.agencies]
    found = Found()
    if not inside or not outside:
        return found
    combined = product.read("W", panel.weeks)[..., TOTAL]
    for at, week in enumerate(panel.weeks):
        days = slice((week - world.periods[0]).days, (week - world.periods[0]).days + 7)
        counts, rates = (numbers[:, days].sum(axis=(1, 3)) for numbers in (world.counts, world.rates))
        for place in range(_SMALLEST):
            rate, truth = float(rates[outside, place].sum()), int(counts[outside, place].sum())
            numbers = int(combined[at, place]), int(panel.numbers[at, place])
            likely = _of_the_rest(*numbers, [poisson(float(r), numbers[1] + BASE) for r in rates[inside, place]])
            possible = _of_the_rest(*numbers, [np.ones(numbers[1] + BASE)] * len(inside))
            prior = poisson(rate, len(likely) - 1)
            chances = {value: float(likely[value] * prior[value]) for value in np.flatnonzero(possible).tolist()}
            if min(chances) <= SMALL[-1]:
                found.add((PLACES[place], ""), truth, judge(chances), rate)
    return found


def _of_the_rest(combined: int, panel: int, figures: Sequence[Chances]) -> Chances:
    """How likely both numbers are, for each sum of those that the panel leaves out, given what each of it may count."""
    together = np.ones((1, 1))
    for figure in figures:
        longer = np.zeros((together.shape[0] + len(figure), together.shape[1] + len(figure) + BASE))
        for value, weight in enumerate(figure.tolist()):
            for number, share in _roundings(value):
                longer[value : value + len(together), number : number + together.shape[1]] += together * weight * share
        together = longer[:, : panel + 1]
    sums = together[:, panel]
    values = np.arange(max(combined + BASE, len(sums)) + 1)
    return np.array([float(sums @ chance(combined, np.arange(len(sums)) + value)) for value in values])


def _roundings(value: int) -> list[tuple[int, float]]:
    low, rest = value // BASE * BASE, value % BASE
    return [(low, 1 - rest / BASE), *([(low + BASE, rest / BASE)] if rest else [])]

"""Attacks by insiders: late minutes, many values in turn, parts switched on and off, withdrawals."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np

from tests.attack.inference import BASE, SMALL, chance, poisson
from tests.attack.scene import Scene
from tests.attack.tables import Tables
from tests.attack.world import PLACES, TOTAL, Counts, World

MINUTES, MINUTES_AFTER = 12, 3
SWEPT, SWEPT_AFTER = range(21), range(1, 6)


def take_turns(scene: Scene, insiders: Sequence[int]) -> Iterator[int]:
    """Each sends minutes one by one, sweeps its own value with every choice of those before it, and withdraws all.

    Yields how many have done so.
    """
    scene.look()
    for turn, insider in enumerate(insiders):
        for minute in range(MINUTES if turn == 0 else MINUTES_AFTER):
            scene.send(insider, "N", minute, 1)
            scene.look()
        for choice in product((None, 1), repeat=turn):
            for other, amount in zip(insiders, choice, strict=False):
                scene.send(other, scene.steps[0], 0, amount)
            sweep(scene, insider, SWEPT if turn == 0 else SWEPT_AFTER)
        withdraw(scene)
        yield turn + 1


def sweep(scene: Scene, insider: int, amounts: Iterable[int]) -> None:
    for amount in amounts:
        scene.send(insider, scene.steps[0], 0, amount)
        scene.look()


def withdraw(scene: Scene) -> None:
    for insider, frequency, position in list(scene.records):
        scene.send(insider, frequency, position, None)
    scene.look()


def switch_parts(scene: Scene, insider: int) -> None:
    """Add networks, countries and hours one by one; the same events by minutes, by hours and for the day."""
    for network in range(TOTAL):
        scene.send(insider, "D", 0, np.where(np.arange(TOTAL) <= network, 2, 0))
        scene.look()
    for place in range(len(PLACES)):
        scene.send(insider, "D", 0, np.where(np.arange(len(PLACES)) <= place, 3, 0)[:, None])
        scene.look()
    withdraw(scene)
    for minute in range(3):
        scene.send(insider, "N", minute, 1)
        scene.look()
    scene.send(insider, "H", 0, 3)
    scene.look()
    for hour in range(1, 4):
        scene.send(insider, "H", hour, 1)
        scene.look()
    scene.send(insider, "D", 0, 6)
    scene.look()
    withdraw(scene)


def plan_to_guess(tables: Tables, days: World) -> Counts:
    """What an insider best reports on time, to guess small cells by network later.

    With its part, the sum of a probable count is a multiple of the base, and so it is published exactly. It reports on
    the first day of each cell.
    """
    own: Counts = np.zeros_like(days.counts[0])
    for place in range(len(PLACES)):
        step = next(one for one in tables.steps if not np.isnan(tables.numbers[one][0, place, 0]))
        part = days.at(step)
        for at, within in enumerate(part.within):
            rates = tables.rates[step][at, place, :TOTAL].round(2).tolist()
            own[within.argmax(), place] = [_best_part(max(rate, 0.01)) for rate in rates]
    return own


@cache
def _best_part(rate: float) -> int:
    """The part of an insider with which most guesses of a small count are right."""
    small, usual = np.array(SMALL), poisson(rate, SMALL[-1])[1:]
    numbers = 0, BASE, 2 * BASE
    return max(range(BASE), key=lambda part: sum((usual * chance(one, small + part)).max() for one in numbers))

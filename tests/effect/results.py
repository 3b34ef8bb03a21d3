"""Runs many worlds, and says how often an estimator was right."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import log

import numpy as np

from federation.rules import effect
from federation.rules.effect_result import Reason, Word
from tests.effect.others import OTHERS
from tests.effect.worlds import BEFORE, Case, World, units

CASES = (
    Case("29 comparison countries"),
    Case("20 comparison countries", countries=21),
    Case("three countries start together", treated=3),
    Case("countries fluctuate unequally", unequal=0.5),
    Case("the most unsteady country starts", unequal=0.5, unsteady=True, hard=True),
    Case("small countries", countries=40, level=4.0, hard=True),
    Case("agencies join, leave and fall silent", restless=True),
    Case("months with little data", scarce=True),
    Case("everybody starts at once", treated=30),
    Case("19 comparison countries", countries=20),
)
EFFECT = 0.8
#: The promises.
MOST_FALSE, MOST_FALSE_FOR_SURE, LEAST_POWER, LEAST_COVERAGE = 0.05, 0.065, 0.80, 0.94


@dataclass(frozen=True)
class Row:
    """What was said in the worlds of a case.

    ``told`` is a share of all worlds. The other shares are of the worlds in which something was told: ``false`` are
    findings where there is no effect, ``outside`` intervals without 0 there, ``power`` are findings of a real effect.
    """

    name: str
    worlds: int
    false: float
    outside: float
    power: float
    coverage: float
    told: float
    hard: bool
    width: float
    reasons: str

    @property
    def broken(self) -> list[str]:
        """The promises that do not hold."""
        found = []
        if self.worlds and max(self.false / MOST_FALSE, upper_limit(self.false, self.worlds) / MOST_FALSE_FOR_SURE) > 1:
            found.append(f"{self.false:.1%} false findings")
        if not self.worlds or self.hard:
            return found
        if self.power < LEAST_POWER:
            found.append(f"a power of {self.power:.1%}")
        if self.coverage < LEAST_COVERAGE:
            found.append(f"{self.coverage:.1%} coverage")
        return found


@dataclass(frozen=True)
class Said:
    """What was said in one world. The change and the interval are None if it could not be told."""

    word: Word
    reason: Reason | None = None
    covers: bool = False
    outside: bool = False
    width: float = 0.0


def upper_limit(share: float, n: int) -> float:
    """The upper end of the interval of 95 % of a share (Wilson)."""
    z, n = 1.96, max(n, 1)
    middle = share + z * z / (2 * n)
    return (middle + z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))) / (1 + z * z / n)


def judge(world: World, seed: int) -> Said:
    """What the product says in a world."""
    panel, _ = world.publish(seed)
    if not len(panel):
        return Said(Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)
    counts = units(panel, world.case)
    if reason := effect.reason_for_none(counts, BEFORE):
        return Said(Word.CANNOT_BE_TOLD, reason)
    one, truth = effect.estimate(counts, BEFORE), log(world.factor)
    word = effect.word_of(one.low, one.high, "fewer")
    return Said(word, None, one.low <= truth <= one.high, not one.low <= 0 <= one.high, one.high - one.low)


def run(worlds: int) -> Iterator[Row]:
    """Yield what is said in as many worlds of each case, with no effect and with a real one."""
    with ProcessPoolExecutor() as pool:
        for case in CASES:
            none, real = (
                list(pool.map(partial(judge, case.scaled(factor)), range(worlds), chunksize=50))
                for factor in (1.0, EFFECT)
            )
            yield _row(case, none, real)


def _row(case: Case, none: list[Said], real: list[Said]) -> Row:
    told_none, told_real = ([one for one in said if one.reason is None] for said in (none, real))
    told = told_none + told_real
    reasons = Counter(one.reason for one in none if one.reason)
    return Row(
        case.name,
        len(told_none),
        _share(one.word == Word.FOUND for one in told_none),
        _share(one.outside for one in told_none),
        _share(one.word == Word.FOUND for one in told_real),
        _share(one.covers for one in told),
        len(told) / len(none + real),
        case.hard,
        float(np.median([one.width for one in told])) if told else 0.0,
        ", ".join(f"{reason} {count / len(none):.0%}" for reason, count in reasons.most_common()),
    )


def _share(found: Iterable[bool]) -> float:
    listed = list(found)
    return sum(listed) / len(listed) if listed else 0.0


def warn(worlds: int) -> Iterator[tuple[str, float, float]]:
    """Yield, for each other estimator, how often it finds an effect where there is none, and where there is one."""
    case = CASES[0]
    with ProcessPoolExecutor() as pool:
        shares = [
            np.mean(list(pool.map(partial(_others, case.scaled(factor)), range(worlds), chunksize=50)), axis=0)
            for factor in (1.0, EFFECT)
        ]
    yield from zip(OTHERS, *(share.tolist() for share in shares), strict=True)


def _others(world: World, seed: int) -> list[bool]:
    counts = units(world.publish(seed)[1], world.case)
    return [finds(counts) for finds in OTHERS.values()]

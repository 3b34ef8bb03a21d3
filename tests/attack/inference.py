"""Exact conclusions from published numbers: every value that explains all seen numbers, with its probability.

An attacker knows the rule, but no random number. With base 5 the rounding of a whole number depends on which fifth of
[0, 1) the random number is in, so five equally likely *fifths* stand for all random numbers.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from math import log, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Chances = NDArray[np.float64]
#: The unknowns of an attacker: one value, or one for each agency that it can distinguish.
Unknowns = tuple[int, ...]
Weights = Mapping[Unknowns, float]

BASE = 5
#: The attacked cells, by the sum that the agencies counted in them.
SMALL = range(1, BASE)
FIFTHS = range(BASE)
CERTAINTY = 0.95
#: More than is possible in a small cell.
_MOST = 99
_LOG_FACTORIALS = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, 100_000)))])


class Term(NamedTuple):
    """A part that is rounded by itself: a known number plus the unknowns at these positions, with a random number."""

    known: int
    unknowns: tuple[int, ...]
    random: Hashable


class Seen(NamedTuple):
    """A published number, and the terms whose sum it is by the rule."""

    number: int
    terms: tuple[Term, ...]


class UnexplainedError(Exception):
    """No value explains what is published, so it does not follow the rule."""

    def __str__(self) -> str:
        return str(self.__doc__)


class Verdict(NamedTuple):
    """An attacker's conclusion about a sum: the proven value, and the value found at 95 %.

    ``guess`` is the most probable small value, because only small cells are guessed, and ``sure`` how probable it is in
    a small cell. ``nonzero`` says whether it is found at 95 % to be more than 0. ``least`` is the smallest possible
    value.
    """

    proven: int | None
    told: int | None
    guess: int | None
    sure: float
    nonzero: bool
    least: int


@cache
def roundings(value: int) -> tuple[int, ...]:
    """What a value is rounded to, by the fifth that the random number is in."""
    size, sign = abs(value), 1 if value > 0 else -1
    return tuple(sign * (size // BASE * BASE + (BASE if fifth < size % BASE else 0)) for fifth in FIFTHS)


def _without_known_parts(seen: Sequence[Seen]) -> list[tuple[int, int, list[Term]]]:
    """What was seen as the number, a part of it that is known, and the terms of the rest.

    The same term is rounded to the same number again, and one that is not negative is seen as it is.
    """
    looks: list[tuple[int, int, list[Term]]] = []
    alone: dict[Term, int] = {}
    for number, terms in seen:
        rest = [term for term in terms if term not in alone]
        known = sum(alone[term] for term in terms if term in alone)
        looks.append((number, known, rest))
        if len(rest) == 1 and rest[0].known >= 0:
            alone[rest[0]] = number - known
    return looks


def weigh(seen: Sequence[Seen], candidates: Iterable[Unknowns]) -> Weights:
    """Return how likely all that was seen is, for each of the candidates that can explain it.

    A random number is dropped after its last use, so that few combinations are kept.
    """
    looks = _without_known_parts(seen)
    last = {term.random: at for at, (_, _, rest) in enumerate(looks) for term in rest}
    randoms: list[Hashable] = []
    weights: dict[tuple[Unknowns, tuple[int, ...]], float] = {(unknowns, ()): 1.0 for unknowns in candidates}
    for at, (number, known, terms) in enumerate(looks):
        new = [name for name in dict.fromkeys(term.random for term in terms) if name not in randoms]
        randoms += new
        places = [randoms.index(term.random) for term in terms]
        keep = [place for place, name in enumerate(randoms) if last[name] > at]
        found: defaultdict[tuple[Unknowns, tuple[int, ...]], float] = defaultdict(float)
        choices = list(product(FIFTHS, repeat=len(new)))
        by_term: dict[Unknowns, list[tuple[int, ...]]] = {}
        for (unknowns, before), weight in weights.items():
            if unknowns not in by_term:
                values = (term.known + sum(unknowns[one] for one in term.unknowns) for term in terms)
                by_term[unknowns] = list(map(roundings, values))
            for more in choices:
                fifths = before + more
                total = known + sum(one[fifths[place]] for one, place in zip(by_term[unknowns], places, strict=True))
                if number == max(0, total):
                    found[unknowns, tuple(fifths[place] for place in keep)] += weight / len(choices)
        randoms = [randoms[place] for place in keep]
        weights = found
    totals: defaultdict[Unknowns, float] = defaultdict(float)
    for (unknowns, _), weight in weights.items():
        totals[unknowns] += weight
    return totals


@cache
def poisson(rate: float, upto: int) -> Chances:
    """The chances of 0 to ``upto`` events."""
    found: Chances = np.exp(np.arange(upto + 1) * log(rate) - rate - _LOG_FACTORIALS[: upto + 1])
    return found


def chance(number: int, sums: NDArray[np.int64]) -> Chances:
    """The chance that each of some sums is rounded to a number, if nothing else is known of its random number."""
    apart = np.abs(sums - number)
    return np.where(apart < BASE, (BASE - apart) / BASE, 0.0)


def judge(chances: Mapping[int, float]) -> Verdict:
    """Judge a value, given those that are possible and how likely each is; a proof does without the likelihood."""
    total = sum(chances.values())
    if not total:
        raise UnexplainedError
    best = max(chances, key=chances.__getitem__)
    small = {value: one for value, one in chances.items() if value in SMALL}
    guess = max(small, key=small.__getitem__, default=None)
    return Verdict(
        proven=best if len(chances) == 1 else None,
        told=best if chances[best] >= CERTAINTY * total else None,
        guess=guess,
        sure=small[guess] / (sum(small.values()) or 1.0) if guess else 0.0,
        nonzero=total - chances.get(0, 0.0) >= CERTAINTY * total,
        least=min(chances),
    )


def sums(weights: Weights, rates: Sequence[float]) -> dict[int, float]:
    """Return the chances of the sum of all unknowns, given the usual rate of each."""
    chances: defaultdict[int, float] = defaultdict(float)
    for unknowns, weight in weights.items():
        chances[sum(unknowns)] += weight * prod(poisson(r, _MOST)[v] for r, v in zip(rates, unknowns, strict=True))
    return chances

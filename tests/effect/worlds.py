"""Invented worlds: what agencies count by country and week, and what is published of it.

The rounding and the choice of the panel's agencies are those of the product.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from federation.rules import effect, rounding
from federation.rules.panels import choose
from p2p_core.periods import Longs

Floats = NDArray[np.float64]

BEFORE, AFTER = 52, 26
AGENCIES = 9
_WEEKS = np.arange(BEFORE + AFTER)
_FIRST = datetime(2025, 1, 6, tzinfo=UTC)
_MINUTES = np.array([rounding.minute_of(_FIRST + week * timedelta(weeks=1)) for week in _WEEKS.tolist()])
_KEY, _BASE = bytes(range(16)), 5


@dataclass(frozen=True)
class Case:
    """How a world is made.

    ``level`` is the logarithm of the middle country's events a week. ``unequal`` is how much the countries' own
    fluctuations differ. In ``scarce`` months, agencies count a twentieth. ``restless`` agencies join, leave or fall
    silent, in pairs. ``treated`` countries start together. If they are ``unsteady``, they are those that fluctuate
    most. In a ``hard`` case, only the share of false findings is promised.
    """

    name: str
    countries: int = 30
    treated: int = 1
    level: float = 6.0
    unequal: float = 0.0
    scarce: bool = False
    restless: bool = False
    unsteady: bool = False
    hard: bool = False

    def scaled(self, factor: float) -> "World":
        return World(self, factor)


@dataclass(frozen=True)
class World:
    """A case in which the intervention multiplies the events of the treated countries by ``factor``."""

    case: Case
    factor: float

    def publish(self, seed: int) -> tuple[Longs, Longs]:
        """What is published of the panel and of all agencies, countries x weeks. The first countries are treated.

        Without a panel, its numbers are empty.
        """
        rng = np.random.default_rng([seed, 20261202])
        exact, reporting = self._count(rng)
        everybody = _round(exact.sum(axis=0), rounding.NOBODY)
        sets = [frozenset(np.flatnonzero(week).tolist()) for week in reporting.T]
        panel = choose(frozenset.intersection(*sets), frozenset(), others=sets)
        if not panel:
            return np.zeros((0, len(_WEEKS)), np.int64), everybody
        if len(panel) == AGENCIES:
            return everybody, everybody
        members = [_round(exact[one], one + 1) for one in sorted(panel)]
        return np.sum(members, axis=0), everybody

    def _count(self, rng: np.random.Generator) -> tuple[Longs, NDArray[np.bool_]]:
        """Exact counts, agencies x countries x weeks, and which agency reports which week."""
        case = self.case
        level = rng.normal(case.level, 1, case.countries)
        common = _shocks(rng, 0.9, 1)[0] * 0.15 + 0.002 * rng.normal() * _WEEKS
        own = np.exp(case.unequal * rng.normal(size=(case.countries, 1)))
        if case.unsteady:
            own = np.sort(own, axis=0)[::-1]
        own = own * 0.08 * _shocks(rng, 0.6, case.countries)
        season = 0.15 * np.sin(2 * np.pi * _WEEKS / 52) + 0.1 * np.cos(2 * np.pi * _WEEKS / 52)
        expected = np.exp(level[:, None] + common + own + season) * rng.gamma(50, 1 / 50, own.shape)
        expected[: case.treated, BEFORE:] *= self.factor
        if case.scarce:
            for month in rng.choice(len(_WEEKS) // 4, 4, replace=False).tolist():
                expected[:, 4 * month : 4 * month + 4] /= 20
        shares = rng.dirichlet(np.full(AGENCIES, 3.0), case.countries).T
        reporting = _restless(rng) if case.restless else np.ones((AGENCIES, len(_WEEKS)), np.bool_)
        return rng.poisson(expected * shares[:, :, None]) * reporting[:, None, :], reporting


def _shocks(rng: np.random.Generator, memory: float, n: int) -> Floats:
    """Autoregressive fluctuations with the standard deviation 1, n x weeks."""
    found = rng.normal(size=(n, len(_WEEKS)))
    for week in range(1, len(_WEEKS)):
        found[:, week] = memory * found[:, week - 1] + np.sqrt(1 - memory**2) * found[:, week]
    return found


def _restless(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which agency reports which week, if two join, two leave, and two fall silent for a time.

    They do it in pairs, because a panel never differs by one agency from all agencies of a week.
    """
    reporting = np.ones((AGENCIES, len(_WEEKS)), np.bool_)
    joins, leaves, rests = rng.choice(AGENCIES, 6, replace=False).reshape(3, 2).tolist()
    reporting[joins, : rng.integers(1, len(_WEEKS))] = False
    reporting[leaves, rng.integers(1, len(_WEEKS)) :] = False
    since = rng.integers(0, len(_WEEKS) - 10)
    reporting[rests, since : since + rng.integers(2, 10)] = False
    return reporting


def _round(exact: Longs, agency: int) -> Longs:
    countries = np.arange(1, len(exact) + 1)[:, None]
    return rounding.round_cells(exact, (agency, 1, countries, 0, _MINUTES), "W", _KEY, _BASE)


def units(published: Longs, case: Case) -> Longs:
    """The treated countries added up, and the comparison countries that are large enough."""
    others = published[case.treated :]
    large = others[effect.are_large_enough(others, BEFORE)]
    return np.concatenate([published[: case.treated].sum(axis=0, keepdims=True), large])

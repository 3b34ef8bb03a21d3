"""Computes published numbers from exact figures: by the product's rule, and by two rules that do not protect.

A rule names the terms of a number: the parts of each, and the random number that rounds it. So attackers can compute
with it, and a rule can be tested without the product.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from tests.attack.inference import Term

#: The unknowns of a cell: the sum of the agencies that were on time, and the count of the late one.
ON_TIME, LATE = 0, 1


class Part(NamedTuple):
    """An insider's part of a cell: a number of events in one record (frequency and position) over one network."""

    insider: int
    record: tuple[str, int]
    network: int
    amount: int


Parts = frozenset[Part]


class State(NamedTuple):
    """The insiders' parts of a cell, when it was published first and now, and whether the late agency has reported."""

    first: Parts
    now: Parts
    late: bool

    def times(self, count: int) -> "State":
        """The same of a longer period that has these parts so many times."""
        first, now = (
            frozenset(one._replace(amount=one.amount * count) for one in parts) for parts in (self.first, self.now)
        )
        return State(first, now, self.late)


Rule = Callable[[State], tuple[Term, ...]]


def today(state: State) -> tuple[Term, ...]:
    """The first sum is rounded with the cell's number, and the change of each agency by itself."""
    terms = [Term(_sum(state.first), (ON_TIME,), "first")]
    changes: dict[int, dict[int, int]] = {}
    for sign, parts in ((1, state.now), (-1, state.first)):
        for part in parts:
            mine = changes.setdefault(part.insider, {})
            mine[part.network] = mine.get(part.network, 0) + sign * part.amount
    for insider, by_network in sorted(changes.items()):
        changed = [network for network, change in by_network.items() if change]
        if changed:
            terms.append(Term(sum(by_network.values()), (), (insider, changed[0] if len(changed) == 1 else "all")))
    return (*terms, Term(0, (LATE,), "late")) if state.late else tuple(terms)


def first_version(state: State) -> tuple[Term, ...]:
    """The whole sum is rounded, with a random number that belongs to the records in it."""
    return _whole(state, tuple(sorted(part[:3] for part in state.now)))


def by_agency_and_period(state: State) -> tuple[Term, ...]:
    """The whole sum is rounded, with a random number that belongs to the agencies in it."""
    return _whole(state, tuple(sorted({part.insider for part in state.now})))


def _whole(state: State, contributors: Hashable) -> tuple[Term, ...]:
    unknowns = (ON_TIME, LATE) if state.late else (ON_TIME,)
    return (Term(_sum(state.now), unknowns, (contributors, state.late)),)


def _sum(parts: Iterable[Part]) -> int:
    return sum(part.amount for part in parts)

"""One attack on all cells at once: what insiders send, what is public then, and their conclusions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Protocol
from zlib import crc32

import numpy as np

from tests.attack.inference import FIFTHS, Seen, Verdict, Weights, judge, rounded, sums, weigh
from tests.attack.rules import Part, Parts, Rule, State
from tests.attack.world import PLACES, SMALL, TOTAL, Counts, World, with_total

#: A place and a network, or the total of the networks, by position.
Column = tuple[int, int]
COLUMNS = list(product(range(len(PLACES)), range(TOTAL + 1)))
#: More than any published number of these cells.
_CANDIDATES = range(25), range(12)


class Public(Protocol):
    """A publisher: the product, or a rule that is simulated."""

    def report(self, agency: int) -> None:
        """Receive the counts of an agency from the world."""

    def send(self, agency: int, frequency: str, position: int, amounts: Counts | None) -> None:
        """Receive a report of a part of each period, with the same cells in all of them; None withdraws it."""

    def numbers(self, states: dict[Column, State], /) -> Counts:
        """The public numbers of each period, by country and network, the total last."""


class Played:
    """Publishes by a rule."""

    def __init__(self, rule: Rule, world: World) -> None:
        self._rule, self._world = rule, world
        self._published = False
        self._sums = [np.zeros_like(with_total(world.counts[0])) for _ in _CANDIDATES]

    def report(self, agency: int) -> None:
        self._sums[self._published] += with_total(self._world.counts[agency])

    def send(self, agency: int, frequency: str, position: int, amounts: Counts | None) -> None:
        """The states say it."""

    def numbers(self, states: dict[Column, State], /) -> Counts:
        self._published = True
        numbers: Counts = np.zeros_like(self._sums[0])
        for column, state in states.items():
            for term in self._rule(state):
                values = sum((self._sums[one][:, *column] for one in term.unknowns), np.full(len(numbers), term.known))
                fifths = _fifths(repr((column, term.random)), len(numbers))
                numbers[:, *column] += [rounded(*pair) for pair in zip(values.tolist(), fifths, strict=True)]
        return numbers.clip(min=0)


@cache
def _fifths(name: str, count: int) -> list[int]:
    return np.random.default_rng(crc32(name.encode())).choice(FIFTHS, count).tolist()  # type: ignore[no-any-return]


@dataclass
class Scene:
    """The reports that insiders sent, and the numbers that they saw at each look."""

    public: Public
    #: The frequency of the periods that are attacked.
    whole: str = "D"
    records: dict[tuple[int, str, int], Counts] = field(default_factory=dict)
    first: dict[Column, Parts] = field(default_factory=dict)
    late: bool = False
    states: list[dict[Column, State]] = field(default_factory=list)
    seen: list[Counts] = field(default_factory=list)

    def send(self, insider: int, frequency: str, position: int, amounts: Counts | int | None) -> None:
        """Send as many events in every cell, or others in each."""
        key = insider, frequency, position
        cells = None if amounts is None else np.broadcast_to(amounts, (len(PLACES), TOTAL))
        self.public.send(*key, cells)
        if cells is None:
            self.records.pop(key, None)
        else:
            self.records[key] = cells

    def report_late(self, agency: int) -> None:
        self.public.report(agency)
        self.late = True

    def look(self) -> None:
        now = {column: self._parts(column) for column in COLUMNS}
        self.first = self.first or now
        states = {column: State(self.first[column], now[column], self.late) for column in COLUMNS}
        self.states.append(states)
        self.seen.append(self.public.numbers(states))

    def seen_only(self, *looks: int) -> "Scene":
        """The same for a reader who looked only at that time."""
        return replace(self, states=[self.states[look] for look in looks], seen=[self.seen[look] for look in looks])

    def _parts(self, column: Column) -> Parts:
        place, network = column
        networks = range(TOTAL) if network == TOTAL else [network]
        return frozenset(
            Part(insider, (frequency, position), network, int(amounts[place, network]))
            for (insider, frequency, position), amounts in self.records.items()
            for network in networks
            if amounts[place, network] and self._stands(insider, frequency, position)
        )

    def _stands(self, insider: int, frequency: str, position: int) -> bool:
        """A report of the whole counts instead of reports of its parts."""
        above = [] if frequency == self.whole else [(insider, self.whole, 0)]
        if frequency == "N":
            above.append((insider, "H", position // 60))
        return not any(key in self.records for key in above)


@dataclass
class Found:
    """The number of small cells in each place, and how many of them attackers prove, find or guess."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, place: str, truth: int, verdict: Verdict, rate: float) -> None:
        if verdict.proven not in {None, truth}:
            raise AssertionError(f"{verdict.proven} was proven where it is {truth}: the attack is wrong")
        words = {
            "cells": True,
            "proven": verdict.proven is not None,
            "told": verdict.told == truth,
            "told wrongly": verdict.told not in {None, truth},
            "guessed": verdict.guess == truth,
            # The likeliest number of events at this rate.
            "usual": int(rate) == truth,
        }
        self.counts.update((place, word) for word, is_so in words.items() if is_so)

    def total(self, word: str) -> int:
        return sum(count for (_, one), count in self.counts.items() if one == word)

    def share(self, word: str) -> float:
        return self.total(word) / self.total("cells")

    def worst(self, word: str) -> float:
        """The share in the place where it is largest."""
        places = {place for place, _ in self.counts}
        return max(self.counts[place, word] / self.counts[place, "cells"] for place in places)


def judged(scene: Scene, world: World, rule: Rule, on_time: Sequence[int], late: int | None = None) -> Found:
    """Judge all small cells by all seen numbers of each."""
    agencies = [list(on_time), [] if late is None or not scene.late else [late]]
    counts = with_total(sum(world.counts[one] for group in agencies for one in group))
    rates = [with_total(world.rates[group].sum(axis=0)) for group in agencies if group]
    candidates = list(product(*(_CANDIDATES[: len(rates)])))
    known: dict[object, Weights] = {}
    found = Found()
    for column in COLUMNS if scene.whole == "D" else [(place, TOTAL) for place in range(len(PLACES))]:
        terms = [rule(states[column]) for states in scene.states]
        numbers = np.array([seen[:, *column] for seen in scene.seen])
        for period in np.flatnonzero(np.isin(counts[:, *column], SMALL)).tolist():
            seen = tuple(dict.fromkeys(Seen(*pair) for pair in zip(numbers[:, period].tolist(), terms, strict=True)))
            if seen not in known:
                known[seen] = weigh(seen, candidates)
            usual = [float(rate[period, *column]) for rate in rates]
            found.add(PLACES[column[0]], int(counts[period, *column]), judge(sums(known[seen], usual)), sum(usual))
    return found

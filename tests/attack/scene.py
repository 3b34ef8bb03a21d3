"""One attack on all cells at once: what insiders send, what is public then, and their conclusions."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import product
from typing import Protocol
from zlib import crc32

import numpy as np

from tests.attack.inference import FIFTHS, SMALL, Seen, Verdict, Weights, judge, roundings, sums, weigh
from tests.attack.rules import LATE, ON_TIME, Part, Parts, Rule, State
from tests.attack.world import HIDDEN, PLACES, TOTAL, Counts, World, with_total

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

    def numbers(self, step: str, states: dict[Column, State], /) -> Counts:
        """The public numbers of each period of a step, by country and network, the total last."""


class Played:
    """Publishes everything by a rule."""

    def __init__(self, rule: Rule, world: World) -> None:
        self._rule, self._published = rule, False
        self._worlds = {step: world.at(step) for step in world.steps}
        self._sums = {
            (step, one): np.zeros_like(with_total(part.counts[0]))
            for step, part in self._worlds.items()
            for one in (ON_TIME, LATE)
        }

    def report(self, agency: int) -> None:
        for step, part in self._worlds.items():
            self._sums[step, LATE if self._published else ON_TIME] += with_total(part.counts[agency])

    def send(self, agency: int, frequency: str, position: int, amounts: Counts | None) -> None:
        """The states say it."""

    def numbers(self, step: str, states: dict[Column, State], /) -> Counts:
        self._published = True
        numbers: Counts = np.zeros_like(self._sums[step, ON_TIME])
        lengths = self._worlds[step].lengths
        for column, state in states.items():
            for term in self._rule(state):
                values = sum((self._sums[step, one][:, *column] for one in term.unknowns), term.known * lengths)
                fifths = _fifths(repr((step, column, term.random)), len(numbers))
                numbers[:, *column] += [
                    roundings(value)[fifth] for value, fifth in zip(values.tolist(), fifths, strict=True)
                ]
        return numbers.clip(min=0)


@cache
def _fifths(name: str, count: int) -> list[int]:
    return np.random.default_rng(crc32(name.encode())).choice(FIFTHS, count).tolist()  # type: ignore[no-any-return]


@dataclass
class Scene:
    """The reports that insiders sent, and the numbers that they saw at each look."""

    public: Public
    #: The frequency of the honest reports, and the longer ones that are attacked too.
    steps: str
    records: dict[tuple[int, str, int], Counts] = field(default_factory=dict)
    first: dict[Column, Parts] = field(default_factory=dict)
    late: bool = False
    states: list[dict[Column, State]] = field(default_factory=list)
    seen: list[dict[str, Counts]] = field(default_factory=list)

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
        self.seen.append({step: self.public.numbers(step, states) for step in self.steps})

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
        above = [] if frequency == self.steps[0] else [(insider, self.steps[0], 0)]
        if frequency == "N":
            above.append((insider, "H", position // 60))
        return not any(key in self.records for key in above)


_KINDS = {"N": "minutes", "H": "hours", "D": "days", "W": "weeks", "M": "months"}


def kind(step: str, network: int) -> str:
    """The kind of a cell, in words."""
    return _KINDS[step] + " by network" * (network != TOTAL)


@dataclass
class Found:
    """The number of small cells in each place and of each kind, and how many of them attackers prove, find or guess.

    Claims are all conclusions at 95 %, also about cells that are not small but might be.
    """

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    sure: defaultdict[tuple[str, str], float] = field(default_factory=partial(defaultdict, float))

    def add(self, where: tuple[str, str], truth: int, verdict: Verdict, rate: float) -> None:
        if verdict.proven not in {None, truth}:
            raise AssertionError(f"{verdict.proven} was proven where it is {truth}: the attack is wrong")
        words = {"claims": verdict.told is not None, "wrong": verdict.told not in {None, truth}}
        if truth in SMALL:
            words |= {
                "cells": True,
                "proven": verdict.proven is not None,
                "told": verdict.told == truth,
                "nonzero": verdict.nonzero,
                "guessed": verdict.guess == truth,
                # The most probable small number of events at this rate.
                "usual": min(max(int(rate), SMALL[0]), SMALL[-1]) == truth,
            }
            self.sure[where] += verdict.sure
        self.counts.update((*where, word) for word, is_so in words.items() if is_so)

    def add_all(self, other: "Found") -> None:
        self.counts += other.counts
        for where, sure in other.sure.items():
            self.sure[where] += sure

    def expected(self) -> float:
        """The share of small cells that attackers expect to guess."""
        return float(sum(self.sure.values())) / max(self.total("cells"), 1)

    def total(self, word: str) -> int:
        return sum(count for (*_, one), count in self.counts.items() if one == word)

    def share(self, word: str, of: str = "cells") -> float:
        return self.total(word) / max(self.total(of), 1)

    def parts(self, *positions: int) -> "dict[tuple[str, ...], Found]":
        """The same by place (0), by kind (1) or both."""
        found: dict[tuple[str, ...], Found] = {}
        for name, count in self.counts.items():
            found.setdefault(tuple(name[one] for one in positions), Found()).counts[name] = count
        for where, sure in self.sure.items():
            found[tuple(where[one] for one in positions)].sure[where] = sure
        return found

    def worst(self, word: str) -> float:
        """The share in the place where it is largest."""
        return max(part.share(word) for part in self.parts(0).values())


def judged(scene: Scene, world: World, rule: Rule, on_time: Sequence[int], late: int | None = None) -> Found:
    """Judge all published cells that may be small, by all seen numbers of each."""
    agencies = [list(on_time), [] if late is None or not scene.late else [late]]
    candidates = list(product(*(_CANDIDATES[: 1 + bool(agencies[1])])))
    known: dict[object, Weights] = {}
    found = Found()
    for step in scene.steps:
        part = world.at(step)
        groups = [with_total(part.counts[group].sum(axis=0)) for group in agencies]
        counts = groups[0] + groups[1]
        rates = [with_total(part.rates[group].sum(axis=0)) for group in agencies if group]
        numbers = np.array([seen[step] for seen in scene.seen])
        # The others are published as too much to be small.
        chosen = (numbers[0] != HIDDEN) & (groups[0] < len(_CANDIDATES[0])) & (groups[1] < len(_CANDIDATES[1]))
        for column, length in product(COLUMNS, sorted(set(part.lengths.tolist()))):
            terms = [rule(states[column].times(length)) for states in scene.states]
            for at in np.flatnonzero(chosen[:, *column] & (part.lengths == length)).tolist():
                pairs = zip(numbers[:, at, *column].tolist(), terms, strict=True)
                seen = tuple(dict.fromkeys(Seen(*pair) for pair in pairs))
                if seen not in known:
                    known[seen] = weigh(seen, candidates)
                usual = [float(rate[at, *column]) for rate in rates]
                verdict = judge(sums(known[seen], usual))
                if verdict.least <= SMALL[-1]:
                    where = PLACES[column[0]], kind(step, column[1])
                    found.add(where, int(counts[at, *column]), verdict, sum(usual))
    return found

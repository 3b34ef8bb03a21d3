"""Runs cases one after the other, each identified by a seed, a kind and a number, and counts the results."""

import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType
from typing import Final

from tests.fuzz.kinds import KINDS, SHARES

#: Seconds of processor time, far more than any case needs. A case that takes longer hangs.
PATIENCE: Final = 20.0


class Hanging(AssertionError):  # noqa: N818  a verdict
    """A case took more time than any case may."""


class Found(AssertionError):  # noqa: N818  a verdict
    """A case on which the code and its second reading differ, or which is a crash, with what repeats it."""


@dataclass
class Tally:
    """How many cases of each kind ended how, and how much memory that took at most."""

    words: dict[str, Counter[str]] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak: int = 0

    @property
    def cases(self) -> int:
        return sum(counter.total() for counter in self.words.values())

    def add(self, other: "Tally") -> None:
        for kind, counter in other.words.items():
            self.words.setdefault(kind, Counter()).update(counter)
        self.found += other.found
        self.seconds += other.seconds
        self.peak = max(self.peak, other.peak)


def content_of(seed: int, kind: str, number: int) -> bytes:
    """Make a case: the same one for the same seed, kind and number."""
    return KINDS[kind].make(Random(f"{seed} {kind} {number}"))


def judge(seed: int, kind: str, number: int) -> str:
    """Make and judge a case, and return what became of it."""
    return judge_content(kind, content_of(seed, kind, number), f"{seed} {kind} {number}")


def judge_content(kind: str, content: bytes, name: str) -> str:
    """Judge a case, and say how to repeat it if something is wrong."""
    try:
        with limited():
            return KINDS[kind].judge(content, Random(f"judged {name}"))
    except Exception as error:
        seen = content if len(content) <= 2000 else content[:1000] + b" ... " + content[-1000:]
        raise Found(f"{name}: {type(error).__name__}: {str(error)[:2000]}\n{seen!r}") from error


@contextmanager
def limited() -> Iterator[None]:
    """Let nothing take more processor time than any case may."""
    before = signal.signal(signal.SIGPROF, _hanging)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hanging(_signal: int, _frame: FrameType | None) -> None:
    raise Hanging(f"more than {PATIENCE:g} s of processor time")


def kind_of(number: int) -> str:
    """Return the kind of a case: each hundred cases hold the kinds by their shares."""
    return SHARES[number % len(SHARES)]


def run(seed: int, numbers: range, *, stop: bool = True) -> Tally:
    """Judge cases. Stop at the first fault, or go on and collect all faults."""
    tally, began = Tally(), time.process_time()
    for number in numbers:
        kind = kind_of(number)
        counter = tally.words.setdefault(kind, Counter())
        try:
            counter[judge(seed, kind, number)] += 1
        except Found as found:
            if stop:
                raise
            counter["FOUND"] += 1
            tally.found.append(str(found))
    tally.seconds = time.process_time() - began
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return tally

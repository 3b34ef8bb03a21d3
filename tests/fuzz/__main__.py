"""`make fuzz`: many cases on all cores, with what became of them; exits 1 if anything was found.

`python -m tests.fuzz --seed 7 --repeat "json 4711"` judges one case again.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.fuzz import (
    ready,  # noqa: F401  before what it readies
    running,
)
from tests.fuzz.running import Tally

_PART = 2000


def main() -> int:
    """Judge what is asked for."""
    asked = _asked()
    if asked.repeat:
        kind, number = asked.repeat.split()
        _say(repr(running.content_of(asked.seed, kind, int(number))))
        _say(running.judge(asked.seed, kind, int(number)))
        return 0
    began = time.monotonic()
    total = Tally()
    for part in _judged(asked):
        total.add(part)
        for found in part.found:
            _say(f"\nFOUND {found}")
        if total.cases % 50_000 < _PART:
            _say(f"{total.cases} of {asked.cases} cases, {len(total.found)} found, {time.monotonic() - began:.0f} s")
    _say(_summary(asked, total, time.monotonic() - began))
    return 1 if total.found else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", help="a kind and a number, as they were printed")
    return parser.parse_args()


def _judged(asked: argparse.Namespace) -> Iterator[Tally]:
    parts = [range(first, min(first + _PART, asked.cases)) for first in range(0, asked.cases, _PART)]
    with ProcessPoolExecutor(asked.processes) as pool:
        for done in as_completed([pool.submit(_part, asked.seed, part) for part in parts]):
            yield done.result()


def _part(seed: int, numbers: range) -> Tally:
    return running.run(seed, numbers, stop=False)


def _summary(asked: argparse.Namespace, total: Tally, seconds: float) -> str:
    lines = [f"\nSeed {asked.seed}: {total.cases} cases in {seconds:.0f} s"]
    for kind, words in sorted(total.words.items()):
        listed = ", ".join(f"{word} {count}" for word, count in words.most_common())
        lines.append(f"  {kind:9} {words.total():8}  {listed}")
    lines.append(f"Processor time {total.seconds:.0f} s, memory at most {total.peak / 1024:.0f} MiB a process")
    lines.append(f"\n{len(total.found)} found")
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

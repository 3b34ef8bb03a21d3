"""The result of a measurement: a row of the table, with its reference, its budget and its goal."""

import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_HEADER = ("what", "ours", "reference", "its value", "ratio", "budget", "goal", "runs", "verdict")


@dataclass(frozen=True)
class Row:
    """A measured quantity, and the limits with which it is compared.

    With a reference, budget and goal are multiples of it; without one they are in the row's own unit.
    """

    what: str
    ours: float | None
    budget: float | None = None
    goal: float | None = None
    reference: str = ""
    theirs: float | None = None
    unit: str = "s"
    runs: int = 1
    #: Why it could not be measured, or what must be known to read it.
    remark: str = ""

    @property
    def held(self) -> float | None:
        """The value that is compared with the budget."""
        if self.ours is None or not self.reference:
            return self.ours
        return self.ours / self.theirs if self.theirs else None

    @property
    def verdict(self) -> str:
        if self.held is None:
            return "not measured"
        if self.budget is None:
            return ""
        if self.goal is not None and self.held <= self.goal:
            return "goal met"
        return "budget met" if self.held <= self.budget else "MISSED"

    def cells(self) -> tuple[str, ...]:
        ratio = f"{self.held:.3g} ×" if self.reference and self.held is not None else ""
        bounds = tuple(self._bound(bound) for bound in (self.budget, self.goal))
        ours, theirs = (self._amount(amount) for amount in (self.ours, self.theirs))
        return (self.what, ours, self.reference, theirs, ratio, *bounds, str(self.runs), self.verdict)

    def _bound(self, bound: float | None) -> str:
        if bound is None:
            return ""
        return f"{bound:.3g} ×" if self.reference else self._amount(bound)

    def _amount(self, amount: float | None) -> str:
        if amount is None:
            return ""
        if self.unit == "s" and amount < 1:
            return f"{amount * 1000:.3g} ms"
        return f"{amount:,.0f} {self.unit}" if amount >= 100 else f"{amount:.3g} {self.unit}"


def median(measure: Callable[[], float], *, runs: int) -> float:
    return statistics.median(measure() for _ in range(runs))


def _nothing() -> None:
    """The default preparation of a measurement: nothing."""


def alternating(
    measures: Sequence[Callable[[], float]], *, runs: int, before: Callable[[], None] = _nothing
) -> list[float]:
    """Return the median of each, taken in turns, so that a change of the machine's mood meets all of them alike."""
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(runs):
        for found, measure in zip(taken, measures, strict=True):
            before()
            found.append(measure())
    return [statistics.median(found) for found in taken]


def percentile(sample: Sequence[float], share: float) -> float:
    """Return the smallest of the sample that is not exceeded by so large a share of it."""
    return sorted(sample)[max(0, math.ceil(share * len(sample)) - 1)]


def say(text: str) -> None:
    """Write progress to the terminal."""
    print(f"  {text}", file=sys.stderr, flush=True)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a table in Markdown, with remarks below."""
    listed = list(rows)
    lines = [_HEADER, ("---",) * len(_HEADER), *(row.cells() for row in listed)]
    widths = [max(len(line[i]) for line in lines if line[0] != "---") for i in range(len(_HEADER))]
    text = [
        "| " + " | ".join(_fill(cell, width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    remarks = dict.fromkeys(f"* {row.what}: {row.remark}" for row in listed if row.remark)
    return "\n".join([*text, "", *remarks])


def _fill(cell: str, width: int) -> str:
    return "-" * width if cell == "---" else cell.ljust(width)


def finish(rows: Iterable[Row]) -> None:
    """End a module that was run: print its table, or hand the rows to the program that runs all modules."""
    listed = list(rows)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps([asdict(row) for row in listed]))
    else:
        print(table(listed))


def read(path: Path) -> list[Row]:
    return [Row(**row) for row in json.loads(path.read_text())]

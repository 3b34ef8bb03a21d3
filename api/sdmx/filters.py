"""Filters by component, `c[COUNTRY]=NO,SE` and the like: any of several, each of them all of several terms."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial, reduce
from operator import and_, contains, eq, ge, gt, le, lt, ne, or_
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.problems import Problem
from api.sdmx import times
from api.sdmx.times import Span
from federation import published
from federation.published import Longs
from federation.vintages import ALWAYS, Flags

_TERM = re.compile(r"(?:(eq|ne|lt|le|gt|ge|co|nc|sw|ew):)?(.+)", re.DOTALL)
_ORDERED: Final = {"lt": lt, "le": le, "gt": gt, "ge": ge}
_ON_NUMBERS: Final = {"eq": eq, "ne": ne, **_ORDERED}


class Term(NamedTuple):
    """An operator of the standard and what a component is compared with."""

    operator: str
    value: str


class Filter(NamedTuple):
    """What is asked of a component: that for any of the alternatives all terms hold."""

    component: str
    alternatives: tuple[tuple[Term, ...], ...]

    @property
    def parameter(self) -> str:
        return f"c[{self.component}]"

    @property
    def names_codes(self) -> bool:
        """Whether it names just what is wanted."""
        return all(len(terms) == 1 and terms[0].operator == "eq" for terms in self.alternatives)

    @property
    def codes_named(self) -> frozenset[str]:
        return frozenset(term.value for terms in self.alternatives for term in terms)

    def holds(self, test: Callable[[Term], Any]) -> Any:
        """Combine what a test says of each term, be it a truth or an array of them."""
        return reduce(or_, (reduce(and_, map(test, terms)) for terms in self.alternatives))

    def codes(self, known: Iterable[str]) -> frozenset[str]:
        """Return which of the codes known it lets pass."""
        return frozenset(code for code in known if self.holds(partial(_of_text, code)))

    def numbers(self, column: NDArray[Any]) -> Flags:
        """Return where a column of numbers, NaN where there is none, passes."""
        return np.asarray(self.holds(lambda term: _of_numbers(column, term, self.parameter)))

    def periods(self, frequency: str, starts: Longs) -> Flags:
        """Return which periods pass: in whole before, after or at the time named."""
        ends = times.ends(frequency, starts)
        return np.asarray(self.holds(lambda term: _of_periods(starts, ends, term, self.parameter)))

    def instants(self, milliseconds: Longs) -> Flags:
        """Return which instants pass."""
        return np.asarray(self.holds(lambda term: _of_instants(milliseconds, term, self.parameter)))


def read(component: str, text: str) -> Filter:
    """Read a filter: a comma is an "or", a plus an "and" that binds closer."""
    alternatives = tuple(tuple(map(_term, part.split("+"))) for part in text.split(","))
    if not all(term.value for terms in alternatives for term in terms):
        raise Problem(
            "bad_sdmx_query",
            detail="Write values with , for or and + for and: ge:2026-01+le:2026-11.",
            parameter=f"c[{component}]",
        )
    return Filter(component, alternatives)


def between(first: str | None, last: str | None) -> list[Filter]:
    """Return the filters that are `startPeriod` and `endPeriod`, both included."""
    given = (("ge", first), ("le", last))
    return [Filter("TIME_PERIOD", ((Term(operator, text),),)) for operator, text in given if text]


def hull(some: Iterable[Filter]) -> tuple[datetime, datetime]:
    """Return from which second to which a period must begin to pass filters of the time, or a longer stretch."""
    first, last = map(published.seconds, ALWAYS)
    for one in some:
        # What may lie here or there is not worth a look: all of it is read then.
        for term in one.alternatives[0] if len(one.alternatives) == 1 else ():
            asked = times.span(term.value, parameter=one.parameter)
            first = max(first, _FIRST.get(term.operator, _no_matter)(asked, first))
            last = min(last, _LAST.get(term.operator, _no_matter)(asked, last))
    return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)


def _no_matter(_: Span, bound: int) -> int:
    return bound


_FIRST: Final[dict[str, Callable[[Span, int], int]]] = {
    "eq": lambda asked, _: asked.start,
    "ge": lambda asked, _: asked.start,
    "gt": lambda asked, _: asked.end,
}
_LAST: Final[dict[str, Callable[[Span, int], int]]] = {
    "eq": lambda asked, _: asked.start,
    "le": lambda asked, _: asked.end,
    "lt": lambda asked, _: asked.start,
}


def _term(text: str) -> Term:
    form = _TERM.fullmatch(text)
    return Term(form[1] or "eq", form[2]) if form else Term("eq", "")


def _of_text(code: str, term: Term) -> bool:
    return bool(_ON_TEXT[term.operator](code, term.value))


def _of_numbers(column: NDArray[Any], term: Term, parameter: str) -> NDArray[Any]:
    try:
        value = float(term.value)
    except ValueError:
        raise Problem("bad_sdmx_query", detail="Compare it with a number.", parameter=parameter) from None
    return _compared(column, value, term.operator, parameter)


def _of_instants(column: Longs, term: Term, parameter: str) -> NDArray[Any]:
    moment = times.instant(term.value, parameter=parameter)
    return _compared(column, round(moment.timestamp() * 1000), term.operator, parameter)


def _compared(column: NDArray[Any], value: float, operator: str, parameter: str) -> NDArray[Any]:
    if operator not in _ON_NUMBERS:
        raise _no_parts(parameter)
    return np.asarray(_ON_NUMBERS[operator](column, value))


def _of_periods(starts: Longs, ends: Longs, term: Term, parameter: str) -> Flags:
    asked = times.span(term.value, parameter=parameter)
    if term.operator not in _ON_PERIODS:
        raise _no_parts(parameter)
    return _ON_PERIODS[term.operator](starts, ends, asked)


def _no_parts(parameter: str) -> Problem:
    detail = "Numbers and times have no parts: use eq, ne, lt, le, gt or ge."
    return Problem("bad_sdmx_query", detail=detail, parameter=parameter)


_ON_TEXT: Final[dict[str, Callable[[str, str], bool]]] = {
    "eq": eq,
    "ne": ne,
    "co": contains,
    "nc": lambda code, value: value not in code,
    "sw": str.startswith,
    "ew": str.endswith,
    **_ORDERED,
}
#: A period is before or after another one as a whole.
_ON_PERIODS: Final[dict[str, Callable[[Longs, Longs, Span], Flags]]] = {
    "eq": lambda starts, ends, asked: (starts == asked.start) & (ends == asked.end),
    "ne": lambda starts, ends, asked: (starts != asked.start) | (ends != asked.end),
    "ge": lambda starts, _, asked: starts >= asked.start,
    "gt": lambda starts, _, asked: starts >= asked.end,
    "le": lambda _, ends, asked: ends <= asked.end,
    "lt": lambda _, ends, asked: ends <= asked.start,
}

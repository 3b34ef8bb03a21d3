"""Filters by component, `c[COUNTRY]=NO,SE` and the like: any of several, each of them all of several terms.

What a term compares with is read at once, so that whatever cannot be is refused before an answer begins.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial, reduce
from operator import and_, contains, eq, ge, gt, le, lt, ne, or_
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from api.problems import Problem
from api.sdmx import times
from api.sdmx.flows import MEASURE, TIME
from api.sdmx.times import Span
from federation.rules import periods
from federation.rules.periods import Longs
from federation.vintages import ALWAYS

_TERM = re.compile(r"(?:(eq|ne|lt|le|gt|ge|co|nc|sw|ew):)?(.+)", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
#: A filter compares each code, period or number with so many terms at most; a list of codes is one look-up for each.
MOST_TERMS: Final = 50
_ORDERED: Final = {"lt": lt, "le": le, "gt": gt, "ge": ge}
_ON_NUMBERS: Final = {"eq": eq, "ne": ne, **_ORDERED}


class Term(NamedTuple):
    """An operator of the standard and what a component is compared with: a code, a number or a span of time."""

    operator: str
    value: Any


class Filter(NamedTuple):
    """What is asked of a component: that for any of the alternatives all terms hold."""

    component: str
    alternatives: tuple[tuple[Term, ...], ...]

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
        if self.names_codes:
            return self.codes_named & frozenset(known)
        return frozenset(code for code in known if self.holds(partial(_of_text, code)))

    def numbers(self, column: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where a column of numbers, NaN where there is none, passes; instants are milliseconds since 1970."""
        return np.asarray(self.holds(lambda term: _ON_NUMBERS[term.operator](column, term.value)))

    def periods(self, frequency: str, starts: Longs) -> NDArray[np.bool_]:
        """Return which periods pass: in whole before, after or at the time named."""
        ends = times.ends(frequency, starts)
        return np.asarray(self.holds(lambda term: _ON_PERIODS[term.operator](starts, ends, term.value)))


def read(component: str, text: str) -> Filter:
    """Read a filter: a comma is an "or", a plus an "and" that binds closer."""
    parameter = f"c[{component}]"
    parts = [part.split("+") for part in dict.fromkeys(text.split(","))]
    forms = [[_TERM.fullmatch(term) for term in part] for part in parts]
    found = Filter(component, tuple(tuple(_term(component, form, parameter) for form in part) for part in forms))
    if sum(map(len, parts)) > MOST_TERMS and (component in _READERS or not found.names_codes):
        detail = f"Use at most {MOST_TERMS} terms in a filter; only a list of codes may be longer."
        raise Problem("bad_sdmx_query", detail=detail, parameter=parameter)
    return found


def between(first: str | None, last: str | None) -> list[Filter]:
    """Return the filters that are `startPeriod` and `endPeriod`, both included."""
    given = (("ge", first, "startPeriod"), ("le", last, "endPeriod"))
    return [
        Filter(TIME, ((Term(operator, times.span(text, parameter=parameter)),),))
        for operator, text, parameter in given
        if text
    ]


def hull(some: Iterable[Filter]) -> tuple[datetime, datetime]:
    """Return from which second to which a period must begin to pass filters of the time, or a longer stretch."""
    earliest, latest = first, last = tuple(map(periods.epoch, ALWAYS))
    for one in some:
        # What may lie here or there is not worth a look: all of it is read then.
        for term in one.alternatives[0] if len(one.alternatives) == 1 else ():
            first = max(first, _FIRST.get(term.operator, _no_matter)(term.value, first))
            last = min(last, _LAST.get(term.operator, _no_matter)(term.value, last))
    # What lies before or after all that can be named is as far as a calendar goes.
    return datetime.fromtimestamp(min(first, latest), UTC), datetime.fromtimestamp(max(last, earliest), UTC)


def _no_matter(_: Span, bound: int) -> int:
    return bound


_FIRST: Final[dict[str, Callable[[Span, int], int]]] = {
    "eq": lambda asked, _: asked.start,
    "ge": lambda asked, _: asked.start,
    "gt": lambda asked, _: asked.end,
}
_LAST: Final[dict[str, Callable[[Span, int], int]]] = {
    "eq": lambda asked, _: asked.start,
    "le": lambda asked, _: asked.end - 1,
    "lt": lambda asked, _: asked.start - 1,
}


def _term(component: str, form: re.Match[str] | None, parameter: str) -> Term:
    if form is None:
        detail = "Write values with , for or and + for and: ge:2026-01+le:2026-11."
        raise Problem("bad_sdmx_query", detail=detail, parameter=parameter)
    operator, text = form[1] or "eq", form[2]
    if component not in _READERS:
        return Term(operator, text)
    if operator not in _ON_NUMBERS:
        detail = "Numbers and times have no parts: use eq, ne, lt, le, gt or ge."
        raise Problem("bad_sdmx_query", detail=detail, parameter=parameter)
    return Term(operator, _READERS[component](text, parameter=parameter))


def _of_text(code: str, term: Term) -> bool:
    return bool(_ON_TEXT[term.operator](code, term.value))


def _number(text: str, *, parameter: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Problem("bad_sdmx_query", detail="Compare it with a number.", parameter=parameter)
    return float(text)


def _milliseconds(text: str, *, parameter: str) -> int:
    return round(times.instant(text, parameter=parameter).timestamp() * 1000)


class _Reader(Protocol):
    def __call__(self, text: str, /, *, parameter: str) -> Any: ...


#: What is no code, by component, and how it is read.
_READERS: Final[dict[str, _Reader]] = {
    TIME: times.span,
    **dict.fromkeys(("VALID_FROM", "COUNTED_FROM"), _milliseconds),
    **dict.fromkeys((MEASURE, "COVERAGE", "AGENCIES_REPORTING", "AGENCIES_EXPECTED"), _number),
}
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
_ON_PERIODS: Final[dict[str, Callable[[Longs, Longs, Span], NDArray[np.bool_]]]] = {
    "eq": lambda starts, ends, asked: (starts == asked.start) & (ends == asked.end),
    "ne": lambda starts, ends, asked: (starts != asked.start) | (ends != asked.end),
    "ge": lambda starts, _, asked: starts >= asked.start,
    "gt": lambda starts, _, asked: starts >= asked.end,
    "le": lambda _, ends, asked: ends <= asked.end,
    "lt": lambda _, ends, asked: ends <= asked.start,
}

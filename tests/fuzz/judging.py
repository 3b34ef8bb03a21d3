"""Judges inputs: the verdict must equal that of the second reader, and a refusal must repeat nothing."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from api.codes import CODES
from api.problems import Problem, problem_of
from p2p_core.payloads.faults import PayloadError
from tests.fuzz.odd import MARKER
from tests.oracles.payloads import TOO_MUCH, Refusal

ACCEPTED: Final = "accepted"
#: The largest document of a refusal, for any input.
LONGEST_REFUSAL: Final = 40_000

_POINTER = re.compile(
    r"(?:/(?:indicator|prepared|answer|remark)"
    r"|/reports(?:/\d+(?:/(?:frequency|period|status|withdrawn|observations(?:/\d+(?:/(?:country|network|value))?)?))?)?"
    r"|/header(?:/(?:\d+|[A-Z_]+))?|/rows(?:/\d+(?:/[A-Z_]+)?)?)?",
    re.ASCII,
)


class Disagreement(AssertionError):  # noqa: N818  a verdict
    """The reader read something else than was sent, or refused in an undocumented way."""


class Verdict(NamedTuple):
    """The result of an input: a value, or the problem of its refusal."""

    value: Any
    problem: Problem | None

    @property
    def word(self) -> str:
        return ACCEPTED if self.problem is None else self.problem.code


def verdict(read: Callable[[], Any]) -> Verdict:
    """Read, and look at the refusal. Any other exception is a crash, and is not caught."""
    try:
        return Verdict(read(), None)
    except (Problem, PayloadError) as error:
        problem = problem_of(error)
        assert problem is not None
        check_refusal(problem)
        return Verdict(None, problem)


def check_refusal(problem: Problem) -> None:
    """Check that a refusal is one of ours, points at what is ours, and repeats nothing of what was sent."""
    document = problem.body()
    written = json.dumps(document)
    expect(document["status"] == CODES[document["code"]].status, "a status that is not its code's")
    expect(MARKER not in written.lower(), "something of what was sent came back")
    expect(len(written) < LONGEST_REFUSAL, "a refusal beyond bounds")
    for fault in document.get("errors", ()):
        expect(_POINTER.fullmatch(fault["pointer"]), "a pointer to what is not ours")
        expect(MARKER not in fault["pointer"], "a pointer that repeats what was sent")
    if "errors" in document:
        expect(len(document["errors"]) <= min(100, document["error_count"]), "more faults listed than counted")


def expect(so: object, otherwise: str) -> None:
    """Raise a disagreement if this is false."""
    if not so:
        raise Disagreement(otherwise)


def compare(found: Verdict, read: Callable[[], Any], *, tight: bool = False) -> None:
    """Compare a verdict with that of a second reading; where limits are tight, they may be met first."""
    try:
        value = read()
    except Refusal as refusal:
        expect(found.problem is not None, f"accepted, and should be refused with one of {sorted(refusal.statuses)}")
        assert found.problem is not None
        allowed = refusal.statuses | ({TOO_MUCH} if tight else set())
        expect(found.problem.status in allowed, f"{found.word}, and should be one of {sorted(allowed)}")
        return
    expect(found.problem is None, f"refused with {found.word} {_faults(found)}, and should be accepted")
    expect(found.value == value, f"read {found.value!r}, and should be {value!r}")


def _faults(found: Verdict) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in found.problem.faults[:5]] if found.problem else []


@contextmanager
def set_to(module: Any, **values: Any) -> Iterator[None]:
    """Let constants of a module have other values for a while."""
    before = {name: getattr(module, name) for name in values}
    try:
        for name, value in values.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)

"""The kinds of input: how each is made, how it is judged, and how many of a hundred cases are of it."""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from tests.fuzz import bodies, questions


class Kind(NamedTuple):
    """A kind of input."""

    make: Callable[[Random], bytes]
    judge: Callable[[bytes, Random], str]
    share: int


KINDS: Final = {
    "json": Kind(bodies.make_json, bodies.judge_json, 38),
    "csv": Kind(bodies.make_csv, bodies.judge_csv, 32),
    "twins": Kind(bodies.make_twins, bodies.judge_twins, 4),
    "answer": Kind(bodies.make_answer, bodies.judge_answer, 5),
    "packed": Kind(bodies.make_packed, bodies.judge_packed, 5),
    "question": Kind(questions.make_question, questions.judge_question, 10),
    "cursor": Kind(questions.make_cursor, questions.judge_cursor, 3),
    "header": Kind(questions.make_header, questions.judge_header, 3),
}

#: The kinds of a round of cases, mixed as evenly as may be.
SHARES: Final = tuple(
    name
    for _, name in sorted(((at + 0.5) / kind.share, name) for name, kind in KINDS.items() for at in range(kind.share))
)

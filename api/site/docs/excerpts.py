"""Excerpts of sections: the passage that has most of a question."""

import re
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from api.site.docs.markdown import ROW

#: Characters that no document has. They stand around the words that were found.
OPEN, CLOSE = "\ue000", "\ue001"
#: The most words of an excerpt. It may end with an earlier sentence if it is then at least half as long.
_LONGEST: Final = 40
#: It begins with a sentence, or in a long sentence this many words before a found word.
_BEFORE: Final = 12
#: Found words that begin alike are forms of one word.
_ALIKE: Final = 4
#: A word with its punctuation. Words that were found together are one.
_WORD: Final = re.compile(rf"(?:[^\s{OPEN}]+|{OPEN}[^{CLOSE}]*{CLOSE})+")
_FOUND: Final = re.compile(rf"{OPEN}([^{CLOSE}]*){CLOSE}")
_END_OF_SENTENCE: Final = (".", "?", "!")
#: These may stand after it.
_AFTER_THE_END: Final = f"{CLOSE})\"'"


class Piece(NamedTuple):
    """Words of a text. If ``found``, they are words of the question."""

    text: str
    found: bool


def excerpt(text: str) -> list[Piece]:
    """The passage of a text that has most of what was found in it. Where one is as good as another, the first."""
    matches = list(_WORD.finditer(text))
    words = [match.group() for match in matches]
    between = ["", *(text[before.end() : after.start()] for before, after in pairwise(matches))]
    rows = [at for at, space in enumerate(between) if ROW in space]
    sentences = {at for at, space in enumerate(between) if "\n" in space or (at and _ends_a_sentence(words[at - 1]))}
    starts = sorted({0, *rows, *sentences})
    start = _best_start(words, starts, rows)
    end = _end(start, starts, _end_of_row(start, rows, len(words)))
    cut = "…" if end < len(words) and end not in starts else ""
    return list(_pieces(f"{'…' if start else ''}{' '.join(words[start:end])}{cut}"))


def _ends_a_sentence(word: str) -> bool:
    return word.rstrip(_AFTER_THE_END).endswith(_END_OF_SENTENCE)


def _end_of_row(start: int, rows: Sequence[int], length: int) -> int:
    """No passage goes on in the next row of a table."""
    return next((row for row in rows if row > start), length)


def _best_start(words: Sequence[str], starts: Sequence[int], rows: Sequence[int]) -> int:
    """A passage begins with the sentence of a found word, or a little before the word."""
    found = {at: _FOUND.findall(word.casefold()) for at, word in enumerate(words) if OPEN in word}
    candidates = dict.fromkeys(max(starts[bisect(starts, at) - 1], at - _BEFORE) for at in found)
    ends = {start: min(start + _LONGEST, _end_of_row(start, rows, len(words))) for start in candidates}
    return max(candidates, key=lambda start: _worth(found, start, ends[start]), default=0)


def _worth(found: Mapping[int, Sequence[str]], start: int, end: int) -> int:
    """How much of the question a passage has. Words that stand together, as in the question, count more."""
    shown = {one for at in range(start, end) if at in found for one in found[at]}
    together = max((len(one.split()) for one in shown), default=0)
    return together**2 + len({one[:_ALIKE] for one in shown})


def _end(start: int, starts: Sequence[int], length: int) -> int:
    """With the last whole sentence that has room, unless that makes the excerpt short."""
    longest = start + _LONGEST
    if longest >= length:
        return length
    return max((at for at in starts if start + _LONGEST // 2 <= at <= longest), default=longest)


def _pieces(passage: str) -> Iterator[Piece]:
    for at, text in enumerate(_FOUND.split(passage)):
        if text:
            yield Piece(text, found=bool(at % 2))

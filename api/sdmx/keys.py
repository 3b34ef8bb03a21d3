"""Keys of series as they are asked for: a value, several, or any in the place of each dimension."""

import re
from collections.abc import Sequence
from typing import Final

from api.problems import Problem

#: What is wanted in each place; nothing stands for any.
Pattern = tuple[frozenset[str] | None, ...]

_VALUE = re.compile(r"[A-Za-z0-9_@$:.\-]+", re.ASCII)
_ANY: Final = ("", "*")


def read(text: str, dimensions: Sequence[str], *, short: bool) -> Pattern:
    """Read a key such as `D.DOWNLOADS.NO+SE.`; places at its end may be left out only where keys may be ``short``."""
    places = _places(text, len(dimensions))
    if text in ("", "all", "*"):
        places = [""] * len(dimensions)
    fits = len(places) <= len(dimensions) if short else len(places) == len(dimensions)
    if not fits:
        raise Problem(
            "bad_sdmx_query", detail=f"A key has {len(dimensions)} places with dots between: {'.'.join(dimensions)}."
        )
    return tuple(map(_values, places)) + (None,) * (len(dimensions) - len(places))


def _places(text: str, count: int) -> list[str]:
    # The last place may hold an instant, with a dot in it.
    return text.split(".", count - 1) if re.search(r":\d\d\.\d", text) else text.split(".")


def _values(place: str) -> frozenset[str] | None:
    if place in _ANY:
        return None
    values = place.split("+")
    if not all(_VALUE.fullmatch(value) for value in values):
        raise Problem("bad_sdmx_query", detail="A place holds codes with + between, or nothing, or *.")
    return frozenset(values)

"""Which version of an artefact is asked for: one of its own, the latest, or all, as the two generations write it."""

import re
from collections.abc import Callable
from typing import Final

Wanted = Callable[[str], bool]

_EXACT: Final = re.compile(r"\d{1,9}(\.\d{1,9}){0,2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?", re.ASCII)
#: A wildcard alone, or at one of the parts, after a number that is the least or instead of it.
_OPEN: Final = re.compile(
    r"(?P<before>(?:\d{1,9}\.){0,2})(?P<least>\d{0,9})(?P<sign>[+~*])(?P<after>(?:\.\d{1,9}){0,2})", re.ASCII
)


def of_the_older(text: str) -> Wanted | None:
    """Read a version of REST 1.x; nothing if it is none. Artefacts have one version: the latest is all."""
    if text in ("latest", "all"):
        return lambda _: True
    return _exactly(text) if _EXACT.fullmatch(text) else None


def of_the_newer(text: str) -> Wanted | None:
    """Read a version of REST 2.x; nothing if it is none. Artefacts have one version: the latest is all."""
    if _EXACT.fullmatch(text):
        return _exactly(text)
    if text in ("~", "*"):
        return lambda _: True
    if text == "+":
        # Lists of agencies and providers have 1.0 for good, which is as stable as a version can be.
        return lambda version: _numbers(version)[0] > 0
    found = _OPEN.fullmatch(text)
    return _from(found) if found and _is_whole(found) else None


def _exactly(text: str) -> Wanted:
    return lambda version: version == text


def _is_whole(found: re.Match[str]) -> bool:
    """Whether there are three parts at most, and just three of a stable version.

    What follows a sign without a number can only be zero, as in +.0.0.
    """
    after = _numbers(found["after"])
    parts = len(_numbers(found["before"])) + 1 + len(after)
    least = 3 if found["sign"] == "+" else 1
    return least <= parts <= 3 and (bool(found["least"]) or not any(after))


def _from(found: re.Match[str]) -> Wanted:
    before, after = _numbers(found["before"]), _numbers(found["after"])
    least = (*before, int(found["least"] or 0), *after)
    stable = found["sign"] == "+"

    def wanted(version: str) -> bool:
        parts = _numbers(version)
        if len(parts) != len(least) or (stable and parts[0] == 0):
            return False
        return parts[: len(before)] == before and parts >= least

    return wanted


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))

"""Reads which periods became public, and when."""

from collections.abc import Iterable
from datetime import datetime
from itertools import product
from typing import NamedTuple

from federation.database import rows_of


class Publication(NamedTuple):
    """A period that became public with numbers. ``corrected`` is the time of the last correction, None without one."""

    indicator: int
    frequency: str
    period: datetime
    published: datetime
    corrected: datetime | None

    @property
    def updated(self) -> datetime:
        return self.corrected or self.published


def newest(indicators: Iterable[int], frequencies: Iterable[str], *, most: int) -> list[Publication]:
    """The newest publications, newest first. Of each indicator and frequency, only the last ``most`` periods count."""
    pairs = list(product(indicators, frequencies))
    named = {"indicators": [number for number, _ in pairs], "frequencies": [letter for _, letter in pairs]}
    return [Publication(*row) for row in rows_of("publications_newest", **named, most=most)]

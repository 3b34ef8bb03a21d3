"""A submission while its payload is read: its reports so far, and its faults."""

from array import array
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import numpy as np

from p2p_core.payloads.cells import MAX_REPORTS, Head, build
from p2p_core.payloads.faults import Faults, PayloadError
from p2p_core.reports import NewReport

MAX_OBSERVATIONS: Final = 2_000_000
#: In how many ways a report may be named, on average. For example, a report that is withdrawn and sent again has two.
_WAYS: Final = 2
#: The most commas that a report and an observation have in JSON: one after each member and item except the last.
_COMMAS_OF_REPORT: Final = 5
_COMMAS_OF_OBSERVATION: Final = 3

#: Identifies a report in a submission: indicator, frequency and period.
Key = tuple[int | None, str, datetime]


def refuse_too_many_reports(count: int, ways: int = 0) -> None:
    """Refuse a submission of too many reports, or that names them in too many ways."""
    if count > MAX_REPORTS or ways > _WAYS * MAX_REPORTS:
        raise PayloadError("too_many_reports")


class Draft:
    """Reports with their observations in parallel arrays, which take 10 bytes an observation."""

    def __init__(self, *, received: datetime, indicators: Mapping[str, int], agency: str) -> None:
        self.received = received
        self.agency = agency
        self.indicators = indicators
        self.faults = Faults()
        self.observations = 0
        self._keys: set[Key] = set()
        self._heads: list[Head] = []
        self._sizes: list[int] = []
        self._cells = array("H")
        self._values = array("q")

    def name(self, key: Key) -> bool:
        """Note that a report is named. Returns whether it is the first time."""
        named = len(self._keys)
        self._keys.add(key)
        return len(self._keys) > named

    def add(self, head: Head, cells: list[int], values: list[int]) -> None:
        """Add a report without faults."""
        self._heads.append(head)
        self._sizes.append(len(cells))
        self._cells.fromlist(cells)
        self._values.fromlist(values)
        refuse_too_many_reports(len(self._heads))

    def count(self, observations: int) -> None:
        """Count observations that were sent, and refuse too many."""
        self.observations += observations
        if self.observations > MAX_OBSERVATIONS:
            raise PayloadError("too_many_observations")

    def check_commas(self, commas: int) -> None:
        """Refuse JSON with too many members and items before any of them is decoded."""
        if commas > _COMMAS_OF_REPORT * MAX_REPORTS + _COMMAS_OF_OBSERVATION * MAX_OBSERVATIONS:
            raise PayloadError("too_many_observations")

    def reports(self) -> list[NewReport]:
        """The canonical reports. Raises a :class:`PayloadError` if there are faults."""
        self.faults.refuse_any()
        report = np.repeat(np.arange(len(self._sizes)), self._sizes)
        cells = np.frombuffer(self._cells, np.uint16).astype(np.int64)
        return build(self._heads, report, cells, np.frombuffer(self._values, np.int64))

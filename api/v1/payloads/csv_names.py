"""Takes from the rows of a CSV submission what is said twice: names behind codes, columns of names, keys.

None of it is read. It is looked through for traces of persons, each different text once, and let go.
"""

from collections.abc import Iterator
from typing import Final

from api.problems import Problem
from api.v1.payloads.csv_header import KEYS, NAMED, Header
from api.v1.payloads.faults import Faults
from p2p_core.traces import looks_like_trace

#: All codes together have some hundred names. Looking through one takes several times as long as reading a row.
MAX_NAMES: Final = 10_000
_KEY: Final = ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")
#: What a tool writes where there is neither a code nor a name.
_NOTHING: Final = f"None{NAMED}None"


class Names:
    """The different names and keys met so far in a submission."""

    def __init__(self, header: Header, faults: Faults) -> None:
        self.faults = faults
        self.width = header.width
        self.labelled = [(header.columns[column], column) for column in header.labelled]
        self.aside = list(header.aside.items())
        self.key = [header.columns[column] for column in _KEY]
        self.seen: set[str] = set()

    def taken_from(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        """Yield the rows with codes only in all columns that are read."""
        for number, row in enumerate(rows):
            if len(row) == self.width:
                self._take(row, number)
            yield row

    def _take(self, row: list[str], number: int) -> None:
        for place, column in self.labelled:
            code, named, name = row[place].partition(NAMED)
            if named:
                row[place] = "" if row[place] == _NOTHING else code
                if name != code and name not in self.seen:
                    self._look(name, number, column)
        for place, column in self.aside:
            text = row[place]
            if text not in self.seen and text not in self._read_elsewhere(row, place, column):
                self._look(text, number, column)

    def _read_elsewhere(self, row: list[str], place: int, column: str) -> tuple[str, ...]:
        """Return what need not be looked at, because the columns that say it too are read."""
        if column not in KEYS:
            return (row[place - 1],)
        key = [row[place] for place in self.key]
        return ".".join(key[:-1]), ".".join(key)

    def _look(self, text: str, number: int, column: str) -> None:
        self.seen.add(text)
        if len(self.seen) > MAX_NAMES:
            raise Problem("too_many_names")
        if looks_like_trace(text):
            self.faults.add(f"/rows/{number}/{column}", "personal_trace")

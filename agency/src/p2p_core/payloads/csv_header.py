"""The header of a CSV submission: the place of each column, and which columns only repeat others.

The order of columns is free. Plain CSV, SDMX-CSV 1.0 and SDMX-CSV 2 differ in
their first columns only, so one reader is enough.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from p2p_core.payloads.faults import Advice, Faults, PayloadError
from p2p_core.traces import looks_like_trace

REQUIRED: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE")
#: The structure of the rows in SDMX-CSV 2: its kind and its id. Neither is allowed without the other.
_PAIR: Final = ("STRUCTURE", "STRUCTURE_ID")
#: The same columns, and the first column of SDMX-CSV 1.0.
STRUCTURE: Final = ("DATAFLOW", *_PAIR)
#: Attributes that the dataflow has, but that agencies do not send. Tools write these columns, but leave them empty.
COMPUTED: Final = (
    "COVERAGE", "AGENCIES_REPORTING", "AGENCIES_EXPECTED", "COUNTED_FROM", "AGENCIES_AWAITED", "AWAITED_UNTIL",
    "VALID_FROM",
)  # fmt: skip
_COMPONENTS: Final = (*REQUIRED, "OBS_STATUS", "CONF_STATUS", *COMPUTED)
_KNOWN: Final = (*_COMPONENTS, "ACTION", *STRUCTURE)
#: Columns that repeat others. They are only checked for traces of persons.
KEYS: Final = ("SERIES_KEY", "OBS_KEY")
_ASIDE: Final = ("STRUCTURE_NAME", *KEYS)
#: The columns before the components, in SDMX-CSV 2.
_LEADING: Final = ("STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", *KEYS)
#: The shortest header row.
EXPECTED: Final = ",".join(REQUIRED)
_UNKNOWN: Final = Advice(
    "No column has this name. Expected: {names}. Correct the name, or delete the column.",
    names=", ".join((*REQUIRED, "OBS_STATUS", "CONF_STATUS", "ACTION", *STRUCTURE)),
)  # fmt: skip
#: The most places of unknown columns that a refusal names.
_PLACES: Final = 20
BOM: Final = b"\xef\xbb\xbf"
#: The columns that describe the report of a row.
OF_REPORT: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", "OBS_STATUS", "ACTION", "CONF_STATUS", *COMPUTED, *STRUCTURE)
#: The text between a code and its name in one cell.
NAMED: Final = ": "

#: All codes together have some hundred names. Checking one takes several times as long as reading a row.
MAX_NAMES: Final = 10_000
_KEY: Final = ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")
#: The text that a tool writes if there is neither a code nor a name.
_NOTHING: Final = f"None{NAMED}None"

# The character after the first name separates all columns. After STRUCTURE, brackets may say what separates the parts
# of a cell.
_FIRST: Final = re.compile(rb'(?:"[^"\r\n]*"|STRUCTURE\[.\]|[^,;"\r\n]*)([,;])')
_LONGEST: Final = 1000
_SUBFIELDS: Final = re.compile(r"(?<=^STRUCTURE)\[.\]$")

Columns = dict[str, int]


class Header(NamedTuple):
    """The places of the columns, which of them have names after codes, and which are only checked for traces."""

    columns: Columns
    width: int
    labelled: Sequence[str]
    aside: dict[int, str]

    @property
    def is_plain(self) -> bool:
        """Whether the cells hold codes and numbers only."""
        return not self.labelled and not self.aside


def delimiter_of(body: bytes | bytearray) -> str:
    """The separator of the columns: a comma or a semicolon."""
    found = _FIRST.match(bytes(body[:_LONGEST]).removeprefix(BOM))
    return found[1].decode() if found else ","


def read_header(names: list[str], faults: Faults) -> Header:
    """Find the position of each column, and add faults for unknown and missing columns."""
    names = [_SUBFIELDS.sub("", name) for name in names]
    called = _columns_of_names(names)
    codes = {place: name.partition(NAMED)[0] for place, name in enumerate(names) if place not in called}
    _refuse_doubles(codes.values())
    for place, name in enumerate(names):
        if codes.get(place, REQUIRED[0]) not in _KNOWN + _ASIDE:
            faults.add(f"/header/{place}", "unknown_field", name, detail=_UNKNOWN)
        elif looks_like_trace(name):
            faults.add(f"/header/{place}", "personal_trace")
    columns = {code: place for place, code in codes.items() if code not in _ASIDE}
    for column in _missing(columns):
        detail = Advice("The column {name} is missing. Add it.", name=column)
        faults.add(f"/header/{column}", "missing_field", detail=detail)
    aside = called | {place: code for place, code in codes.items() if code in _ASIDE}
    return Header(columns, len(names), [code for code in columns if NAMED in names[columns[code]]], aside)


def difference(columns: Columns) -> str:
    """How the columns of a wrong header differ from those that are expected. Unknown columns count from 1."""
    missing = ", ".join(_missing(columns))
    places = [place + 1 for code, place in columns.items() if code not in _KNOWN]
    unknown = ", ".join(map(str, places[:_PLACES])) + (", …" if len(places) > _PLACES else "")
    if not columns.keys() & set(_KNOWN):
        return Advice(
            "The first row names no known column. Begin with a header row in capitals: {expected}.", expected=EXPECTED
        )
    if missing and unknown:
        return Advice(
            "The header row lacks {missing}. It has unknown columns at these places: {unknown}. Expected: {expected}.",
            missing=missing, unknown=unknown, expected=EXPECTED,
        )  # fmt: skip
    if missing:
        return Advice("The header row lacks {missing}. Expected: {expected}.", missing=missing, expected=EXPECTED)
    return Advice(
        "The header row has unknown columns at these places: {unknown}. Expected: {expected}.",
        unknown=unknown, expected=EXPECTED,
    )  # fmt: skip


def _missing(columns: Columns) -> list[str]:
    needed = REQUIRED + (_PAIR if columns.keys() & _PAIR else ())
    return [column for column in needed if column not in columns]


def _refuse_doubles(codes: Iterable[str]) -> None:
    """Refuse a header that names a column twice. Unknown names are not repeated."""
    doubles = [code for code, count in Counter(codes).items() if count > 1]
    known = [code for code in doubles if code in _KNOWN + _ASIDE]
    if known:
        advice = Advice("These columns come twice in the header: {names}. Name each once.", names=", ".join(known))
        raise PayloadError.at("/header", "duplicate_column", advice)
    if doubles:
        raise PayloadError.at("/header", "duplicate_column")


def _columns_of_names(names: list[str]) -> dict[int, str]:
    """The columns of names in SDMX-CSV 2, each with the column of codes before it. All codes have names or none."""
    if names[0] != "STRUCTURE":
        return {}
    first = next((place for place, name in enumerate(names) if name not in _LEADING), len(names))
    named, called = names[first::2], names[first + 1 :: 2]
    if len(named) != len(called) or not set(named) <= set(_COMPONENTS) or set(called) & set(_KNOWN):
        return {}
    return {first + 1 + 2 * number: column for number, column in enumerate(named)}


class Names:
    """Repetitions in rows: names after codes, columns of names, keys.

    They are not read. Each different text is only checked for traces of persons.
    """

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
            yield row

    def _read_elsewhere(self, row: list[str], place: int, column: str) -> tuple[str, ...]:
        """Texts that need no check, because other columns repeat them and are read."""
        if column not in KEYS:
            return (row[place - 1],)
        key = [row[place] for place in self.key]
        return ".".join(key[:-1]), ".".join(key)

    def _look(self, text: str, number: int, column: str) -> None:
        self.seen.add(text)
        if len(self.seen) > MAX_NAMES:
            raise PayloadError("too_many_names")
        if looks_like_trace(text):
            self.faults.add(f"/rows/{number}/{column}", "personal_trace")

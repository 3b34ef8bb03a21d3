"""The header of a CSV submission: which column stands where. The order of columns is free.

Plain CSV, SDMX-CSV 1.0 and SDMX-CSV 2 differ in their first columns only, so all of them are read alike.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from api.problems import Fault, Problem
from api.v1.payloads.faults import Faults
from p2p_core.traces import looks_like_trace

REQUIRED: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE")
#: What the rows belong to in SDMX-CSV 2: a kind of structure and which one, so neither without the other.
_PAIR: Final = ("STRUCTURE", "STRUCTURE_ID")
#: The same, and the first column of SDMX-CSV 1.0.
STRUCTURE: Final = ("DATAFLOW", *_PAIR)
#: What the dataflow says of an observation and no agency does. Tools write these columns, empty.
COMPUTED: Final = ("COVERAGE", "AGENCIES_REPORTING", "AGENCIES_EXPECTED", "COUNTED_FROM", "VALID_FROM")
_COMPONENTS: Final = (*REQUIRED, "OBS_STATUS", "CONF_STATUS", *COMPUTED)
_KNOWN: Final = (*_COMPONENTS, "ACTION", *STRUCTURE)
#: Columns that say again what the others say: they are looked through, and that is all.
KEYS: Final = ("SERIES_KEY", "OBS_KEY")
_ASIDE: Final = ("STRUCTURE_NAME", *KEYS)
#: Before the components, in SDMX-CSV 2.
_LEADING: Final = ("STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", *KEYS)
BOM: Final = b"\xef\xbb\xbf"
#: The columns that say of which report a row is, and what of it.
OF_REPORT: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", "OBS_STATUS", "ACTION", "CONF_STATUS", *COMPUTED, *STRUCTURE)
#: Between a code and its name, where both are in one cell.
NAMED: Final = ": "

# What follows the first name separates all others. STRUCTURE may say in brackets what separates the parts of a cell.
_FIRST: Final = re.compile(rb'(?:"[^"\r\n]*"|STRUCTURE\[.\]|[^,;"\r\n]*)([,;])')
_LONGEST: Final = 1000
_SUBFIELDS: Final = re.compile(r"(?<=^STRUCTURE)\[.\]$")

Columns = dict[str, int]


class Header(NamedTuple):
    """Where the columns stand, which have names behind their codes, and which are looked through only."""

    columns: Columns
    width: int
    labelled: Sequence[str]
    aside: dict[int, str]

    @property
    def is_plain(self) -> bool:
        """Say whether the cells hold codes and numbers only."""
        return not self.labelled and not self.aside


def delimiter_of(body: bytes | bytearray) -> str:
    """Return what separates the columns: a comma or a semicolon."""
    found = _FIRST.match(bytes(body[:_LONGEST]).removeprefix(BOM))
    return found[1].decode() if found else ","


def read_header(names: list[str], faults: Faults) -> Header:
    """Return which column stands where; note unknown and missing ones."""
    names = [_SUBFIELDS.sub("", name) for name in names]
    called = _columns_of_names(names)
    codes = {place: name.partition(NAMED)[0] for place, name in enumerate(names) if place not in called}
    if len(set(codes.values())) < len(codes):
        raise Problem("duplicate_column", faults=[Fault("/header", "duplicate_column")])
    for place, name in enumerate(names):
        if codes.get(place, REQUIRED[0]) not in _KNOWN + _ASIDE:
            faults.add(f"/header/{place}", "unknown_field", name)
        elif looks_like_trace(name):
            faults.add(f"/header/{place}", "personal_trace")
    columns = {code: place for place, code in codes.items() if code not in _ASIDE}
    for column in REQUIRED + (_PAIR if columns.keys() & _PAIR else ()):
        if column not in columns:
            faults.add(f"/header/{column}", "missing_field")
    aside = called | {place: code for place, code in codes.items() if code in _ASIDE}
    return Header(columns, len(names), [code for code in columns if NAMED in names[columns[code]]], aside)


def _columns_of_names(names: list[str]) -> dict[int, str]:
    """Return which columns of SDMX-CSV 2 are names of what stands before them, and whose: all are, or none."""
    if names[0] != "STRUCTURE":
        return {}
    first = next((place for place, name in enumerate(names) if name not in _LEADING), len(names))
    named, called = names[first::2], names[first + 1 :: 2]
    if len(named) != len(called) or not set(named) <= set(_COMPONENTS) or set(called) & set(_KNOWN):
        return {}
    return {first + 1 + 2 * number: column for number, column in enumerate(named)}

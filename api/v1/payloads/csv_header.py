"""The header of a CSV submission: which column stands where. The order of columns is free."""

from typing import Final

from api.problems import Fault, Problem
from api.v1.payloads.faults import Faults

REQUIRED: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE")
#: The first three columns of SDMX-CSV 2.0, of which ACTION may also stand alone, and the status.
OPTIONAL: Final = ("OBS_STATUS", "ACTION", "STRUCTURE", "STRUCTURE_ID")
BOM: Final = b"\xef\xbb\xbf"
#: The columns that say of which report a row is, and what of it.
OF_REPORT: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", *OPTIONAL)

Columns = dict[str, int]


def columns_of(names: list[str], faults: Faults) -> Columns:
    """Return the position of each column; note unknown and missing ones."""
    if len(set(names)) < len(names):
        raise Problem("duplicate_column", faults=[Fault("/header", "duplicate_column")])
    for name in names:
        if name not in REQUIRED + OPTIONAL:
            faults.add("/header", "unknown_field", name)
    for name in REQUIRED:
        if name not in names:
            faults.add(f"/header/{name}", "missing_field")
    return {name: position for position, name in enumerate(names)}

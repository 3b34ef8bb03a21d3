"""Sentences that say how to fix a cell, for people who see a spreadsheet and not the API."""

from typing import Final

from p2p_core.codes import NETWORKS
from p2p_core.payloads import csv_walk
from p2p_core.payloads.csv_header import REQUIRED
from p2p_core.payloads.faults import Advice, Fault
from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from p2p_core.workbooks.sheets import TOP

NO_HEADER: Final = Advice(
    "None of the first {rows} rows names the columns {columns}. Put your counts into a template (p2p-agency template).",
    rows=TOP, columns=", ".join(REQUIRED),
)  # fmt: skip
SECOND_HEADER: Final = Advice("This looks like a second header row. Delete it: one row names the columns.")
ABOVE_HEADER: Final = Advice(
    "This looks like a row of the table, but it is above the row that names the columns. Move it below that row, or "
    "delete it."
)
TOTAL_ROW: Final = Advice(
    "This row has a count and no period. If it is a total, delete it: the service computes totals."
)

#: For codes whose title is about the API, or is not true of each fault that a table can have.
_TITLES: Final = {
    "bad_period": Advice("The period is wrong or not clear"),
    "not_utc": Advice("The time in UTC is not clear"),
    "fractional_value": Advice("The value is not clearly a whole number"),
    "missing_field": Advice("Something is missing"),
    "unknown_field": Advice("This cell does not belong in the table"),
    "not_csv": Advice("This row cannot be read"),
    "duplicate_cell": Advice("Two rows count the same"),
}
#: For codes whose advice is about the API.
_CELLS: Final = {
    "unknown_field": Advice(
        "No column above this cell has a name. Delete what is in the cell, or put it into another sheet."
    ),
    "missing_field": Advice("This cell is empty. Fill it in, or delete the whole row."),
    "missing_value": Advice("Give a whole number. If the number is not known yet, report the period later."),
    "no_reports": Advice("There is no row below the header. Add one for each count."),
    "unknown_indicator": Advice("Choose an indicator from the list of the template."),
    "unknown_country": Advice("Choose a country from the list of the template, or write _U if it is not known."),
    "unknown_frequency": Advice("Write H for an hour, D for a day, M for a month, or N for a minute."),
    "unknown_network": Advice("Write one of these: {networks}.", networks=", ".join(NETWORKS)),
    "bad_period": Advice(
        "Write 2026-11-24 09:00 for a minute (N) or an hour (H), 2026-11-24 for a day (D), 2026-11 for a month (M)."
    ),
    "misaligned_period": Advice(
        "An hour begins at a full hour of UTC: 09:00. Correct the time, and leave out seconds."
    ),
    "duplicate_cell": Advice(
        "An earlier row has the same period, country and network. Keep one of the two, or add them up."
    ),
    "withdrawn_with_observations": Advice("A row with ACTION D withdraws a whole report. Leave OBS_VALUE empty in it."),
    "personal_trace": Advice("This looks like an address, a hash or an e-mail. Delete it: reports have counts only."),
}


#: The codes of CSV that programs write whose advice is about the API. All others fit a table too.
_OF_THE_API: Final = frozenset(
    {"missing_field", "no_reports", "unknown_indicator", "unknown_network", "duplicate_cell"}
)


def title(code: str) -> str:
    """What is wrong in a table."""
    return _TITLES.get(code) or PAYLOAD_CODES[code].title


def of_csv(fault: Fault) -> str:
    """How to fix a fault of CSV in the form of the API."""
    if fault.advice == csv_walk.NO_HEADER:
        return NO_HEADER
    if fault.advice != PAYLOAD_CODES[fault.code].advice:
        return fault.advice
    is_of_header = fault.pointer.startswith("/header/")
    return of_cell(fault.code) if is_of_header or fault.code in _OF_THE_API else fault.advice


def of_cell(code: str) -> str:
    """How to fix a cell or a row."""
    return _CELLS.get(code) or PAYLOAD_CODES[code].advice


def of_double(row: int, sheet: str = "") -> str:
    """How to fix a row that counts the same as an earlier one. ``sheet`` is named if it is another one."""
    if sheet:
        return Advice(
            'Row {row} of the sheet "{sheet}" has the same period, country and network. Keep one of the two, or add '
            "them up.",
            row=str(row), sheet=sheet,
        )  # fmt: skip
    return Advice(
        "Row {row} has the same period, country and network. Keep one of the two, or add them up.", row=str(row)
    )


def without_header(sheet: str) -> Advice:
    return Advice('The sheet "{sheet}" has no header in its first {rows} rows and was not read.', sheet=sheet, rows=TOP)

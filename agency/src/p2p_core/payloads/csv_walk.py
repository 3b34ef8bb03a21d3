"""Reads a CSV submission row by row: it reads every form that is allowed, and finds all faults.

The rows of a report may be anywhere. A fault of a whole report is listed once, at the first row of the report. The
order of withdrawals matters: a withdrawal removes the rows before it, and the rows after it are the new report.
"""

import csv
import re
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from operator import itemgetter
from typing import Final, NamedTuple

from p2p_core.codes import COUNTRIES, NETWORKS, TOTAL
from p2p_core.payloads import checks
from p2p_core.payloads.cells import Head, cell_of
from p2p_core.payloads.csv_header import (
    EXPECTED,
    OF_REPORT,
    Columns,
    Header,
    Names,
    delimiter_of,
    difference,
    read_header,
)
from p2p_core.payloads.csv_report import OPEN, UNSAID, filled, read_head, withdraws
from p2p_core.payloads.draft import Draft, refuse_too_many_reports
from p2p_core.payloads.faults import Advice, PayloadError

_CELLS: Final = {
    (country, network): cell_of(COUNTRIES[country], NETWORKS[network]) for country in COUNTRIES for network in NETWORKS
}
NO_HEADER: Final = Advice(
    "Begin with a header row, with commas or semicolons between the names: {expected}.", expected=EXPECTED
)
_JSON: Final = Advice("This looks like JSON. Send it with Content-Type: application/json.")
_TABS: Final = Advice("The header row has tabs. Separate the cells with commas or semicolons.")
_LONG_CELL: Final = Advice(
    "Make no cell longer than {limit} characters; perhaps a quote is not closed.", limit=csv.field_size_limit()
)
#: How a body begins that is an object or an array of JSON.
_OF_JSON: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")
_ZERO: Final = re.compile(r"0+(?:[.]0+)?", re.ASCII)


class _OpenReport:
    """A report while its rows are read. It has no head if the head has faults."""

    def __init__(self, head: Head | None, first: int) -> None:
        #: The number of the first row that names it.
        self.first = first
        self.begin(head)

    def begin(self, head: Head | None) -> None:
        """Start again with a row, and drop the rows before it."""
        self.head = head
        self.values: dict[int, int] = {}
        self.rows = 0
        #: Whether a row said that nothing happened.
        self.empty = False

    @property
    def is_open(self) -> bool:
        """Whether an observation may follow."""
        return not self.empty and not (self.head and self.head.withdrawn)


class _Named(NamedTuple):
    """What the texts of a row say: which report they name, what they say about it, and whether they withdraw it."""

    report: _OpenReport
    head: Head | None
    withdraws: bool


def walk(body: bytes | bytearray, draft: Draft) -> None:
    """Add all reports to the draft, or note their faults there."""
    rows = _read(body)
    names = next(rows, [])
    if _OF_JSON.match(body):
        raise PayloadError.at("/header", "not_csv", _JSON)
    if len(names) < 2:
        raise PayloadError.at("/header", "not_csv", _TABS if "\t" in "".join(names) else NO_HEADER)
    header = read_header(names, draft.faults)
    if draft.faults.count:
        draft.faults.refuse_any(difference(header.columns))
    walk_rows(header, rows, draft)


def walk_rows(header: Header, rows: Iterator[list[str]], draft: Draft) -> list[int]:
    """Add all reports of rows to the draft, or note their faults there. Returns the first row of each report."""
    bare = rows if header.is_plain else Names(header, draft.faults).taken_from(rows)
    return _Walk(header.columns, header.width, draft).walk(bare)


def _read(body: bytes | bytearray) -> Iterator[list[str]]:
    """Yield the header and the rows that are not empty. The error says at which row reading stopped."""
    text = TextIOWrapper(BytesIO(body), "utf-8-sig", newline="")
    number = -1
    try:
        for row in csv.reader(text, strict=True, delimiter=delimiter_of(body)):
            if row or number < 0:
                yield row
                number += 1
    except UnicodeDecodeError:
        raise PayloadError("not_utf8") from None
    except csv.Error as error:
        pointer = "/header" if number < 0 else f"/rows/{number}"
        # Python has one exception for all faults of CSV. Only its text says which fault it is.
        detail = _LONG_CELL if "field limit" in str(error) else ""
        raise PayloadError.at(pointer, "not_csv", detail) from None


def _other_width(cells: int, columns: int) -> Advice:
    return Advice(
        "The row has another number of cells ({cells}) than the header row ({columns}). Use the same separator in all "
        "rows, and quote cells that contain it.",
        cells=cells, columns=columns,
    )  # fmt: skip


class _Walk:
    """The reports found so far, by the texts that name them."""

    def __init__(self, columns: Columns, width: int, draft: Draft) -> None:
        self.columns = columns
        self.width = width
        self.draft = draft
        self.named: dict[tuple[str, ...], _Named] = {}
        self.reports: dict[tuple[object, ...], _OpenReport] = {}
        self.of_report = [name for name in OF_REPORT if name in columns]

    def walk(self, rows: Iterator[list[str]]) -> list[int]:
        width, value_at = self.width, self.columns["OBS_VALUE"]
        name_of = itemgetter(*(self.columns[name] for name in self.of_report))
        place_of = itemgetter(self.columns["COUNTRY"], self.columns["NETWORK"])
        for number, row in enumerate(rows):
            if len(row) != width:
                raise PayloadError.at(f"/rows/{number}", "not_csv", _other_width(len(row), width))
            name = name_of(row)
            named = self.named.get(name) or self._name(name, number)
            report = named.report
            if named.head is not report.head:
                self._turn(named, name, number)
            cell = _CELLS.get(place_of(row))
            text = row[value_at]
            plain = text.isascii() and text.isdigit() and len(text) < 10
            if plain and cell is not None and cell not in report.values and report.is_open:
                report.values[cell] = int(text)
                self.draft.count(1)
            else:
                self._unusual(named, f"/rows/{number}", row)
            report.rows += 1
        # A spreadsheet may have rows that are no reports. Their faults are in the list already.
        if not self.named and not self.draft.faults.count:
            self.draft.faults.add("/rows", "no_reports")
        firsts = []
        for report in self.reports.values():
            if report.head is not None:
                self.draft.add(report.head, list(report.values), list(report.values.values()))
                firsts.append(report.first)
        return firsts

    def _name(self, name: tuple[str, ...], number: int) -> _Named:
        """Read texts that no row had before: they name a new report, or a known one in another way."""
        texts: dict[str, str] = dict(zip(self.of_report, name, strict=True))
        head = read_head(texts, f"/rows/{number}", self.draft)
        report = _OpenReport(head, number)
        if head is not None:
            report = self.reports.setdefault(head[:3], report)
        self.named[name] = _Named(report, head, withdraws(texts))
        # This is checked at once, because a report takes far more memory than its row.
        refuse_too_many_reports(len(self.reports), len(self.named))
        return self.named[name]

    def _turn(self, named: _Named, name: tuple[str, ...], number: int) -> None:
        """Continue a report whose last row named it in another way."""
        before, now = named.report.head, named.head
        if before is None or now is None or before == now:
            named.report.head = now
        elif before.withdrawn or now.withdrawn:
            named.report.begin(now)
        else:
            self.draft.faults.add(f"/rows/{number}/OBS_STATUS", "mixed_status")
            self.named[name] = named._replace(head=before)

    def _unusual(self, named: _Named, pointer: str, row: list[str]) -> None:
        """Read a row that is not a plain new observation."""
        country, network, text = (row[self.columns[name]] for name in ("COUNTRY", "NETWORK", "OBS_VALUE"))
        if named.report.empty:
            self.draft.faults.add(pointer, "nothing_not_alone")
        if named.withdraws:
            for column, place in (("COUNTRY", country), ("NETWORK", network)):
                if place not in OPEN:
                    self.draft.faults.add(f"{pointer}/{column}", "partial_withdrawal", place)
            if text not in UNSAID:
                self.draft.faults.add(f"{pointer}/OBS_VALUE", "withdrawn_with_observations", text)
        elif (country, network) == (TOTAL, TOTAL) and _ZERO.fullmatch(text):
            if named.report.rows and not named.report.empty:
                self.draft.faults.add(pointer, "nothing_not_alone")
            named.report.empty = True
        else:
            self._observation(named.report, pointer, country, network, text)

    def _observation(self, report: _OpenReport, pointer: str, country: str, network: str, text: str) -> None:
        self.draft.count(1)
        faults = self.draft.faults
        country_number = faults.check(f"{pointer}/COUNTRY", filled, country, checks.country)
        network_number = faults.check(f"{pointer}/NETWORK", filled, network, checks.network)
        value = faults.check(f"{pointer}/OBS_VALUE", filled, text, checks.written_value)
        if country_number is None or network_number is None:
            return
        cell = cell_of(country_number, network_number)
        if cell in report.values:
            faults.add(pointer, "duplicate_cell")
        report.values[cell] = value or 0

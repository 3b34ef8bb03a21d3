"""Walks a CSV submission row by row: reads what the plain path cannot, and finds everything that is wrong.

Rows of a report may stand anywhere. A fault of a whole report is told once, at the report's first row.
"""

import csv
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from operator import itemgetter
from typing import Final

from api.problems import Fault, Problem
from api.v1.payloads import checks
from api.v1.payloads.cells import Head, cell_of
from api.v1.payloads.csv_header import OF_REPORT, Columns, columns_of
from api.v1.payloads.csv_report import filled, read_head
from api.v1.payloads.draft import Draft
from countries.codes import COUNTRIES, NETWORKS, TOTAL

_CELLS: Final = {
    (country, network): cell_of(COUNTRIES[country], NETWORKS[network]) for country in COUNTRIES for network in NETWORKS
}


class _Report:
    """A report while its rows come in; without head if that was faulty."""

    def __init__(self, head: Head | None) -> None:
        self.head = head
        self.values: dict[int, int] = {}
        self.rows = 0
        #: What is wrong with a further row, once one has withdrawn the report or said that nothing happened.
        self.closed_by = ""

    @property
    def is_open(self) -> bool:
        """Say whether an observation may follow."""
        return not self.closed_by and not (self.head and self.head.withdrawn)


def walk(body: bytes | bytearray, draft: Draft) -> None:
    """Add all reports to the draft, or note what is wrong with them there."""
    try:
        rows = csv.reader(TextIOWrapper(BytesIO(body), "utf-8-sig", newline=""), strict=True)
        header = next(rows, [])
        if not header:
            raise Problem("not_csv", faults=[Fault("/header", "not_csv")])
        columns = columns_of(header, draft.faults)
        if not draft.faults.count:
            _Walk(columns, draft).walk(row for row in rows if row)
    except UnicodeDecodeError:
        raise Problem("not_utf8") from None
    except csv.Error:
        raise Problem("not_csv") from None


class _Walk:
    """The reports found so far, by the texts that name them."""

    def __init__(self, columns: Columns, draft: Draft) -> None:
        self.columns = columns
        self.draft = draft
        self.named: dict[tuple[str, ...], _Report] = {}
        self.reports: dict[tuple[object, ...], _Report] = {}
        self.of_report = [name for name in OF_REPORT if name in columns]

    def walk(self, rows: Iterator[list[str]]) -> None:
        width, value_at = len(self.columns), self.columns["OBS_VALUE"]
        name_of = itemgetter(*(self.columns[name] for name in self.of_report))
        place_of = itemgetter(self.columns["COUNTRY"], self.columns["NETWORK"])
        for number, row in enumerate(rows):
            if len(row) != width:
                raise Problem("not_csv", faults=[Fault(f"/rows/{number}", "not_csv")])
            name = name_of(row)
            report = self.named.get(name) or self._report(name, number)
            cell = _CELLS.get(place_of(row))
            text = row[value_at]
            plain = text.isascii() and text.isdigit() and len(text) < 10
            if plain and cell is not None and cell not in report.values and report.is_open:
                report.values[cell] = int(text)
                self.draft.count(1)
            else:
                self._unusual(report, f"/rows/{number}", row)
            report.rows += 1
        self._finish()

    def _report(self, name: tuple[str, ...], number: int) -> _Report:
        """Return the report of a row that names it as no row did before, be it new or named otherwise."""
        pointer = f"/rows/{number}"
        head = read_head(dict(zip(self.of_report, name, strict=True)), pointer, self.draft)
        report = _Report(head)
        if head is not None:
            report = self.reports.setdefault(head[:3], report)
            self._check_agreement(report, head, pointer)
        self.named[name] = report
        return report

    def _check_agreement(self, report: _Report, head: Head, pointer: str) -> None:
        if report.head is None or report.head == head:
            return
        if report.head.withdrawn != head.withdrawn:
            self.draft.faults.add(f"{pointer}/ACTION", "withdrawn_with_observations")
        else:
            self.draft.faults.add(f"{pointer}/OBS_STATUS", "mixed_status")

    def _unusual(self, report: _Report, pointer: str, row: list[str]) -> None:
        """Read a row that is no plain new observation."""
        country, network, text = (row[self.columns[name]] for name in ("COUNTRY", "NETWORK", "OBS_VALUE"))
        if report.closed_by:
            self.draft.faults.add(pointer, report.closed_by)
        if report.head is not None and report.head.withdrawn:
            self._withdrawal(report, pointer, country, network, text)
        elif (country, network) == (TOTAL, TOTAL) and text and not text.strip("0"):
            self._nothing(report, pointer)
        else:
            self._observation(report, pointer, country, network, text)

    def _withdrawal(self, report: _Report, pointer: str, *texts: str) -> None:
        for column, text in zip(("COUNTRY", "NETWORK", "OBS_VALUE"), texts, strict=True):
            if text:
                self.draft.faults.add(f"{pointer}/{column}", "withdrawn_with_observations", text)
        report.closed_by = "duplicate_report"

    def _nothing(self, report: _Report, pointer: str) -> None:
        if report.rows and not report.closed_by:
            self.draft.faults.add(pointer, "nothing_not_alone")
        report.closed_by = "nothing_not_alone"

    def _observation(self, report: _Report, pointer: str, country: str, network: str, text: str) -> None:
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

    def _finish(self) -> None:
        if not self.named:
            self.draft.faults.add("/rows", "no_reports")
        for report in self.reports.values():
            if report.head is not None:
                self.draft.add(report.head, list(report.values), list(report.values.values()))

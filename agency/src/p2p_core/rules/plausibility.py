"""Judges of one report (R101, R103 to R106): its cells, the sum of finer ones, and the reports before it.

A judge returns the numbers behind a finding, or None. Its other parameters are the thresholds of its rule.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES
from p2p_core.reports import Numbers, Values
from p2p_core.rules.levels import Facts

#: A place has room for so many network numbers.
_NETWORKS = 256


class Cells(NamedTuple):
    """The cells of a report that are not 0, each named once: code numbers and counts, parallel arrays."""

    countries: Numbers
    networks: Numbers
    values: Values

    @property
    def total(self) -> int:
        return int(self.values.sum())

    def places(self) -> NDArray[np.int64]:
        """A number for each cell's country and network, in order of both."""
        return self.countries.astype(np.int64) * _NETWORKS + self.networks


@dataclass(frozen=True, slots=True)
class ComparedReport:
    """A current report, and what it is compared with. The total of a withdrawal is 0.

    ``age`` is the time from the end of the period to the receipt of the report. ``revisions`` is the number of reports
    for the period that were current before, and ``before`` is the total of the last of them. ``finer`` is the sum of
    the finer figures, if all are there. ``previous`` is the report for the period before, if it has the same total.
    Cells are needed only if one of these two is set.
    """

    total: int
    unlocated: int = 0
    age: timedelta = timedelta(0)
    revisions: int = 0
    before: int | None = None
    finer_frequency: str = ""
    finer: Cells | None = None
    previous: Cells | None = None
    cells: Cells | None = None


def mismatch(report: ComparedReport) -> Facts | None:
    """R101: any cell differs from the sum of the finer figures. Named is the cell that differs most."""
    cells, finer = report.cells, report.finer
    if cells is None or finer is None:
        return None
    places = np.concatenate([cells.places(), finer.places()])
    named, place = np.unique(places, return_inverse=True)
    difference = np.zeros(len(named), np.int64)
    np.add.at(difference, place, np.concatenate([cells.values, -finer.values]))
    if not difference.any():
        return None
    worst = int(named[np.abs(difference).argmax()])
    return {
        "value": report.total,
        "finer": finer.total,
        "finer_frequency": report.finer_frequency,
        "cells": int(np.count_nonzero(difference)),
        "country": COUNTRY_CODES[worst // _NETWORKS],
        "network": NETWORK_CODES[worst % _NETWORKS],
        "reported": int(cells.values[cells.places() == worst].sum()),
        "summed": int(finer.values[finer.places() == worst].sum()),
    }


def large_revision(report: ComparedReport, *, share: float, difference: float, days: float) -> Facts | None:
    """R103. The share is a part of the earlier total, and None if that was 0."""
    if report.before is None or report.age <= timedelta(days=days):
        return None
    change = abs(report.total - report.before)
    if not change or change < difference:
        return None
    part = change / report.before if report.before else None
    if part is not None and part <= share:
        return None
    return {"value": report.total, "before": report.before, "share": None if part is None else round(part, 4)}


def repetition(report: ComparedReport, *, total: float) -> Facts | None:
    """R104: a report equals the one of the period before, cell by cell."""
    cells, previous = report.cells, report.previous
    if cells is None or previous is None or report.total < total or len(cells.values) != len(previous.values):
        return None
    mine, others = np.argsort(cells.places()), np.argsort(previous.places())
    same_places = np.array_equal(cells.places()[mine], previous.places()[others])
    if not same_places or not np.array_equal(cells.values[mine], previous.values[others]):
        return None
    return {"value": report.total}


def unlocated_share(report: ComparedReport, *, share: float, total: float) -> Facts | None:
    """R105."""
    if not report.total or report.total < total:
        return None
    # The result of the division is rounded in the same way as the threshold. So a share that equals the threshold is
    # not over it.
    part = report.unlocated / report.total
    if part <= share:
        return None
    return {"value": report.total, "unlocated": report.unlocated, "share": round(part, 4)}


def churn(report: ComparedReport, *, revisions: float) -> Facts | None:
    """R106."""
    return {"revisions": report.revisions} if report.revisions > revisions else None

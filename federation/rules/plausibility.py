"""What looks wrong about one report: beside finer ones, the one before it, its own cells, or how often it came.

Each function is one rule. It returns the numbers behind what it noticed, or None.
"""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countries.codes import COUNTRY_CODES, NETWORK_CODES
from federation.rules.levels import Facts
from federation.rules.tables import Numbers, Values
from federation.rules.thresholds import Thresholds

#: Network numbers have room for so many in a place.
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
        """Return a number for each cell's country and network, in order of both."""
        return self.countries.astype(np.int64) * _NETWORKS + self.networks


def mismatched(report: Cells, summed: Cells, *, finer: str) -> Facts | None:
    """R101: any cell of a report differs from the sum of the finer figures, which must be there whole.

    Named is the cell that differs most.
    """
    places = np.concatenate([report.places(), summed.places()])
    named, place = np.unique(places, return_inverse=True)
    difference = np.zeros(len(named), np.int64)
    np.add.at(difference, place, np.concatenate([report.values, -summed.values]))
    if not difference.any():
        return None
    worst = int(named[np.abs(difference).argmax()])
    return {
        "value": report.total,
        "finer": summed.total,
        "finer_frequency": finer,
        "cells": int(np.count_nonzero(difference)),
        "country": COUNTRY_CODES[worst // _NETWORKS],
        "network": NETWORK_CODES[worst % _NETWORKS],
        "reported": int(report.values[report.places() == worst].sum()),
        "summed": int(summed.values[summed.places() == worst].sum()),
    }


def revised(value: int, before: int, *, age: timedelta, thresholds: Thresholds) -> Facts | None:
    """R103: the total of a period that ended ``age`` ago changed by much; a withdrawn one counts as 0.

    The share is of the value before; without one there is none.
    """
    change = abs(value - before)
    if not change or age <= timedelta(days=thresholds.r103_days) or change < thresholds.r103_difference:
        return None
    share = change / before if before else None
    if share is not None and share <= thresholds.r103_share:
        return None
    return {"value": value, "before": before, "share": None if share is None else round(share, 4)}


def repeated(report: Cells, before: Cells, thresholds: Thresholds) -> Facts | None:
    """R104: a report equals the one of the period before, cell by cell."""
    value = report.total
    if value < thresholds.r104_total or value != before.total or len(report.values) != len(before.values):
        return None
    mine, others = np.argsort(report.places()), np.argsort(before.places())
    same_places = np.array_equal(report.places()[mine], before.places()[others])
    if not same_places or not np.array_equal(report.values[mine], before.values[others]):
        return None
    return {"value": value}


def unlocated(value: int, unknown: int, thresholds: Thresholds) -> Facts | None:
    """R105: too large a part of a report's total is of no known country."""
    if not value or value < thresholds.r105_total:
        return None
    # The division is rounded to the nearest, as the threshold was: a share that equals it is not over it.
    share = unknown / value
    if share <= thresholds.r105_share:
        return None
    return {"value": value, "unlocated": unknown, "share": round(share, 4)}


def churned(revisions: int, thresholds: Thresholds) -> Facts | None:
    """R106: an agency revised a period very often after it had ended."""
    return {"revisions": revisions} if revisions > thresholds.r106_revisions else None

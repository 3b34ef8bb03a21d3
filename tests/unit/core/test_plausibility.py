"""The rules about one report: at their limits, and against slow code with dictionaries and fractions."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.rules import rulebook
from p2p_core.rules.plausibility import (
    Cells,
    ComparedReport,
    churn,
    large_revision,
    mismatch,
    repetition,
    unlocated_share,
)
from tests.oracles import rules as oracle

NO, DE, UNKNOWN = COUNTRIES["NO"], COUNTRIES["DE"], COUNTRIES["_U"]
USUAL = rulebook.limits(rulebook.DEFAULTS)
OLD = timedelta(days=2, microseconds=1)

tables = st.dictionaries(
    st.tuples(st.sampled_from([NO, DE, UNKNOWN]), st.sampled_from([1, 2, 9])),
    st.integers(1, 60) | st.integers(1, 10**9),
    max_size=6,
)


def as_cells(table):
    """Cells as arrays, in the order of the dictionary."""
    return Cells(
        np.array([country for country, _ in table], np.int16),
        np.array([network for _, network in table], np.int16),
        np.array(list(table.values()), np.int64),
    )


def compared(report, *, finer=None, previous=None):
    """A report with these cells, beside finer figures or the report before it."""
    cells = as_cells(report)
    others = {name: as_cells(one) for name, one in (("finer", finer), ("previous", previous)) if one is not None}
    return ComparedReport(cells.total, cells=cells, finer_frequency="H", **others)


# --- R101 -------------------------------------------------------------------------------------------------------------


def test_a_report_that_equals_its_sum_is_no_mismatch():
    assert mismatch(compared({(NO, 1): 5, (DE, 2): 7}, finer={(DE, 2): 7, (NO, 1): 5})) is None


def test_a_report_is_no_mismatch_while_finer_figures_are_missing():
    assert mismatch(compared({(NO, 1): 5})) is None


def test_a_mismatch_names_the_cell_that_differs_most():
    report, summed = {(NO, 1): 20, (DE, 2): 7}, {(NO, 1): 5, (DE, 2): 8, (UNKNOWN, 9): 3}
    assert mismatch(compared(report, finer=summed)) == {
        "value": 27,
        "finer": 16,
        "finer_frequency": "H",
        "cells": 3,
        "country": "NO",
        "network": "BITTORRENT",
        "reported": 20,
        "summed": 5,
    }


def test_one_event_in_another_cell_is_a_mismatch():
    found = mismatch(compared({(NO, 1): 1}, finer={(NO, 2): 1}))
    assert (found["value"], found["finer"], found["cells"]) == (1, 1, 2)


@given(tables, tables | st.none())
def test_mismatches_are_those_of_the_dictionaries(report, other):
    summed = report if other is None else other
    found = mismatch(compared(report, finer=summed))
    expected = oracle.differing(report, summed)
    assert bool(found) == bool(expected)
    if found:
        place = COUNTRIES[found["country"]], NETWORKS[found["network"]]
        assert found["cells"] == len(expected)
        assert expected[place] == max(expected.values()) == abs(found["reported"] - found["summed"])
        assert (found["reported"], found["summed"]) == (report.get(place, 0), summed.get(place, 0))
        assert (found["value"], found["finer"]) == (sum(report.values()), sum(summed.values()))


# --- R103 -------------------------------------------------------------------------------------------------------------


def revised(value, before, *, age=OLD, **thresholds):
    return large_revision(ComparedReport(value, before=before, age=age), **{**USUAL["R103"], **thresholds})


@pytest.mark.parametrize(
    ("value", "before", "noticed"),
    [
        (250, 200, False),  # a quarter is not more than a quarter
        (251, 200, True),
        (150, 200, False),
        (149, 200, True),
        (149, 100, False),  # 49 is not at least 50
        (150, 100, True),
        (50, 0, True),
        (49, 0, False),
        (0, 50, True),
        (1_000, 1_000, False),
    ],
)
def test_a_large_revision_at_its_border(value, before, noticed):
    assert bool(revised(value, before)) == noticed


@pytest.mark.parametrize(("age", "noticed"), [(timedelta(days=2), False), (OLD, True)])
def test_a_revision_within_two_days_is_usual(age, noticed):
    assert bool(revised(500, 100, age=age)) == noticed


def test_a_revision_says_from_what_to_what():
    assert revised(0, 80) == {"value": 0, "before": 80, "share": 1.0}
    assert revised(80, 0) == {"value": 80, "before": 0, "share": None}


def test_no_change_is_never_a_large_one():
    always = {"share": 0, "difference": 0, "days": 0}
    assert revised(0, 0, **always) is None
    assert revised(1, 0, **always)


def test_a_first_report_is_no_revision():
    assert revised(500, None) is None


@given(
    st.integers(0, 500) | st.integers(0, 10**12),
    st.integers(0, 500) | st.integers(0, 10**12),
    st.timedeltas(timedelta(days=1), timedelta(days=3)) | st.just(timedelta(days=2)),
    st.sampled_from(["0.25", "0.3", "0.1", "1", "0"]),
)
def test_large_revisions_are_those_of_the_fractions(value, before, age, share):
    expected = oracle.is_large_revision(value, before, age, share=share, difference=50, days=2)
    assert bool(revised(value, before, age=age, share=float(share))) == expected


@given(st.integers(1, 10**9), st.sampled_from(["0.25", "0.3", "0.1", "0.35", "0.7"]), st.sampled_from([0, 1]))
def test_a_share_that_is_met_exactly_is_not_passed(tenth, share, more):
    before = tenth * 20
    change = int(float(share) * 20 + 0.5) * tenth + more
    assert bool(revised(before + change, before, share=float(share), difference=0)) == bool(more)


# --- R104 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "noticed"), [(49, False), (50, True)])
def test_repeated_figures_at_their_border(count, noticed):
    one = {(NO, 1): count}
    assert bool(repetition(compared(one, previous=one), **USUAL["R104"])) == noticed


def test_what_repeats_says_its_total():
    one, other = {(NO, 1): 40, (DE, 1): 30}, {(DE, 1): 30, (NO, 1): 40}
    assert repetition(compared(one, previous=other), **USUAL["R104"]) == {"value": 70}


@pytest.mark.parametrize("other", [{(NO, 1): 60}, {(NO, 2): 70}, {(NO, 1): 30, (DE, 1): 40}, {(NO, 1): 69, (DE, 1): 1}])
def test_figures_that_differ_in_any_cell_do_not_repeat(other):
    assert repetition(compared({(NO, 1): 40, (DE, 1): 30}, previous=other), **USUAL["R104"]) is None


@given(tables, tables | st.none(), st.randoms(use_true_random=False))
def test_what_repeats_is_what_is_equal(report, other, random):
    before = list((report if other is None else other).items())
    random.shuffle(before)
    expected = report == dict(before) and sum(report.values()) >= 50
    assert bool(repetition(compared(report, previous=dict(before)), **USUAL["R104"])) == expected


# --- R105 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unknown", "noticed"),
    [(100, 30, False), (100, 31, True), (50, 15, False), (50, 16, True), (49, 49, False), (50, 50, True)],
)
def test_the_unlocated_share_at_its_border(value, unknown, noticed):
    assert bool(unlocated_share(ComparedReport(value, unknown), **USUAL["R105"])) == noticed


def test_an_unlocated_share_says_of_how_much():
    assert unlocated_share(ComparedReport(100, 40), **USUAL["R105"]) == {"value": 100, "unlocated": 40, "share": 0.4}


def test_nothing_has_no_share():
    assert unlocated_share(ComparedReport(0), share=0.3, total=0) is None


@given(tables, st.sampled_from(["0.3", "0.25", "0.5", "0"]))
def test_unlocated_shares_are_those_of_the_fractions(cells, share):
    unknown = sum(count for (country, _), count in cells.items() if country == UNKNOWN)
    found = unlocated_share(ComparedReport(sum(cells.values()), unknown), share=float(share), total=50)
    assert bool(found) == oracle.is_unlocated(cells, share=share, total=50)


@given(st.integers(5, 10**12), st.sampled_from([0, 1]))
def test_three_in_ten_are_not_over_thirty_per_cent(tenth, more):
    assert bool(unlocated_share(ComparedReport(10 * tenth + more, 3 * tenth + more), **USUAL["R105"])) == bool(more)


# --- R106 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("revisions", "noticed"), [(0, False), (20, False), (21, True)])
def test_churn_at_its_border(revisions, noticed):
    expected = {"revisions": revisions} if noticed else None
    assert churn(ComparedReport(1, revisions=revisions), **USUAL["R106"]) == expected

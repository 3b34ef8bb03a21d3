"""Public reads: the present equals the newest version, and no statement reads a raw count."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countries.reference import Reference
from federation import published
from federation.database import cursor
from federation.published import NEWEST, Selection, coverage_cache, effects, publications, vintages
from federation.rules.coverage import COLUMNS
from p2p_core import periods
from tests.contract.public.press import ALL_REPORTED, NOBODY, WAITING, Press
from tests.factories import IndicatorFactory
from tests.histories import one_in

SQL = Path(published.__file__).parents[1] / "sql"
PUBLIC = {
    "countries_intervention",
    "federation_auditseal",
    "federation_estimate",
    "federation_periodversion",
    "federation_publishedcell",
    "federation_publishedcoverage",
    "federation_publishedpanel",
    "federation_publishedpanelperiod",
    "federation_publishedseries",
    "federation_registration",
    "federation_roundingseal",
    "federation_version",
}
#: Names that the statements give to what they read of those.
DERIVED = {"latest", "newest", "page", "coverage", "following", "cells", "standings", "unnest", "period"}
DERIVED |= {"panel", "earlier", "before", "vintage", "span", "generate_series", "run", "part", "who"}
#: What else stands behind a FROM: of an epoch, of a day, of a query that follows.
DERIVED |= {"known_at", "date_trunc", "LATERAL", "named"}
DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3)]


def statements():
    return sorted(
        [
            *SQL.glob("published_*.sql"),
            *SQL.glob("vintages_*.sql"),
            *SQL.glob("effects_*.sql"),
            *SQL.glob("publications_*.sql"),
        ]
    )


@pytest.mark.parametrize("path", statements(), ids=lambda path: path.stem)
def test_statements_read_public_tables_only(path):
    text = re.sub(r"--.*", "", path.read_text())
    read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", text, re.IGNORECASE))
    assert read <= PUBLIC | DERIVED
    assert set(re.findall(r"\b(?:federation|countries)_\w+", text)) <= PUBLIC
    assert not re.search(r"\b(INSERT|UPDATE|DELETE|CALL|SELECT\s+\w+_\w+\()", text)


GIVEN = {
    "indicator": 1, "frequency": "D", "start": DAYS[0], "end": DAYS[1], "first": DAYS[0], "periods": 10, "version": 5,
    "countries": [578], "networks": [0], "several": True, "states": True, "panel": 12, "year": "12 months",
    "window": "P7D", "part": "1 day", "by_month": False, "parts": True,
    "as_of": DAYS[0], "after": 0, "cached": 5, "last": DAYS[0],
    "indicators": [1], "frequencies": ["D"], "versions": [1], "most": 5, "intervention": 1,
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("path", statements(), ids=lambda path: path.stem)
def test_each_statement_can_be_explained_by_itself(path):
    with cursor() as c:
        c.execute(b"EXPLAIN " + path.read_bytes(), GIVEN)
        assert c.fetchall()


def test_door_names_no_other_statement():
    text = "".join(Path(half.__file__).read_text() for half in (published, vintages, effects, publications))
    assert set(re.findall(r"\b(?:published|vintages|effects|publications)_\w+", text)) == {
        path.stem for path in statements()
    }


def everything(selection):
    page = published.read(selection, Reference.current(), limit=10)
    columns = page.table.coverage
    coverage = [getattr(columns, name).tolist() for name in COLUMNS]
    return page.version, page.known_at, page.table.series, page.table.values.tolist(), coverage


@pytest.mark.django_db
@one_in(2)
@given(
    history=st.lists(
        st.tuples(
            st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-03"]),
            st.dictionaries(st.sampled_from(["NO", "SE", "NO/ARES", "EUROPE"]), st.sampled_from([0, 5, 10])),
            st.sampled_from([ALL_REPORTED, NOBODY, WAITING]),
        ),
        min_size=1,
        max_size=8,
    ),
    countries=st.sampled_from([(578,), (578, 752), (150, 578, 752)]),
    networks=st.sampled_from([(0,), (0, 5)]),
)
def test_newest_version_is_what_is_public_now(history, countries, networks):
    from django.db import transaction

    with transaction.atomic():
        IndicatorFactory.create()
        coverage_cache.clear()
        press = Press()
        now = Selection(1, "D", DAYS[0], DAYS[-1], countries, networks)
        then = []
        for label, cells, covered in history:
            # A period that waits has no cells.
            press.publish("D", {label: {} if covered is WAITING else cells}, covered)
            then.append(everything(now))
        for view in then:
            assert everything(Selection(1, "D", DAYS[0], DAYS[-1], countries, networks, version=view[0])) == view
        assert published.version(now) == then[-1][0]
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_nothing_is_before_the_first_version():
    IndicatorFactory.create()
    Press().publish("D", {"2026-11-01": {"NO": 5}})
    selection = Selection(1, "D", DAYS[0], DAYS[-1], (578,), (0,), version=0)
    assert published.version(selection) is None
    version, known_at, series, values, coverage = everything(selection)
    assert (version, known_at, series, values, coverage) == (None, None, [(578, 0, 0)], [[]], [[]] * len(COLUMNS))


@pytest.mark.django_db
def test_past_view_before_anything_was_published_is_empty_and_may_change():
    assert published.past_view("D", DAYS[0]) == (0, False)


@pytest.mark.parametrize("frequency", tuple(periods.Frequency))
def test_labels_are_the_labels_of_the_rules(frequency):
    starts = list(periods.between(frequency, datetime(2024, 12, 29, tzinfo=UTC), datetime(2025, 1, 6, tzinfo=UTC)))
    column = np.array([periods.epoch(start) for start in starts], np.int64)
    assert periods.labels(frequency, column) == [periods.label(frequency, start) for start in starts]


@pytest.mark.parametrize("frequency", tuple(periods.Frequency))
def test_no_labels_of_no_periods(frequency):
    assert periods.labels(frequency, np.array([], np.int64)) == []


def test_newest_fits_a_bigint():
    assert np.iinfo(np.int64).max == NEWEST


def test_cached_labels_are_bounded(monkeypatch):
    monkeypatch.setattr(periods, "_LABELS_KEPT", 3)
    for first in range(0, 50, 10):
        periods.labels("D", np.arange(first, first + 10, dtype=np.int64) * 86_400)
    assert len(periods._labels("D")) == 10


@pytest.mark.django_db
def test_spans_are_those_of_what_is_public_and_has_been_published():
    IndicatorFactory.create()
    IndicatorFactory.create(number=2, code="HELP_VISITS")
    press = Press()
    press.publish("D", {"2026-11-03": {"NO": 5}})
    press.publish("W", {"2026-W45": {}}, NOBODY)
    press.publish("D", {"2026-11-01": {"NO": 5}, "2026-11-02": {}})
    press.publish("D", {"2026-11-02": {"NO": 10}})
    week = periods.parse("W", "2026-W45")
    assert published.spans([2, 1], "WDM") == [
        (1, "W", week, week, press.known_at(2), press.known_at(2)),
        (1, "D", DAYS[0], DAYS[-1], press.known_at(1), press.known_at(4)),
    ]
    assert published.spans([], "D") == []


@pytest.mark.django_db
def test_spans_leave_out_periods_that_wait_for_agencies():
    IndicatorFactory.create()
    press = Press()
    press.publish("D", {"2026-11-02": {}}, WAITING)
    assert published.spans([1], "D") == []
    press.publish("D", {"2026-11-01": {}, "2026-11-03": {}}, WAITING)
    press.publish("D", {"2026-11-02": {"NO": 5}})
    press.publish("D", {"2026-11-03": {}}, replace(WAITING, until=WAITING.until + timedelta(hours=1)))
    assert published.spans([1], "D") == [(1, "D", DAYS[1], DAYS[1], press.known_at(3), press.known_at(4))]


def test_last_moment_of_the_calendar_is_within_it():
    assert periods.epoch(datetime.max.replace(tzinfo=UTC)) == 253_402_300_799
    assert periods.epoch(datetime.min.replace(tzinfo=UTC)) == -62_135_596_800
    assert periods.epoch(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1

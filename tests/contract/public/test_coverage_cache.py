"""Answers whose coverage was read before, for another country or range, are those that are read whole."""

import json
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from api import caching
from federation.published import coverage_cache
from federation.published.coverage_cache import CachedCoverage
from federation.rules.coverage import COLUMNS, Coverage
from tests.contract.public.press import ALL_REPORTED, NOBODY, WAITING, Press
from tests.factories import IndicatorFactory
from tests.histories import one_in

LABELS = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]
RANGES = [(start, end) for start, end in product(LABELS, LABELS) if start <= end]


@pytest.fixture
def ask(client):
    """Reads a range of days, past the cache of answers."""

    def read(country, start, end, **more):
        caching.response_cache.clear()
        given = {"indicator": "DOWNLOADS", "frequency": "D", "country": country, "start": start, "end": end} | more
        answer = client.get("/api/v1/aggregates/", given)
        assert answer.status_code == 200, answer.content
        return b"".join(answer) if answer.streaming else answer.content

    return read


@pytest.mark.django_db
@one_in(4)
@given(
    history=st.lists(
        st.tuples(
            st.sampled_from(LABELS),
            st.dictionaries(st.sampled_from(["NO", "SE"]), st.sampled_from([0, 5, 10])),
            st.sampled_from([ALL_REPORTED, NOBODY, WAITING]),
            st.tuples(st.sampled_from(["NO", "SE"]), st.sampled_from(RANGES), st.sampled_from(["json", "csv"])),
            st.tuples(st.sampled_from(["NO", "NO,SE"]), st.sampled_from(RANGES), st.sampled_from(["json", "csv"])),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_answers_are_those_without_the_cache(ask, history):
    with transaction.atomic():
        IndicatorFactory.create()
        press = Press()
        coverage_cache.clear()
        for label, cells, covered, *questions in history:
            press.publish("D", {label: {} if covered is WAITING else cells}, covered)
            for country, span, form in questions:
                found = ask(country, *span, format=form)
                kept = dict(coverage_cache.entries)
                coverage_cache.clear()
                assert ask(country, *span, format=form) == found
                coverage_cache.entries.update(kept)
        transaction.set_rollback(True)
        coverage_cache.clear()


def test_coverage_is_read_once_for_all_countries(press, ask):
    press.publish("D", {label: {"NO": 120, "SE": 40} for label in LABELS})
    whole = json.loads(ask("NO", LABELS[0], LABELS[3]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE federation_publishedcoverage SET agencies_reporting = 0")
    part = json.loads(ask("SE", LABELS[1], LABELS[3]))
    assert part["coverage"] == whole["coverage"][1:]
    assert [one["value"] for one in part["observations"]] == [40, 40, 40]


def test_coverage_is_read_again_after_a_publication(press, ask):
    press.publish("D", {label: {"NO": 120} for label in LABELS})
    ask("NO", LABELS[0], LABELS[3])
    press.publish("D", {LABELS[3]: {}}, WAITING)
    last = json.loads(ask("NO", LABELS[2], LABELS[3]))["coverage"][-1]
    assert (last["period"], last["status"]) == (LABELS[3], "O")


def test_coverage_of_the_newest_series_is_kept():
    """Each page of hours takes a megabyte, and there may be a thousand indicators."""
    day, most = datetime(2026, 11, 1, tzinfo=UTC), coverage_cache.MAX_ENTRIES
    coverage = Coverage(**dict.fromkeys(COLUMNS, np.zeros(1)))
    pages = [CachedCoverage(day, day, version, coverage) for version in (1, 2)]
    for number in range(most):
        coverage_cache.keep((number, "H"), pages[0])
    coverage_cache.keep((0, "H"), pages[1])
    for number in (most, most + 1):
        coverage_cache.keep((number, "H"), pages[0])
    assert list(coverage_cache.entries) == [*((number, "H") for number in (*range(3, most), 0, most, most + 1))]


def test_pages_are_cut_out_of_the_cached_range(press, ask, client, monkeypatch):
    from api.v1 import aggregates

    press.publish("D", {label: {"NO": 120} for label in LABELS})
    whole = json.loads(ask("NO", LABELS[0], LABELS[3]))
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    page, coverage = json.loads(ask("NO", LABELS[0], LABELS[3])), []
    while True:
        coverage += page["coverage"]
        if not page["next"]:
            break
        page = client.get(page["next"]).json()
    assert coverage == whole["coverage"]
    assert len(coverage) == len(LABELS)

"""Invented numbers are plausible: they add up over time, follow the day and the week, and the population."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from federation.management.demo import counts as invented

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
PEOPLE = {"NO": 5_600_000, "SE": 10_600_000, "US": 340_000_000}


def expected(start, length, *, count=1, level=2400.0):
    starts = [start + index * length for index in range(count)]
    return invented.expected_counts(starts, [start + length for start in starts], level=level, utc_offset=1)


@pytest.fixture
def mixture():
    return invented.draw_mixture(
        PEOPLE,
        near=frozenset({"NO", "SE"}),
        home="NO",
        networks=invented.NETWORK_SHARES,
        rng=np.random.default_rng(7),
    )


@pytest.mark.parametrize(("fine", "count"), [(timedelta(hours=1), 24), (timedelta(minutes=1), 1440)])
def test_finer_periods_add_up_to_the_day(fine, count):
    assert expected(MONDAY, fine, count=count).sum() == pytest.approx(expected(MONDAY, timedelta(days=1))[0])


def test_level_is_that_of_a_day():
    year = expected(datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1), count=28)
    assert year.mean() == pytest.approx(2400, rel=0.12)


def test_evening_is_busier_than_night():
    hours = expected(MONDAY, timedelta(hours=1), count=24)
    assert hours[20] > 3 * hours[3]


def test_weekend_is_busier_than_midweek():
    days = expected(MONDAY, timedelta(days=1), count=7)
    assert days[5] > 1.1 * days[1]


def test_shares_make_one_and_home_leads(mixture):
    by_country = dict(
        zip(mixture.countries, mixture.shares.reshape(len(mixture.countries), -1).sum(axis=1), strict=True)
    )
    assert mixture.shares.sum() == pytest.approx(1)
    assert by_country["NO"] > by_country["US"]
    assert 0.02 < by_country["_U"] < 0.04


def test_counts_follow_the_expectation(mixture):
    rows = invented.draw_counts(np.full(500, 800.0), mixture.shares, rng=np.random.default_rng(3))
    assert rows.sum(axis=1).mean() == pytest.approx(800, rel=0.02)


def test_observations_name_what_is_not_zero(mixture):
    row = np.zeros(len(mixture.shares), int)
    row[1], row[-1] = 4, 9
    assert mixture.observations(row) == [
        {"country": "NO", "network": "EDONKEY", "value": 4},
        {"country": "_U", "network": "OTHER", "value": 9},
    ]

"""What section 5 of the design promises of published numbers, read off the tables themselves."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.conf import settings

from countries.codes import COUNTRIES, GROUPS
from federation import rebuilding
from federation.models.figures import Figure
from federation.models.published import (
    PublishedCell,
    PublishedCoverage,
    PublishedSeries,
    Version,
)
from federation.rules import periods, rounding
from tests.integration.federation.comparison import read_windows, stored_cells
from tests.integration.federation.world import Said
from tests.oracles.federation import margins_of

BASE = settings.ROUNDING_BASE
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
EUROPE, EU, ALL = GROUPS["EUROPE"], GROUPS["EU27_2020"], GROUPS["_T"]
#: A long tail of small countries, some in a group and some not.
SOME = [COUNTRIES[code] for code in ("NO", "DE", "CY", "XK", "US", "BR", "_U", "FR", "PL", "JP")]


@pytest.fixture
def busy(federation):
    """Small numbers of several agencies, networks and countries over some hours, and a day."""
    rng = np.random.default_rng(7)

    def cells():
        return {(country, network): int(rng.integers(0, 9)) for country in SOME for network in (1, 2, 9)}

    for agency in (0, 1):
        federation.submit(agency, *(Said("H", MIDNIGHT + timedelta(hours=hour), cells()) for hour in range(18, 36)))
    federation.submit(2, Said("D", MIDNIGHT, cells()))
    federation.settle()
    return federation


def exact_cells(federation, frequency):
    """The exact number of each public cell, summed from the stored figures of all agencies."""
    ended = federation.oracle().published_periods(1, frequency)
    parts = defaultdict(dict)
    for figure in Figure.objects.filter(frequency=frequency, period__in=ended):
        for country, network, value in zip(figure.countries, figure.networks, figure.values, strict=True):
            place = country, network
            parts[figure.period][place] = parts[figure.period].get(place, (0, 0))[0] + value, 0
    return {
        (frequency, period, *place): value
        for period, cells in parts.items()
        for place, (value, _) in margins_of(cells).items()
        if frequency not in "NH" or place[1] == 0
    }


@pytest.mark.parametrize("frequency", ["H", "D"])
def test_published_values_are_multiples_within_the_base_and_zero_for_zero(busy, frequency):
    published = stored_cells(1, frequency, now=busy.now)
    exact = exact_cells(busy, frequency)
    assert len(published) > 40
    assert published.keys() <= exact.keys()
    for place, value in exact.items():
        shown = published.get(place, 0)
        assert shown % BASE == 0
        assert abs(shown - value) < BASE
        if value % BASE == 0:
            assert shown == value


def test_no_row_says_zero(busy):
    assert not PublishedCell.objects.filter(value=0).exists()
    listed = set(PublishedSeries.objects.values_list("frequency", "country", "network"))
    assert listed == set(PublishedCell.objects.values_list("frequency", "country", "network"))


def test_a_change_that_rounding_hides_leaves_no_trace(federation):
    """A cell that turns from 0 to something published as 0 is neither listed nor dated, and moves no version."""
    hours = [MIDNIGHT + timedelta(hours=hour) for hour in range(24)]
    federation.submit(0, *(Said("H", hour) for hour in hours), minutes_ago=5)
    federation.settle()
    before = {model: list(model.objects.order_by("pk").values()) for model in PUBLIC}
    federation.submit(0, *(Said("H", hour, {(578, 1): 1}) for hour in _hidden(federation, hours)))
    federation.settle()
    assert {model: list(model.objects.order_by("pk").values()) for model in PUBLIC} == before


PUBLIC = (Version, PublishedCell, PublishedCoverage, PublishedSeries)


def _hidden(federation, hours):
    """One hour in which a count of 1 is rounded to 0, in every table."""
    for hour in hours:
        [key] = rounding.record_keys(
            settings.ROUNDING_KEY,
            indicator=np.array([1]),
            agency=np.array([federation.agencies[0].pk]),
            frequency="H",
            minute=np.array([int(hour.timestamp()) // 60]),
            countries=np.array([578], np.int16),
            networks=np.array([1], np.int16),
        )
        if rounding.round_values(np.array([1]), np.array([key]), BASE)[0] == 0:
            return [hour]
    raise AssertionError("no key of these rounds 1 to 0")


@pytest.mark.parametrize("value", range(1, 10))
def test_the_same_contributors_have_the_same_value_in_every_table(federation, value):
    """One record alone in its hour, day, week, month, year and windows, in its networks and groups."""
    federation.submit(0, Said("H", MIDNIGHT + timedelta(hours=18), {(578, 1): value}))
    federation.settle()
    shown = {
        (frequency, country, network): found
        for frequency in "HD"
        for (_, _, country, network), found in stored_cells(1, frequency, now=federation.now).items()
    }
    windows = {name: values for (name,), (_, _, values, _) in read_windows(1).items()}
    expected = shown.get(("H", 578, 0), 0)
    assert abs(expected - value) < BASE
    networks = {"H": (0,), "D": (0, 1)}
    places = [(f, country, n) for f in "HD" for country in (578, EUROPE, ALL) for n in networks[f]]
    assert shown == (dict.fromkeys(places, expected) if expected else {})
    assert set(windows) == {"P1D", "P7D", "P30D", "P365D"}
    for values in windows.values():
        assert values == (dict.fromkeys((578, EUROPE, ALL), expected) if expected else {})


def test_a_day_alone_in_its_week_month_and_year_has_their_value(federation):
    federation.submit(0, Said("D", datetime(2025, 2, 3, tzinfo=UTC), {(276, 2): 7}))
    federation.settle()
    values = {frequency: set(stored_cells(1, frequency, now=federation.now).values()) for frequency in "DWMA"}
    assert len({frozenset(found) for found in values.values()}) == 1
    assert {len(found) for found in values.values()} == {1}


def test_a_revision_and_its_undoing_end_in_the_same_values(busy):
    before = stored_cells(1, "D", now=busy.now)
    hour = MIDNIGHT + timedelta(hours=20)
    cells = {
        (country, network): value
        for report in busy.memory.desk.reports
        if (report.agency, report.period) == (busy.agencies[0].pk, hour)
        for (country, network), value in report.cells.items()
    }
    for said in (Said("H", hour, {(578, 1): 50}), Said("H", hour, withdrawn=True), Said("H", hour, cells)):
        busy.wait(minutes=1)
        busy.submit(0, said)
        busy.settle()
    assert stored_cells(1, "D", now=busy.now) == before


def test_a_rebuild_gives_the_same_values_and_no_version(busy):
    before = {model: list(model.objects.order_by("pk").values()) for model in PUBLIC}
    rebuilding.enqueue()
    busy.settle()
    assert {model: list(model.objects.order_by("pk").values()) for model in PUBLIC} == before


def test_no_cell_of_a_running_period_is_published(busy):
    assert Figure.objects.filter(frequency="D", period=MIDNIGHT + timedelta(days=1)).exists()
    for model in (PublishedCell, PublishedCoverage):
        for frequency, period in model.objects.values_list("frequency", "period").distinct():
            assert periods.end(frequency, period) <= busy.now
    assert set(PublishedCell.objects.values_list("frequency", flat=True)) == {"H", "D"}

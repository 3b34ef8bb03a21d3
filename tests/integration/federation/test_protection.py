"""The promises of protection.md, checked on the tables themselves."""

from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest

from federation.models.figures import Figure
from federation.models.published import (
    PublishedCell,
    PublishedCoverage,
    PublishedSeries,
    Version,
)
from federation.runs import rebuilding
from p2p_core import periods
from p2p_core.codes import COUNTRIES
from tests.integration.federation.world import Said
from tests.oracles.federation import Cell
from tests.oracles.places import ALL_NETWORKS

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
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
    federation.submit(0, _hidden(federation, hours))
    federation.settle()
    assert {model: list(model.objects.order_by("pk").values()) for model in PUBLIC} == before


PUBLIC = (Version, PublishedCell, PublishedCoverage, PublishedSeries)


def _hidden(federation, hours):
    """A count of 1 that comes late, and that is rounded to 0 in the hour and in the day."""
    told, agency = federation.oracle(), federation.agencies[0].pk
    for hour, network in product(hours, (1, 2, 9)):
        cells = Cell("H", hour, 578, ALL_NETWORKS), Cell("D", MIDNIGHT, 578, network)
        if not any(told.rounded(1, agency, 1, cell) for cell in cells):
            return Said("H", hour, {(578, network): 1})
    raise AssertionError("no number of these rounds 1 to 0")


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

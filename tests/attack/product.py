"""The product as attackers meet it: its intake, its reconciliation, and its numbers as the public reads them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import count
from unittest.mock import patch

import numpy as np
from django.conf import settings
from django.test.utils import override_settings

from countries import registry
from countries.reference import Reference
from federation import published, worklist
from federation.database import clock
from federation.models.worklist import ClockMark
from federation.rules.view import ALL_NETWORKS
from federation.worklist import dispatch
from p2p_core import periods
from p2p_core.reports import NewReport
from tests import factories, reporting
from tests.attack.rules import State
from tests.attack.scene import Column
from tests.attack.world import (
    AGENCIES,
    GROUP_NUMBERS,
    HIDDEN,
    NETWORK_NUMBERS,
    NOW,
    PLACE_NUMBERS,
    TOTAL,
    Counts,
    World,
)

#: No rule may hold what is sent here: the rounding has to stand alone.
_NOTHING_HELD = {"R102_DIFFERENCE": 10**9}
_COUNTRIES = np.repeat(PLACE_NUMBERS, len(NETWORK_NUMBERS)).astype(np.int16)
_NETWORKS = np.tile(NETWORK_NUMBERS, len(PLACE_NUMBERS)).astype(np.int16)
_SORTED = np.lexsort((_NETWORKS, _COUNTRIES))
EVERY_COUNTRY = (*PLACE_NUMBERS, *GROUP_NUMBERS)
_EVERY_NETWORK = (*NETWORK_NUMBERS, ALL_NETWORKS)
_LENGTH = {"N": timedelta(minutes=1), "H": timedelta(hours=1), "D": timedelta(days=1)}

_indicators = count(100)
_instants = count()


class Product:
    """One indicator of the product, in which agencies of a world report. All agencies are expected to."""

    def __init__(self, world: World, expected: str | None = None) -> None:
        self._world, self._starts = world, {step: world.at(step).periods for step in world.steps}
        number = next(_indicators)
        indicator = factories.IndicatorFactory.create(number=number, code=f"ATTACKED_{number}")
        self.indicator = indicator.number
        registry.set_up_details(by="attack")
        self._agencies = [
            factories.AgencyFactory.create(id=number + 1, code=f"{unit.country}-ATTACK")
            for number, unit in enumerate(AGENCIES)
        ]
        begin, frequency = world.periods[0].date(), expected or world.frequency
        for agency in self._agencies:
            factories.ScheduleFactory.create(agency=agency, indicator=indicator, frequency=frequency, valid_from=begin)

    def report(self, agency: int) -> None:
        self.submit(agency, self._world.frequency, zip(self._world.periods, self._world.counts[agency], strict=True))

    def send(self, agency: int, frequency: str, position: int, amounts: Counts | None) -> None:
        periods, counts = self._world.periods, self._world.counts[agency]
        cells = [None] * len(periods) if amounts is None else np.broadcast_to(amounts, counts.shape)
        offset = position * _LENGTH[frequency]
        self.submit(agency, frequency, [(start + offset, one) for start, one in zip(periods, cells, strict=True)])

    def numbers(self, step: str, _states: dict[Column, State], /) -> Counts:
        return self.read(step, self._starts[step])[:, : len(PLACE_NUMBERS)]

    def submit(self, agency: int, frequency: str, reports: Iterable[tuple[datetime, Counts | None]]) -> None:
        """Send reports in one submission; cells by country and network, or none for a withdrawal."""
        # Each is newer than the one before.
        at = NOW + timedelta(milliseconds=next(_instants))
        sent = [self._report(frequency, start, cells) for start, cells in reports]
        if not sent:
            return
        receipt = reporting.submit(self._agencies[agency], sent, at, at)
        assert not receipt.outcomes.keys() & {"held", "superseded"}, receipt.outcomes

    def _report(self, frequency: str, start: datetime, cells: Counts | None) -> NewReport:
        values = np.zeros(len(_SORTED), np.int64) if cells is None else cells.reshape(-1).astype(np.int64)
        order = _SORTED[values[_SORTED] > 0]
        return NewReport(
            indicator=self.indicator,
            frequency=frequency,
            period=start,
            status="A",
            withdrawn=cells is None,
            countries=_COUNTRIES[order],
            networks=_NETWORKS[order],
            values=values[order],
        )

    def settle(self) -> None:
        """Do all work."""
        reporting.settle()
        assert not worklist.set_aside()

    def read(self, frequency: str, starts: Sequence[datetime]) -> Counts:
        """Read numbers by period, by country and then country group, and by network, the total last.

        A number that no reader can read is ``HIDDEN``.
        """
        self.settle()
        networks = _EVERY_NETWORK[TOTAL:] if frequency in {"N", "H"} else _EVERY_NETWORK
        selection = published.Selection(self.indicator, frequency, starts[0], starts[-1], EVERY_COUNTRY, networks)
        table = published.read(selection, Reference.current(), limit=100_000).table
        numbers = np.full((len(starts), len(EVERY_COUNTRY), len(_EVERY_NETWORK)), HIDDEN)
        row = {periods.epoch(start): position for position, start in enumerate(starts)}
        kept = [at for at, period in enumerate(table.coverage.periods.tolist()) if period in row]
        rows = [row[period] for period in table.coverage.periods[kept].tolist()]
        for (country, network), values in table.numbers().items():
            shown = [HIDDEN if values[at] is None else values[at] for at in kept]
            numbers[rows, EVERY_COUNTRY.index(country), _EVERY_NETWORK.index(network)] = shown
        return numbers


@contextmanager
def at_work(now: datetime = NOW) -> Iterator[None]:
    """Stop the clock, and do all work in this process."""
    with ExitStack() as stack:
        stack.enter_context(override_settings(THRESHOLDS=settings.THRESHOLDS | _NOTHING_HELD))
        for name in ("now", "of_host"):
            stack.enter_context(patch.object(clock, name, lambda: now))
        stack.enter_context(patch.object(dispatch, "wake", lambda *_: None))
        before = clock.mark()
        ClockMark.objects.update(at=now)
        yield
        ClockMark.objects.update(at=before)

"""What the readers of published cells get."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countries.population import NO_POPULATION
from federation.published.detail import Withheld
from federation.rules.coverage import Coverage
from federation.rules.view import InhabitantsOf, Table
from p2p_core.periods import Longs


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the selected periods at a version. ``following`` is the first period of the next page.

    ``version`` is the newest version of all selected periods, not only of this page. It is None if none of them has
    been published. ``known_at`` is the time since which all of the page is public, rates per head included: the time of
    the version, or of a later change of the population. ``cached`` is the coverage of a longer range if that of the
    table was cut out of it.
    """

    version: int | None
    known_at: datetime | None
    rounding_base: int
    following: datetime | None
    table: Table
    cached: Coverage | None = None
    inhabitants: InhabitantsOf = NO_POPULATION

    def rates(self) -> NDArray[np.float64]:
        """The values per 100,000 inhabitants, as many as were known at the time of the page."""
        return self.table.rates(self.inhabitants, self.rounding_base)

    def rate_decimals(self) -> list[int]:
        """By series, how many decimals its rates have."""
        return self.table.decimals(self.inhabitants, self.rounding_base)


@dataclass(frozen=True, slots=True)
class Panel:
    """The agencies and the span of a panel. The span ends before ``end``, and both times are starts of months.

    ``earlier`` has the values of a year earlier, in the same shape as the values of the table. ``start`` and ``end``
    are None if nobody was expected in the span.
    """

    months: int
    start: datetime | None
    end: datetime | None
    agencies: NDArray[np.int16]
    earlier: Longs


@dataclass(frozen=True, slots=True)
class Standings:
    """The state of each expected agency in each period: parallel columns, not sorted. ``periods`` are epoch seconds.

    ``awaited`` says whether the period is not public yet because it waits for the agency.
    """

    periods: Longs
    agencies: NDArray[np.int16]
    states: list[str]
    awaited: NDArray[np.bool_]


class Window(NamedTuple):
    """A sliding window over all networks, as the only period of a table. It ends before ``end``."""

    start: datetime
    end: datetime
    page: Page
    withheld: list[Withheld]


class PublicSpan(NamedTuple):
    """The first and last public period of an indicator at a frequency, and when it was first and last published."""

    indicator: int
    frequency: str
    first: datetime
    last: datetime
    issued: datetime
    modified: datetime


class PastView(NamedTuple):
    """The version that was public at an instant (0: none), and whether this answer is ``settled``.

    It is not settled while a publication may have got its time before the instant without having committed yet. Once a
    version with a later time is public, this cannot be, because versions commit in the order of their times.
    """

    version: int
    settled: bool

"""Invented agencies, what each counted in six small countries, and the usual rates, which every attacker knows."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from countries import loader
from federation.management.demo import counts as invented
from federation.management.demo.agencies import AGENCIES as INVENTED
from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS, GROUPS, NETWORKS

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
T = TypeVar("T", np.int64, np.float64)

PLACES = ("LI", "IM", "IS", "LU", "CY", "PT")
PLACE_NUMBERS = [COUNTRIES[code] for code in PLACES]
GROUP_NUMBERS = [GROUPS[code] for code in ("EU27_2020", "EUROPE", "_T")]
#: The networks of the invented counts, and their total.
NETWORK_NUMBERS = [NETWORKS[code] for code in invented.NETWORK_SHARES]
#: The position of the total, after the networks.
TOTAL = len(NETWORK_NUMBERS)
AGENCIES = INVENTED[:9]
#: Small numbers are easier to guess, so these agencies count less than those of the demo.
QUIET = 0.2
HONEST, INSIDERS = range(6), range(6, 9)
#: A time at which the year before, its last week and the hour before noon have just been published.
NOW = datetime(2027, 1, 5, 12, 5, tzinfo=UTC)
#: The last day of that year.
LAST_DAY = datetime(2026, 12, 31, tzinfo=UTC)


#: The longer periods that are attacked too, each within the next one if it can be.
#: Stands for a number that no reader can read: it is withheld, or its period waits.
HIDDEN = -1
_LONGER = {"N": "H", "H": "D", "D": "WM"}


@dataclass(frozen=True)
class World:
    """``counts`` by agency, period, country and network, and the rates that they were drawn with."""

    frequency: str
    periods: Sequence[datetime]
    rates: Floats
    counts: Counts
    #: The periods of this world, and of the world that it was summed from, that lie within each other.
    within: Counts

    @property
    def lengths(self) -> Counts:
        """How many periods of the first world each period has."""
        lengths: Counts = self.within.sum(axis=1)
        return lengths

    @property
    def steps(self) -> str:
        """Its frequency, and the longer ones that are attacked too, if a period lies whole in it."""
        end = periods.end(self.frequency, self.periods[-1])
        return self.frequency + "".join(one for one in _LONGER[self.frequency] if whole(one, self.periods, end))

    def at(self, frequency: str) -> "World":
        """The same by longer periods, of which only those that lie whole in it."""
        starts = whole(frequency, self.periods, periods.end(self.frequency, self.periods[-1]))
        names = [periods.start_of(frequency, one) for one in self.periods]
        within = np.array([[name == start for name in names] for start in starts], np.int64)
        rates = np.moveaxis(np.tensordot(within, self.rates, (1, 1)), 0, 1)
        counts = np.moveaxis(np.tensordot(within, self.counts, (1, 1)), 0, 1)
        return World(frequency, starts, rates, counts, within)


def invent(frequency: str, first: datetime, last: datetime, *, seed: int = 1) -> World:
    """Draw what each agency counted in some periods; events are independent, so the counts are Poisson."""
    starts = list(periods.between(frequency, first, last))
    ends = [periods.end(frequency, start) for start in starts]
    people = _inhabitants()
    near = GROUP_MEMBERS["EUROPE"] & people.keys()
    rates = []
    for number, unit in enumerate(AGENCIES):
        rng = np.random.default_rng(number)
        mixture = invented.draw_mixture(people, near=near, home=unit.country, networks=invented.NETWORK_SHARES, rng=rng)
        shares = mixture.shares.reshape(-1, len(mixture.networks))[[mixture.countries.index(code) for code in PLACES]]
        level = invented.expected_counts(starts, ends, level=unit.level * QUIET, utc_offset=unit.utc_offset)
        rates.append(level[:, None, None] * shares)
    expected = np.array(rates)
    counts = np.random.default_rng(seed).poisson(expected)
    return World(frequency, starts, expected, counts, np.eye(len(starts), dtype=np.int64))


def whole(frequency: str, starts: Sequence[datetime], end: datetime) -> list[datetime]:
    """The periods that lie whole in some others, which end before ``end``."""
    found = sorted({periods.start_of(frequency, start) for start in starts})
    return [start for start in found if starts[0] <= start and periods.end(frequency, start) <= end]


def with_total(cells: NDArray[T]) -> NDArray[T]:
    """Append the total of the networks."""
    return np.concatenate([cells, cells.sum(axis=-1, keepdims=True)], axis=-1)


def _inhabitants() -> dict[str, int]:
    """The people of Europe and of the twelve largest other countries, as the demo has them."""
    with (loader.DATA / "population.csv").open(newline="", encoding="utf-8") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["year"])
    people = {row["country"]: int(row["inhabitants"]) for row in rows}
    europe = GROUP_MEMBERS["EUROPE"] & people.keys()
    others = sorted(people.keys() - europe, key=lambda code: -people[code])[:12]
    return {code: people[code] for code in (*sorted(europe), *others)}

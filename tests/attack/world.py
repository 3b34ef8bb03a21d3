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
HONEST, INSIDERS = range(6), range(6, 9)
#: The attacked cells, by the sum that the agencies counted in them.
SMALL = range(1, 5)
#: A time at which the year before, its last week and the hour before noon have just been published.
NOW = datetime(2027, 1, 5, 12, 5, tzinfo=UTC)
#: The last day of that year.
LAST_DAY = datetime(2026, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """``counts`` by agency, period, country and network, and the rates that they were drawn with."""

    frequency: str
    periods: Sequence[datetime]
    rates: Floats
    counts: Counts

    def by_day(self) -> "World":
        """The same, of hours of whole days, by the day."""
        shape = (len(AGENCIES), -1, 24, *self.counts.shape[2:])
        rates, counts = (numbers.reshape(shape).sum(axis=2) for numbers in (self.rates, self.counts))
        return World("D", self.periods[::24], rates, counts)


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
        level = invented.expected_counts(starts, ends, level=unit.level, utc_offset=unit.utc_offset)
        rates.append(level[:, None, None] * shares)
    expected = np.array(rates)
    return World(frequency, starts, expected, np.random.default_rng(seed).poisson(expected))


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

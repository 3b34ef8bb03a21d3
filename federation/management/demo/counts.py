"""Invented counts that look like real ones: times of day, weekends, seasons, growth, large and small countries.

Pure NumPy. Nothing here comes from the numbers of a real agency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

NETWORK_SHARES: Mapping[str, float] = {
    "BITTORRENT": 0.46,
    "EDONKEY": 0.24,
    "GNUTELLA": 0.09,
    "GNUTELLA2": 0.04,
    "ARES": 0.05,
    "DIRECTCONNECT": 0.03,
    "HYPHANET": 0.06,
    "OTHER": 0.03,
}
#: A visit to a help service seldom shows where the visitor found the link.
VISIT_SHARES: Mapping[str, float] = {"_U": 0.82, "BITTORRENT": 0.11, "EDONKEY": 0.07}

UNLOCATED_SHARE = 0.03
HOME_FACTOR = 3.5
#: People elsewhere find files with European names less often.
ELSEWHERE_FACTOR = 0.03

# From midnight on, in local time. People are awake in the evening.
_HOURS = np.array([12, 8, 6, 5, 4, 4, 5, 7, 9, 10, 10, 11, 12, 12, 12, 13, 14, 15, 17, 19, 21, 22, 20, 16], float)
_WEEKDAYS = np.array([0.94, 0.92, 0.93, 0.96, 1.03, 1.14, 1.08])
_GROWTH_A_YEAR = 0.14
_SEASON = 0.09
_UNREST = 0.015
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
_THURSDAY = 3


@dataclass(frozen=True)
class Change:
    """From ``since`` on, the counts of a country are multiplied by ``factor``."""

    country: str
    since: datetime
    factor: float


@dataclass(frozen=True)
class Mixture:
    """The share of events in each cell. The shares of all cells add up to one."""

    countries: tuple[str, ...]
    networks: tuple[str, ...]
    shares: Floats

    def over_time(self, starts: Sequence[datetime], changes: Iterable[Change]) -> Floats:
        """The shares in the periods that begin then, as a row for each. After a change, they do not add up to one."""
        rows = np.tile(self.shares, (len(starts), 1))
        by_country = rows.reshape(len(starts), len(self.countries), -1)
        for change in changes:
            changed = np.array([start >= change.since for start in starts], bool)
            by_country[changed, self.countries.index(change.country)] *= change.factor
        return rows

    def observations(self, counts: Counts) -> list[dict[str, str | int]]:
        """The observations of a report: the cells that are not zero."""
        width = len(self.networks)
        return [
            {
                "country": self.countries[cell // width],
                "network": self.networks[cell % width],
                "value": int(counts[cell]),
            }
            for cell in np.flatnonzero(counts).tolist()
        ]


def draw_mixture(
    inhabitants: Mapping[str, int],
    *,
    near: frozenset[str],
    home: str,
    networks: Mapping[str, float],
    rng: np.random.Generator,
) -> Mixture:
    """An agency's events by country: by population, with more at home, less outside Europe, and chance."""
    countries = (*sorted(inhabitants), "_U")
    nearness = {code: 1.0 if code in near else ELSEWHERE_FACTOR for code in inhabitants} | {home: HOME_FACTOR}
    weights = np.array([inhabitants[code] * nearness[code] for code in countries[:-1]], float)
    weights *= rng.lognormal(0.0, 0.35, len(weights))
    weights = np.append(weights, weights.sum() * UNLOCATED_SHARE)
    tastes = np.array(list(networks.values())) * rng.lognormal(0.0, 0.25, (len(countries), len(networks)))
    cells = weights[:, None] * tastes / tastes.sum(axis=1, keepdims=True)
    return Mixture(countries, tuple(networks), (cells / cells.sum()).ravel())


def expected_counts(starts: Sequence[datetime], ends: Sequence[datetime], *, level: float, utc_offset: int) -> Floats:
    """The expected number of events in each period, for an agency with `level` a day at the start of 2026."""
    spans = zip(starts, ends, strict=True)
    minutes = np.array([[int((at - _EPOCH).total_seconds()) // 60 for at in span] for span in spans]).reshape(-1, 2)
    first, last = minutes[:, 0] // 60, np.maximum(-(-minutes[:, 1] // 60), minutes[:, 0] // 60 + 1)
    hours = np.arange(first.min(initial=0), last.max(initial=1) + 1)
    # The level of each hour since 2026 began, relative to an average hour then.
    local, years = hours + utc_offset, hours / (24 * 365.25)
    season = 1 + _SEASON * np.cos(2 * np.pi * (years - 0.04))
    weekday = _WEEKDAYS[(local // 24 + _THURSDAY) % 7]
    hourly = _HOURS[local % 24] / _HOURS.mean() * weekday * season * np.exp(_GROWTH_A_YEAR * years)
    sums = np.concatenate([[0.0], np.cumsum(hourly)]) * level / 24
    whole = sums[last - hours[0]] - sums[first - hours[0]]
    # A minute gets a share of its hour. Longer periods consist of whole hours.
    share: Floats = (minutes[:, 1] - minutes[:, 0]) / (60.0 * (last - first))
    result: Floats = whole * share
    return result


def draw_counts(expectation: Floats, shares: Floats, *, rng: np.random.Generator) -> Counts:
    """A row of cells for each period, a little more random than independent events.

    ``shares`` is one row for all periods, or a row for each.
    """
    unrest = rng.lognormal(0.0, _UNREST, len(expectation))
    return rng.poisson((expectation * unrest)[:, None] * shares)

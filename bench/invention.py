"""Made-up counts: a few large countries and a long tail of small ones, as arrays, as JSON and as CSV."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from p2p_core.codes import COUNTRIES, COUNTRY_CODES, NETWORK_CODES, NETWORKS

#: Observations of an hourly report: a million of them in 5,000 reports.
CELLS = 200
HOUR = timedelta(hours=1)

_GRID = len(COUNTRIES) * len(NETWORKS)
#: So many reports at a time, for the memory that drawing cells takes.
_CHUNK = 1000


@dataclass(frozen=True)
class Reports:
    """Cells of many reports: row i holds the cells of report i, sorted by country and network."""

    countries: NDArray[np.int16]
    networks: NDArray[np.int16]
    values: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, which: slice) -> "Reports":
        return Reports(self.countries[which], self.networks[which], self.values[which])

    @property
    def observations(self) -> int:
        return int(self.values.size)


def reports(count: int, *, seed: int, cells: int = CELLS) -> Reports:
    """Draw reports that name `cells` cells each, the large ones more often and with larger counts."""
    rng = np.random.default_rng(seed)
    # Every agency sees the same world, each a little differently.
    weights = 1 / np.arange(1, _GRID + 1) ** 1.1
    order = np.random.default_rng(0).permutation(_GRID)
    drawn = np.concatenate([_draw(weights, min(_CHUNK, count - at), cells, rng) for at in range(0, count, _CHUNK)])
    values = 1 + rng.poisson(12 * weights[drawn] / weights[cells] * rng.lognormal(0, 0.4, drawn.shape)).astype(np.int64)
    numbers = np.array([(c, n) for c in sorted(COUNTRIES.values()) for n in sorted(NETWORKS.values())], np.int16)
    place = order[drawn]
    sorting = np.argsort(place, axis=1)
    place, values = (np.take_along_axis(array, sorting, axis=1) for array in (place, values))
    return Reports(numbers[place, 0], numbers[place, 1], values)


def _draw(weights: NDArray[np.float64], count: int, cells: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw different cells for each report, by weight (Gumbel's way: the largest of noisy logarithms)."""
    noisy = np.log(weights) + rng.gumbel(size=(count, _GRID))
    return np.argpartition(-noisy, cells, axis=1)[:, :cells]


def hours(first: datetime, count: int) -> list[datetime]:
    return [first + i * HOUR for i in range(count)]


def as_json(made: Reports, starts: Sequence[datetime], *, frequency: str = "H") -> bytes:
    """Write a submission of hourly reports, or of another frequency, as an agency would send it."""
    documents = ",".join(
        f'{{"frequency":"{frequency}","period":"{label(frequency, start)}","observations":[{cells}]}}'
        for start, cells in zip(starts, _json_cells(made), strict=True)
    )
    return f'{{"indicator":"DOWNLOADS","reports":[{documents}]}}'.encode()


def _json_cells(made: Reports) -> Iterator[str]:
    named = _named('{{"country":"{}","network":"{}","value":')
    for *place, values in zip(made.countries.tolist(), made.networks.tolist(), made.values.tolist(), strict=True):
        pairs = zip(*place, values, strict=True)
        yield ",".join(f"{named[country, network]}{value}}}" for country, network, value in pairs)


def as_csv(made: Reports, starts: Sequence[datetime], *, frequency: str = "H") -> bytes:
    """Write the same as SDMX-CSV."""
    named = _named("{},{},")
    lines = ["INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"]
    rows = zip(starts, made.countries.tolist(), made.networks.tolist(), made.values.tolist(), strict=True)
    for start, countries, networks, values in rows:
        head = f"DOWNLOADS,{frequency},{label(frequency, start)},"
        cells = zip(countries, networks, values, strict=True)
        lines += [f"{head}{named[country, network]}{value}" for country, network, value in cells]
    return ("\r\n".join(lines) + "\r\n").encode()


def label(frequency: str, start: datetime) -> str:
    return start.strftime("%Y-%m-%d" if frequency == "D" else "%Y-%m-%dT%H:%M")


@cache
def _named(form: str) -> dict[tuple[int, int], str]:
    return {
        (country, network): form.format(COUNTRY_CODES[country], NETWORK_CODES[network])
        for country in COUNTRIES.values()
        for network in NETWORKS.values()
    }


def as_rows(made: Reports) -> Iterator[tuple[int, int, int, int]]:
    """Yield each observation as the number of its report, country, network and value."""
    every = zip(made.countries.tolist(), made.networks.tolist(), made.values.tolist(), strict=True)
    for report, cells in enumerate(every):
        for country, network, value in zip(*cells, strict=True):
            yield report, country, network, value


def rows_as_json(made: Reports) -> bytes:
    """Write observations as an array of flat rows, with codes in numbers as the table has them."""
    form = '{{"report":{},"country":{},"network":{},"value":{}}}'
    return ("[" + ",".join(form.format(*row) for row in as_rows(made)) + "]").encode()


def rows_with_codes(made: Reports) -> bytes:
    """Write observations as an array of flat rows, with codes as people write them."""
    rows = [
        {"report": report, "country": COUNTRY_CODES[country], "network": NETWORK_CODES[network], "value": value}
        for report, country, network, value in as_rows(made)
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


def rows_as_csv(made: Reports) -> bytes:
    lines = (f"{report},{country},{network},{value}\n" for report, country, network, value in as_rows(made))
    return ("report,country,network,value\n" + "".join(lines)).encode()

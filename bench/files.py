"""The files of all data: ten years of days of every country and network that is published by day."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench import published, results
from bench.results import Row, say
from bench.sizes import scaled
from bench.stack import joined, running, temporary_folder

if TYPE_CHECKING:
    from bench.inside import Inside

_YEARS = scaled(10)
#: Events of a day: few large series and a long tail of small ones, as in `bench.invention`.
_EVENTS = 100_000


def measure() -> Iterator[Row]:
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        series, days = _make(inside)
        runs, what = scaled(5, least=2), f"{_YEARS} years of days, {series} series, {series * days:,} rows"
        say(f"{what}, {runs} times")
        seconds: list[float] = []
        sizes: dict[str, int] = {}
        for _ in range(runs):
            taken, sizes = _written(folder / "files")
            seconds.append(taken)
        yield Row(f"time to write {what}, as Parquet and CSV", float(np.median(seconds)), 10, 5, runs=runs)
        for name, size in sizes.items():
            yield Row(f"size of {what}, as {name}", size / 1e6, 20, 10, unit="MB", runs=runs)


def _make(inside: "Inside") -> tuple[int, int]:
    """Publish the series that are public by day with the details of a new installation; return how many, and days."""
    from countries.reference import Reference
    from federation.published import detail
    from federation.rules.view import ALL_NETWORKS, Series
    from p2p_core import codes

    places = [*codes.COUNTRIES.values(), *codes.GROUPS.values()]
    every = [Series(country, network) for country in places for network in (*codes.NETWORKS.values(), ALL_NETWORKS)]
    is_published = detail.mask(Reference.current(), 1, "D").rows(every)[:, -1].tolist()
    found = [one for one, flag in zip(every, is_published, strict=True) if flag]
    ranks = np.random.default_rng(0).permutation(len(found)) + 1
    means = ranks**-1.1 / (np.arange(1, len(ranks) + 1) ** -1.1).sum() * _EVENTS
    series = [
        published.MeanOfSeries(one.country, one.network, mean)
        for one, mean in zip(found, means.round(3).tolist(), strict=True)
    ]
    return len(series), published.make_days(inside, series, years=_YEARS, late=0.1)


def _written(folder: Path) -> tuple[float, dict[str, int]]:
    """Write all files again. Return how many seconds it took, and how many bytes the files of each format have."""
    from federation.files import writing

    shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    made = writing.write()
    seconds = time.perf_counter() - began
    assert made is not None
    return seconds, {"Parquet" if file.name.endswith(".parquet") else "CSV": file.size for file in made.files}


if __name__ == "__main__":
    results.finish(measure())

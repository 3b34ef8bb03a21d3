"""An answer of `aggregates` that is held, whole and as 304, against an empty view on the same server."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.client import NOT_MODIFIED, OK

from bench import invention, load, results
from bench.results import Row, alternating, say
from bench.sizes import scaled
from bench.stack import joined, running, temporary_folder
from p2p_core import periods

#: Short and many, as such small differences drown in the moods of a machine.
SECONDS = 1.0
DAYS = 30
_AGENCIES = 3


def measure() -> Iterator[Row]:
    runs = scaled(15, least=5)
    with (
        temporary_folder() as folder,
        running(folder, DJANGO_SETTINGS_MODULE="bench.settings") as stack,
        joined(stack) as inside,
    ):
        today = periods.start_of("D", inside.now())
        days = [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
        for seed in range(_AGENCIES):
            inside.store(inside.new_agency(), invention.reports(DAYS, seed=seed), days, frequency="D")
        inside.settle()
        start, end = (periods.label("D", day) for day in (days[0], days[-1]))
        path = f"/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start={start}&end={end}"
        held = stack.web().must(OK, "GET", path)
        say(f"{runs} times {SECONDS:.0f} s each by {load.generator()}")
        ask = partial(load.seconds_an_answer, stack.port, seconds=SECONDS)
        ways = [
            partial(ask, "/bench/empty/", {}, status=OK),
            partial(ask, path, {}, status=OK),
            partial(ask, path, {"If-None-Match": held.headers["ETag"]}, status=NOT_MODIFIED),
        ]
        empty, whole, unchanged = alternating(ways, runs=runs)
    remark = (
        f"{len(held.body):,} bytes; {load.CONNECTIONS} connections kept busy by {load.generator()}, time by answers"
    )
    reference = "an empty Django view on the same server"
    yield Row("aggregates from cache", whole, 1.3, 1.1, reference, empty, runs=runs, remark=remark)
    yield Row("aggregates from cache, with 304", unchanged, 1.1, 1.0, reference, empty, runs=runs)


if __name__ == "__main__":
    results.finish(measure())

"""From the last 202 of a minute until the live view shows it, with 3,000 agencies that send for ten minutes."""

from collections.abc import Iterator

from bench import results
from bench.freshness import MARKS, Run, agencies
from bench.results import Row, say
from bench.sizes import scaled
from bench.stack import joined, running, temporary_folder

AGENCIES, MINUTES = scaled(3000), scaled(10, least=2)
#: In seconds. The last reports of a minute have time to be counted before it is published without them.
_SPREAD = 50.0


def measure() -> Iterator[Row]:
    # Those that have a country to be seen by are spread evenly among the others.
    step = AGENCIES / len(MARKS)
    seen = {int(step * number): mark for number, mark in enumerate(MARKS)}
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        say(f"{AGENCIES:,} agencies are brought in")
        senders = agencies(inside, [seen.get(number) for number in range(AGENCIES)])
        say(f"{MINUTES} minutes of them")
        run = Run(stack, senders, [_SPREAD] * MINUTES)
        run.measure()
        yield from run.rows(f"{AGENCIES:,} agencies for {MINUTES} minutes", _SPREAD)


if __name__ == "__main__":
    results.finish(measure())

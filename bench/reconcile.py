"""A month of hourly reports of 30 agencies, reconciled and published from an empty state, against one SQL statement."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench import invention, results
from bench.results import Row, alternating, say
from bench.sizes import scaled
from bench.stack import joined, running, temporary_folder
from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS, GROUPS

if TYPE_CHECKING:
    from bench.inside import Inside

RUNS = 3
AGENCIES = 30
MONTH = 720
_WORKERS = 2
_COPY, _MEMBERSHIP = "bench_publishedcell", "bench_membership"


def measure() -> Iterator[Row]:
    # Fewer would measure the weeks, months and years, which take the same for one hour as for a month of them.
    hours, agencies = scaled(MONTH, least=240), scaled(AGENCIES, least=10)
    with (
        temporary_folder() as folder,
        running(folder, WORKER_PROCESSES=str(_WORKERS)) as stack,
        joined(stack) as inside,
    ):
        month = _Month(inside, hours, agencies)
        say(f"{month.observations:,} observations, {RUNS} times reconciled and by SQL")
        ours, theirs = alternating([month.reconcile, month.insert], runs=RUNS)
    yield Row(
        what=f"reconcile and publish {hours} hours of {agencies} agencies ({month.observations:,} observations)",
        ours=ours,
        budget=2.0,
        goal=1.0,
        reference="one INSERT … SELECT … GROUP BY of the same cells",
        theirs=theirs,
        runs=RUNS,
    )


class _Month:
    """The reports of the last hours, which end with the last one that may be published."""

    def __init__(self, inside: "Inside", hours: int, agencies: int) -> None:
        self._inside = inside
        self._agencies = [inside.new_agency() for _ in range(agencies)]
        self._made = [invention.reports(hours, seed=seed) for seed in range(agencies)]
        self._hours = hours
        self.observations = sum(made.observations for made in self._made)
        self._make_tables()

    def reconcile(self) -> float:
        """Return the seconds from the commit of all reports until the workers have nothing left to do."""
        inside = self._inside
        inside.forget()
        last = periods.start_of("H", inside.now() - invention.HOUR)
        starts = invention.hours(last - (self._hours - 1) * invention.HOUR, self._hours)
        with inside.at_once():
            for agency, made in zip(self._agencies, self._made, strict=True):
                inside.store(agency, made, starts, frequency="H")
        began = time.perf_counter()
        inside.wait_for_workers()
        return time.perf_counter() - began

    def insert(self) -> float:
        """Return the seconds that the same cells take as one statement, of the reports that lie there."""
        inside = self._inside
        inside.run(f"TRUNCATE {_COPY}")
        inside.run("ANALYZE federation_report")
        inside.settle()
        began = time.perf_counter()
        inside.run(_statement())
        return time.perf_counter() - began

    def _make_tables(self) -> None:
        members = [(country, country) for country in COUNTRIES.values()]
        members += [(COUNTRIES[code], number) for group, number in GROUPS.items() for code in GROUP_MEMBERS[group]]
        rows = ", ".join(f"({country}, {place})" for country, place in members)
        self._inside.run(f"CREATE TABLE {_MEMBERSHIP} (country, place) AS SELECT * FROM (VALUES {rows}) AS pairs")
        self._inside.run(f"CREATE TABLE {_COPY} (LIKE federation_publishedcell INCLUDING ALL)")


def _statement() -> str:
    text = (Path(__file__).parent / "sql" / "combined.sql").read_text()
    return text.format(table=_COPY, membership=_MEMBERSHIP)


if __name__ == "__main__":
    results.finish(measure())

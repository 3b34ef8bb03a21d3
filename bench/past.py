"""Years of history, taken in and reconciled as any: days for the most part, one month in hours.

`python -m bench.past FOLDER PORT YEARS AGENCIES` makes it in the stack whose data lie in that folder, and prints the
credential of the agency whose hours are to be revised.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench import invention
from bench.stack import joined_at
from federation.rules import periods

if TYPE_CHECKING:
    from bench.inside import Inside
    from countries.models import Agency

#: So many reports are taken in at a time.
_PART = 2000
#: A day's cells, fewer than there are: the history is to be long, not wide.
CELLS = 50


def begin(years: int, now: datetime) -> datetime:
    """Return the first day of so many whole years before this one."""
    return datetime(now.year - years, 1, 1, tzinfo=UTC)


def hourly_month(now: datetime) -> datetime:
    """Return the month that is reported by the hour: the last of the last year, so that all that holds it has ended."""
    return datetime(now.year - 1, 12, 1, tzinfo=UTC)


def make(inside: "Inside", *, years: int, agencies: int) -> "Agency":
    """Take in the reports of all agencies and wait for the workers; return one of the agencies."""
    now = inside.now()
    days = list(_days(begin(years, now), now))
    hours = list(periods.between("H", hourly_month(now), periods.end("M", hourly_month(now)) - invention.HOUR))
    for seed in range(agencies):
        agency = inside.new_agency()
        inside.expect(agency, "D", days[0].date())
        _send(inside, agency, days, "D", seed)
        _send(inside, agency, hours, "H", seed)
    inside.settle()
    return agency


def _days(first: datetime, now: datetime) -> Iterator[datetime]:
    """Yield the days from the first one to yesterday, but for those reported by the hour."""
    month = hourly_month(now)
    for day in periods.between("D", first, now - timedelta(days=1)):
        if periods.start_of("M", day) != month:
            yield day


def _send(inside: "Inside", agency: "Agency", starts: list[datetime], frequency: str, seed: int) -> None:
    made = invention.reports(len(starts), seed=seed, cells=CELLS)
    for at in range(0, len(starts), _PART):
        part = slice(at, at + _PART)
        inside.store(agency, made.part(part), starts[part], frequency=frequency)


def main() -> None:
    folder, port, years, agencies = sys.argv[1:]
    with joined_at(Path(folder), int(port)) as inside:
        agency = make(inside, years=int(years), agencies=int(agencies))
        print(json.dumps(inside.credential(agency)))


if __name__ == "__main__":
    main()

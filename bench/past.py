"""Makes years of history through intake and reconciliation: mostly days, and some days of a month in hours.

`python -m bench.past FOLDER PORT YEARS AGENCIES` makes it in the stack whose data lie in that folder, and prints the
credential of the agency whose hours are to be revised.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import invention
from bench.sizes import scaled
from bench.stack import joined_at
from p2p_core import periods

if TYPE_CHECKING:
    from bench.inside import Inside
    from countries.models import Agency

_DAY, _DECEMBER = timedelta(days=1), 31
#: How long a long history is.
YEARS: Final = scaled(10, least=3)
#: The number of reports in one submission.
_PART = 2000
#: The cells of a day. There are few, because the history should be long and not wide.
CELLS = 50


def begin(years: int, now: datetime) -> datetime:
    """Return the first day of so many whole years before this one. Nothing before the campaign is accepted."""
    return max(datetime(now.year - years, 1, 1, tzinfo=UTC), periods.EARLIEST)


def hourly_days(now: datetime) -> list[datetime]:
    """Return the days that are reported by the hour: of last December, so that all that holds them has ended."""
    count = scaled(_DECEMBER, least=3)
    first = datetime(now.year - 1, 12, 1, tzinfo=UTC) + (_DECEMBER - count) // 2 * _DAY
    return [first + number * _DAY for number in range(count)]


def make(inside: "Inside", *, years: int, agencies: int) -> "Agency":
    """Take in the reports of all agencies and wait for the workers; return one of the agencies."""
    now = inside.now()
    days = list(_days(begin(years, now), now))
    hours = [day + hour * invention.HOUR for day in hourly_days(now) for hour in range(24)]
    for seed in range(agencies):
        agency = inside.new_agency()
        inside.expect([agency], "D", days[0].date())
        _send(inside, agency, days, "D", seed)
        _send(inside, agency, hours, "H", seed)
    inside.settle()
    return agency


def _days(first: datetime, now: datetime) -> Iterator[datetime]:
    """Yield the days from the first one to yesterday, except those reported by the hour."""
    by_hour = set(hourly_days(now))
    yield from (day for day in periods.between("D", first, now - _DAY) if day not in by_hour)


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

"""The first page of the desk and its longest list, with a year of data from 30 agencies: some silent, some held."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.client import OK
from typing import TYPE_CHECKING

from bench import invention, results
from bench.invention import Reports
from bench.results import Row, median, say
from bench.stack import joined, running, temporary_folder
from bench.web import Web
from federation.rules import periods

if TYPE_CHECKING:
    from bench.inside import Inside

AGENCIES, DAYS = 30, 365
RUNS = 40
_CELLS = 50
#: Some agencies send hours for the last two weeks; some fell silent nine days ago; some send what will be held.
_HOURS, _BY_HOUR = 14 * 24, 10
_SILENT, _SINCE = 3, 9
_ODD, _HELD = 6, 5
_PAGES = {"the start page of the desk": "/admin/", "its list of findings": "/admin/federation/finding/?state=all"}


def measure() -> Iterator[Row]:
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        say(f"making {DAYS} days of {AGENCIES} agencies")
        for number in range(AGENCIES):
            _send(inside, number)
        inside.settle()
        inside.run("VACUUM ANALYZE")
        web, cookie = stack.web(), f"sessionid={inside.session()}"
        for what, path in _PAGES.items():
            taken = median(partial(_taken, web, path, cookie), runs=RUNS)
            yield Row(f"{what}, {DAYS} days of {AGENCIES} agencies", taken, 0.3, 0.1, runs=RUNS)


def _taken(web: Web, path: str, cookie: str) -> float:
    return web.must(OK, "GET", path, Cookie=cookie).seconds


def _send(inside: "Inside", number: int) -> None:
    """Bring an agency in, with a year of days up to yesterday."""
    agency = inside.new_agency()
    hour = periods.start_of("H", inside.now())
    today = periods.start_of("D", hour)
    missing = _SINCE if number < _SILENT else 0
    days = [today - timedelta(days=back) for back in range(DAYS, missing, -1)]
    inside.expect(agency, "D", days[0].date())
    made = invention.reports(len(days), seed=number, cells=_CELLS)
    inside.store(agency, made, days, frequency="D")
    if AGENCIES - number <= _BY_HOUR:
        hours = invention.hours(hour - timedelta(hours=_HOURS), _HOURS)
        inside.store(agency, invention.reports(_HOURS, seed=number, cells=_CELLS), hours, frequency="H")
    if _SILENT <= number < _SILENT + _ODD:
        inside.store(agency, _tenfold(made.part(slice(-_HELD, None))), days[-_HELD:], frequency="D")


def _tenfold(made: Reports) -> Reports:
    return Reports(made.countries, made.networks, made.values * 10)


if __name__ == "__main__":
    results.finish(measure())

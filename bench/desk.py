"""The first page of the desk and its longest list, with days of data from 30 agencies: some silent, some held."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.client import OK
from typing import TYPE_CHECKING

from bench import invention, results
from bench.invention import Reports
from bench.results import Row, median, say
from bench.sizes import scaled
from bench.stack import joined, running, temporary_folder
from bench.web import Web
from p2p_core import periods

if TYPE_CHECKING:
    from bench.inside import Inside

AGENCIES = 30
RUNS = 40
_CELLS = 50
#: Some agencies send hours for the last two weeks; some fell silent nine days ago; some send what will be held.
_BY_HOUR = 10
_SILENT, _SINCE = 3, 9
_ODD, _HELD = 6, 5
_PAGES = {"the start page of the desk": "/admin/", "its list of findings": "/admin/federation/finding/?state=all"}


def measure() -> Iterator[Row]:
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        days, hours = scaled(365, least=120), 24 * scaled(14, least=2)
        say(f"making {days} days of {AGENCIES} agencies")
        for number in range(AGENCIES):
            _send(inside, number, days, hours)
        inside.settle()
        inside.run("VACUUM ANALYZE")
        web, cookie = stack.web(), f"sessionid={inside.session()}"
        for what, path in _PAGES.items():
            taken = median(partial(_taken, web, path, cookie), runs=RUNS)
            yield Row(f"{what}, {days} days of {AGENCIES} agencies", taken, 0.3, 0.1, runs=RUNS)


def _taken(web: Web, path: str, cookie: str) -> float:
    return web.must(OK, "GET", path, Cookie=cookie).seconds


def _send(inside: "Inside", number: int, days: int, hours: int) -> None:
    """Bring an agency in, with so many days up to yesterday, and hours of those that send them."""
    agency = inside.new_agency()
    hour = periods.start_of("H", inside.now())
    today = periods.start_of("D", hour)
    missing = _SINCE if number < _SILENT else 0
    starts = [today - timedelta(days=back) for back in range(days, missing, -1)]
    inside.expect([agency], "D", starts[0].date())
    made = invention.reports(len(starts), seed=number, cells=_CELLS)
    inside.store(agency, made, starts, frequency="D")
    if AGENCIES - number <= _BY_HOUR:
        by_hour = invention.hours(hour - timedelta(hours=hours), hours)
        inside.store(agency, invention.reports(hours, seed=number, cells=_CELLS), by_hour, frequency="H")
    if _SILENT <= number < _SILENT + _ODD:
        inside.store(agency, _tenfold(made.part(slice(-_HELD, None))), starts[-_HELD:], frequency="D")


def _tenfold(made: Reports) -> Reports:
    return Reports(made.countries, made.networks, made.values * 10)


if __name__ == "__main__":
    results.finish(measure())

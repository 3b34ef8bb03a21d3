"""One country's daily series of ten years, never asked for before, against PostgREST doing the same query."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http.client import OK
from itertools import count
from typing import TYPE_CHECKING

from bench import past, postgrest, results
from bench.results import Row, alternating, say
from bench.sizes import scaled
from bench.stack import Stack, joined, running, temporary_folder
from bench.web import Web
from p2p_core import periods
from p2p_core.codes import COUNTRIES, COUNTRY_CODES

if TYPE_CHECKING:
    from bench.inside import Inside

_CELLS, _WITH_COVERAGE = "bench_series", "bench_series_with_coverage"
#: The two queries of PostgREST: the series alone, and with the coverage beside each number.
_FULLEST = """
SELECT country FROM federation_publishedcell
WHERE frequency = 'D' AND network = 0 AND country = ANY (%s)
GROUP BY country ORDER BY count(*) DESC LIMIT 1
"""
_VIEWS = f"""
CREATE VIEW {_CELLS} AS
SELECT indicator_id, frequency, country, network, period, value
FROM federation_publishedcell
WHERE version_to IS NULL;
CREATE VIEW {_WITH_COVERAGE} AS
SELECT cell.*, coverage.agencies_expected, coverage.agencies_reporting,
       nullif(coverage.share, -1) / 10000::float8 AS time_coverage, coverage.status
FROM {_CELLS} AS cell
JOIN federation_publishedcoverage AS coverage USING (indicator_id, frequency, period)
WHERE coverage.version_to IS NULL;
"""


def measure() -> Iterator[Row]:
    runs = scaled(200, least=40)
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        say(f"making {past.YEARS} years of history")
        past.make(inside, years=past.YEARS, agencies=scaled(10))
        inside.run(_VIEWS)
        inside.run("VACUUM ANALYZE")
        inside.settle()
        yield from _compared(_Question(inside), stack, runs)


def _compared(question: "_Question", stack: Stack, runs: int) -> Iterator[Row]:
    what = f"one country's daily series of {past.YEARS} years, uncached"
    ours = partial(_taken, stack.web(), question.ours)
    views = {"PostgREST, the series alone": _CELLS, "PostgREST, with the coverage of each day": _WITH_COVERAGE}
    try:
        with postgrest.serving(os.environ["DATABASE_URL"], table=_CELLS) as web:
            theirs = [partial(_taken, web, partial(question.theirs, view)) for view in views.values()]
            say(f"{runs} different series from both")
            found, *others = alternating([ours, *theirs], runs=runs)
    except postgrest.AbsentError as error:
        yield Row(what, results.median(ours, runs=runs), None, None, runs=runs, remark=str(error))
        return
    for name, other in zip(views, others, strict=True):
        yield Row(what, found, 1.5, 1.0, name, other, runs=runs)


def _taken(web: Web, address: Callable[[], str]) -> float:
    return web.must(OK, "GET", address()).seconds


class _Question:
    """The series of the country that has most of it; each question begins a day later, so that no answer is held."""

    def __init__(self, inside: "Inside") -> None:
        now = inside.now()
        self._first, self._last = past.begin(past.YEARS, now), now - timedelta(days=1)
        [(self._country,)] = inside.ask(_FULLEST, [list(COUNTRIES.values())])
        self._turns = count()

    def ours(self) -> str:
        first = self._first + timedelta(days=next(self._turns))
        start, end = (periods.label("D", day) for day in (first, self._last))
        return (
            "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D"
            f"&start={start}&end={end}&country={COUNTRY_CODES[self._country]}"
        )

    def theirs(self, view: str) -> str:
        first = self._first + timedelta(days=next(self._turns))
        return (
            f"/{view}?indicator_id=eq.1&frequency=eq.D&country=eq.{self._country}&network=eq.0"
            f"&period=gte.{first:%Y-%m-%d}&period=lte.{self._last:%Y-%m-%d}&order=period"
        )


if __name__ == "__main__":
    results.finish(measure())

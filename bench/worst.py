"""The dearest request of each public route in time of PostgreSQL and the web server: ten years of days, and hours."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.client import OK
from typing import TYPE_CHECKING, Final

import psutil

from bench import past, results
from bench.results import Row, say
from bench.sizes import scaled
from bench.stack import Stack, joined, running, temporary_folder, words_of
from p2p_core.codes import COUNTRIES, GROUPS, NETWORK_CODES

if TYPE_CHECKING:
    from bench.inside import Inside

#: With eleven networks and all of them, these are some nine hundred daily series; each hour has so many versions.
_COUNTRIES, _REVISIONS = 75, scaled(5)
_AGENCIES = 30
_AT_ONCE: Final = 20
_SECONDS: Final = 2.0
#: The role that PostgreSQL's processes for public reads have in their titles.
_READER: Final = "police2peer_public"

# As publication leaves them: each period of a version of its own, hours revised several times.
_MAKE = """
CREATE TEMPORARY TABLE made AS
SELECT number, frequency, period, lead(number) OVER (PARTITION BY frequency, period ORDER BY number) AS until
FROM (
    SELECT 1000000 + row_number() OVER (ORDER BY revision, period) AS number, frequency, period
    FROM (
        SELECT 'D' AS frequency, period, 1 AS revision
        FROM generate_series('{first}'::timestamptz, '{last}'::timestamptz, interval '1 day') AS period
        UNION ALL
        SELECT 'H', period, revision
        FROM generate_series('{first}'::timestamptz, '{last}'::timestamptz, interval '1 hour') AS period,
             generate_series(1, {revisions}) AS revision
    ) AS every
) AS numbered;
INSERT INTO federation_version (number, known_at)
SELECT number, '{last}'::timestamptz - interval '{years} years' * (1 - (number - 1000000)::float8 / count(*) OVER ())
FROM made;
INSERT INTO federation_publishedcoverage (
    indicator_id, frequency, period, agencies_expected, agencies_reporting, share, status,
    agencies, states, covered, owed, is_break, agencies_awaited, awaited, version_from, version_to)
SELECT 1, frequency, period, {agencies}, {agencies}, 10000, 'P',
       (SELECT array_agg(id) FROM countries_agency), array_fill('reported'::text, ARRAY[{agencies}]),
       array_fill(3600, ARRAY[{agencies}]), array_fill(3600, ARRAY[{agencies}]), false, 0, '{{}}', number, until
FROM made;
INSERT INTO federation_periodversion (indicator_id, frequency, period, version, is_correction)
SELECT 1, frequency, period, number, number > min(number) OVER (PARTITION BY frequency, period) FROM made;
INSERT INTO federation_publishedseries (indicator_id, frequency, country, network, first_version)
SELECT 1, frequency, country, network, 1000001
FROM unnest(ARRAY['D', 'H']) AS frequency, unnest('{countries}'::smallint[]) AS country,
     unnest('{networks}'::smallint[]) AS network
WHERE frequency = 'D' OR network = 0;
INSERT INTO federation_publishedcell (indicator_id, frequency, period, country, network, value, version_from)
SELECT 1, frequency, period, country, network, 5 + 5 * (number * country * (network + 1) % 997), number
FROM made, unnest('{countries}'::smallint[]) AS country,
     unnest('{networks}'::smallint[]) AS network
WHERE until IS NULL AND (frequency = 'D' OR (network = 0 AND country % 9 = 0));
"""

_DATA, _THERE = "/sdmx/3.0/data/dataflow/P2PEU", "/sdmx/3.0/availability/dataflow/P2PEU"
_ALL_OF_TIME = "indicator=DOWNLOADS&start=0001-01-01&end=9999-12-31"
_HOURS = "indicator=DOWNLOADS&start=0001-01-01T00:00&end=9999-12-31T23:00&frequency=H"


def _codes(number: int = 0) -> str:
    return ",".join(f"X{number}{place}" for place in range(900))


def _questions(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield routes, each with its most expensive known question, or several if that is not clear."""
    year = now.year
    early = f"{year - past.YEARS}-02-01T00:00:00Z"
    days, every = f"/api/v1/aggregates/?{_ALL_OF_TIME}&frequency=D", "country=*&network=*"
    yield "aggregates", f"{days}&{every}"
    yield "aggregates, as they were", f"{days}&{every}&as_of={early}"
    yield "aggregates of a range at rest", f"/api/v1/aggregates/?{_HOURS.replace('9999', str(year - 2))}&country=*"
    yield "aggregates, hours as they were", f"/api/v1/aggregates/?{_HOURS}&country=*&as_of={early}"
    yield (
        "aggregates of a panel",
        "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=M&start=0001-01&end=9999-12&panel=36&country=*",
    )
    yield "live minutes", "/api/v1/aggregates/live/?country=*"
    yield "windows", "/api/v1/aggregates/windows/?indicator=DOWNLOADS&window=P365D"
    yield "coverage", f"/api/v1/coverage/?{_HOURS}"
    corrections = "/api/v1/corrections/?indicator=DOWNLOADS"
    yield "corrections of a country that has none", f"{corrections}&frequency=H&country=NO"
    yield "corrections of all", f"{corrections}&frequency=H&limit=1000"
    for name in ("countries", "networks", "indicators", "agencies", "annotations", "rules", "help-services"):
        yield name, f"/api/v1/{name}/"
    yield "audit head", "/api/v1/audit/head/"
    yield "SDMX data, all that is held", f"{_DATA}/P2P/1.0.0/*?limit=20000&format=json"
    yield "SDMX data, codes", f"{_DATA}/P2P/1.0.0/D?c[COUNTRY]={_codes()}&lastNObservations=1"
    yield "SDMX data, keys of series", f"{_DATA}/P2P/1.0.0/*?attributes=none&measures=none"
    yield "SDMX data, past views", f"{_DATA}/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?lastNObservations=1&limit=20000"
    yield (
        "SDMX data, named past views",
        f"{_DATA}/P2P_VINTAGE/1.0.0/*.*.*.*.{'+'.join(f'{year - 1}-01-{day:02}' for day in range(1, 32))}?limit=20000",
    )
    yield "SDMX data, changes", f"{_DATA}/P2P/1.0.0/D?updatedAfter={early}&limit=1"
    yield "SDMX availability", f"{_THERE}/P2P/1.0.0/*?references=all"
    yield "SDMX availability, changes", f"{_THERE}/P2P/1.0.0/D?references=all&updatedAfter={early}"
    yield "SDMX availability, changes of hours", f"{_THERE}/P2P/1.0.0/H?references=all&updatedAfter={early}"
    yield "SDMX availability, past views", f"{_THERE}/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?references=all"
    yield "SDMX availability, past views of all", f"{_THERE}/P2P_VINTAGE/1.0.0/*?references=all"
    for form in ("xml", "json"):
        yield f"SDMX structures, {form}", f"/sdmx/3.0/structure/*/*/*/*?references=all&format={form}"
    yield "SDMX schema", "/sdmx/3.0/schema/dataflow/P2PEU/P2P/1.0.0"
    for suffix in ("ttl", "jsonld", "rdf"):
        yield f"catalogue, {suffix}", f"/catalog.{suffix}"
    yield "OpenAPI", "/api/schema/"
    yield "page of the API", "/api/docs/"
    yield "map", "/?window=day&day=2020-01-01&sort=rate"
    yield "country", "/countries/no/?with=SE,DK,FI,DE,FR&start=2000-01-01&show=index"
    yield "chart", "/countries/no/chart.svg?with=SE,DK,FI,DE,FR&start=2000-01-01&show=index"
    for name in ("coverage", "help", "about", "data"):
        yield f"page: {name}", f"/{name}/"


def measure() -> Iterator[Row]:
    with temporary_folder() as folder, running(folder, WEB_PROCESSES="1") as stack, joined(stack) as inside:
        _make(inside)
        web = stack.web()
        # Once, so that nothing is counted that a process does only the first time.
        web.get("/countries/no/")
        for name, address in _questions(inside.now()):
            say(name)
            before = _spent(stack)
            answer = web.get(address)
            # What the kernel has not yet counted, and the end of a request after its answer.
            time.sleep(0.05)
            seconds = max(0.0, _spent(stack) - before)
            refused = "" if answer.status == OK else f", {answer.status} {answer.json()['code']}"
            yield Row(f"{name}{refused}", seconds, _SECONDS)
        say("many at once")
        yield _beside(stack, inside.now())


def _beside(stack: Stack, now: datetime) -> Row:
    """Request the help services during many expensive requests at once, from addresses without a limit."""
    early = f"{now.year - past.YEARS}-02"
    dearest = [f"{_THERE}/P2P/1.0.0/D?updatedAfter={early}-{day:02}T00:00:00Z" for day in range(1, _AT_ONCE + 1)]
    askers = [threading.Thread(target=stack.web().get, args=[address]) for address in dearest]
    web, began = stack.web(), time.perf_counter()
    for one in askers:
        one.start()
    slowest = 0.0
    while any(one.is_alive() for one in askers):
        slowest = max(slowest, web.must(OK, "GET", "/api/v1/help-services/").seconds)
    what = f"help services, beside {_AT_ONCE} of the dearest questions at once: slowest"
    return Row(
        what, slowest, _SECONDS, remark=f"all were answered or refused after {time.perf_counter() - began:.1f} s"
    )


def _spent(stack: Stack) -> float:
    """Return the processor's seconds that public reads have taken so far, in the web server and in PostgreSQL."""
    everyone = psutil.Process(stack.process.pid).children(recursive=True)
    readers = [one for one in everyone if any(_READER in word for word in words_of(one))]
    return sum(sum(one.cpu_times()[:2]) for one in (*stack.servers(), *readers))


def _make(inside: "Inside") -> None:
    for _ in range(_AGENCIES):
        inside.new_agency()
    countries = sorted((*COUNTRIES.values(), *GROUPS.values()))[: scaled(_COUNTRIES)]
    last = inside.now().replace(hour=0, minute=0, second=0, microsecond=0)
    say(f"making {past.YEARS} years of {len(countries)} countries")
    # So many rows at once are more than the application ever writes.
    inside.run("SET statement_timeout = 0")
    inside.run(
        _MAKE.format(
            first=past.begin(past.YEARS, last),
            last=last,
            years=past.YEARS,
            revisions=_REVISIONS,
            agencies=_AGENCIES,
            countries="{" + ",".join(map(str, countries)) + "}",
            networks="{" + ",".join(map(str, sorted(NETWORK_CODES))) + "}",
        )
    )
    inside.run("VACUUM ANALYZE")
    inside.settle()


if __name__ == "__main__":
    results.finish(measure())

"""A submission of a million observations over HTTP until 202, against COPY, DRF and PostgREST with the same rows."""

import http.client
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from bench import flat, invention, memory, postgrest, results
from bench.invention import Reports
from bench.results import Row, alternating, say
from bench.sizes import scaled
from bench.stack import Stack, joined, running, temporary_folder
from bench.web import Web
from p2p_core import periods

if TYPE_CHECKING:
    from bench.inside import Inside

#: DRF is slow enough to be measured in part and scaled.
DRF_OBSERVATIONS = 100_000
_CREATED = http.client.CREATED
_MEDIA = {"JSON": "application/json", "CSV": "text/csv"}

#: The measurements, by name; each call returns seconds.
Ways = dict[str, Callable[[], float]]


def measure() -> Iterator[Row]:
    with (
        temporary_folder() as folder,
        running(folder, DJANGO_SETTINGS_MODULE="bench.settings") as stack,
        joined(stack) as inside,
    ):
        yield from _memory(stack, inside)
        yield from _times(stack, inside)


def _times(stack: Stack, inside: "Inside") -> Iterator[Row]:
    made, runs = invention.reports(scaled(5000), seed=1), scaled(5, least=3)
    with closing(psycopg.connect(os.environ["DATABASE_URL"])) as database, ExitStack() as servers:
        flat.make_table(database)
        ways = _own(inside, made) | {"COPY": _copy(database, made), "DRF": partial(_drf, stack.web(), made, database)}
        absent = ""
        try:
            other = servers.enter_context(postgrest.serving(os.environ["DATABASE_URL"], table=flat.TABLE))
            ways |= _others(other, database, made)
        except postgrest.AbsentError as error:
            absent = str(error)
        say(f"{made.observations:,} observations, {runs} times {', '.join(ways)}")
        found = dict(zip(ways, alternating(list(ways.values()), runs=runs, before=inside.forget), strict=True))
        yield from _rows(made, found, runs, absent)


def _own(inside: "Inside", made: Reports) -> Ways:
    starts = invention.hours(_first(inside, len(made)), len(made))
    bodies = {"JSON": invention.as_json(made, starts), "CSV": invention.as_csv(made, starts)}

    def submit(media: str) -> float:
        return inside.sender().submit(bodies[media], media=_MEDIA[media]).seconds

    return {media: partial(submit, media) for media in _MEDIA}


def _first(inside: "Inside", count: int) -> datetime:
    return periods.start_of("H", inside.now()) - (count + 1) * invention.HOUR


def _copy(database: psycopg.Connection, made: Reports) -> Callable[[], float]:
    rows = list(invention.as_rows(made))

    def copy() -> float:
        flat.make_table(database)
        return flat.copy(database, rows)

    return copy


def _others(web: Web, database: psycopg.Connection, made: Reports) -> Ways:
    bodies = {"JSON": invention.rows_as_json(made), "CSV": invention.rows_as_csv(made)}

    def insert(media: str) -> float:
        flat.make_table(database)
        time.sleep(0.1)  # it reads the schema again when the table is new
        headers = {"Content_Type": _MEDIA[media], "Prefer": "return=minimal"}
        return web.must(_CREATED, "POST", f"/{flat.TABLE}", bodies[media], **headers).seconds

    return {f"PostgREST {media}": partial(insert, media) for media in _MEDIA}


def _drf(web: Web, made: Reports, database: psycopg.Connection) -> float:
    reports = _drf_observations(made) // invention.CELLS
    part = made.part(slice(reports))
    flat.make_table(database)
    reply = web.must(_CREATED, "POST", "/bench/rows/", invention.rows_with_codes(part), Content_Type=_MEDIA["JSON"])
    return reply.seconds * made.observations / part.observations


def _drf_observations(made: Reports) -> int:
    return min(scaled(DRF_OBSERVATIONS, least=5000), made.observations)


def _rows(made: Reports, found: dict[str, float], runs: int, absent: str) -> Iterator[Row]:
    def row(media: str, reference: str, key: str, budget: float | None, goal: float | None, remark: str = "") -> Row:
        what = f"submission of {made.observations:,} observations in {len(made):,} hourly reports, {media}"
        ours, theirs = (found[media], found[key]) if key in found else (None, None)
        return Row(what, ours, budget, goal, reference, theirs, runs=runs, remark=remark)

    scaled_up = f"DRF measured with {_drf_observations(made):,} and scaled"
    yield row("JSON", "psycopg COPY of the rows", "COPY", 1.5, 1.0)
    yield row("CSV", "psycopg COPY of the rows", "COPY", None, None)
    yield row("JSON", "DRF ListSerializer and bulk_create", "DRF", 1 / 12, 1 / 20, scaled_up)
    for media in _MEDIA:
        yield row(media, f"PostgREST bulk insert, {media}", f"PostgREST {media}", 1 / 4, 1 / 7, absent)


def _memory(stack: Stack, inside: "Inside") -> Iterator[Row]:
    for times in (1, 2):
        made = invention.reports(scaled(5000 * times), seed=2)
        what = f"peak memory of a request of {made.observations:,} observations, JSON, above idle"
        if not memory.can_be_measured():
            yield Row(what, None, remark="the kernel keeps no high-water mark that can be read here")
            continue
        say(f"memory of {made.observations:,} observations")
        yield Row(what, _peak(stack, inside, made), 500.0 * times, 250.0 * times, unit="MB")


def _peak(stack: Stack, inside: "Inside", made: Reports) -> float:
    stack.renew_servers()
    first = _first(inside, len(made))
    small = invention.as_json(invention.reports(1, seed=3), [first])
    for _ in range(8):  # each of the processes has answered before it counts as idle
        inside.sender().submit(small)
    sender = inside.sender()
    inside.forget()
    body = invention.as_json(made, invention.hours(first, len(made)))
    at_rest = memory.watch(stack.servers())
    sender.submit(body)
    return memory.risen(at_rest)


if __name__ == "__main__":
    results.finish(measure())

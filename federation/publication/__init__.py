"""Makes the public view: all agencies' figures of a period, combined, protected, with its coverage.

What changed gets a new version; an unchanged cell is not touched; a cell that becomes 0 is
closed and has no row. Whether anything *exact* changed can not be seen from outside.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Min
from numpy.typing import NDArray
from psycopg import Cursor, sql

from countries import queries
from federation.database import copy_columns, copy_rows, cursor, microseconds, statement
from federation.models.published import PublishedCoverage
from federation.publication import frozen
from federation.publication.combination import combine
from federation.publication.expectation import schedules_by_agency
from federation.publication.frozen import Frozen, FrozenSumLostError
from federation.publication.versions import new_version
from federation.rules import changes, coverage, rounding, tables
from federation.rules.coverage import PeriodCoverage
from federation.rules.tables import Cells
from federation.worklist import Stage, WorkItem, named_rows
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.reports import Numbers, Values


@dataclass(frozen=True, slots=True)
class View:
    """What is to be public of some periods: rounded cells (n, countries, networks) and coverage.

    ``present`` are the figures of now. A period that is not ``frozen`` yet freezes them.
    """

    items: Sequence[WorkItem]
    cells: Values
    coverage: Sequence[PeriodCoverage]
    present: Cells
    frozen: Frozen


@dataclass(frozen=True, slots=True)
class Published:
    """The version that publishing made, if any, the periods that changed, and what became stale."""

    version: int | None = None
    changed: Sequence[WorkItem] = ()
    stale: Iterable[WorkItem] = ()


def due_at(item: WorkItem) -> datetime:
    """Return the instant from which a period may be published."""
    end = periods.end(item.frequency, item.period)
    return end if item.frequency == Frequency.MINUTE else end + coverage.GRACE


def oldest_minute(now: datetime) -> datetime:
    """From when on figures and cells of minutes are kept: they serve the live view only."""
    return now - timedelta(days=2)


def first_kept(frequency: str, start: datetime, *, now: datetime) -> datetime:
    """``start``, or for minutes the oldest one that is kept, if that is later."""
    return max(start, oldest_minute(now)) if frequency == Frequency.MINUTE else start


def is_kept(item: WorkItem, *, now: datetime) -> bool:
    """Whether the figures and cells of this period are kept."""
    return item.period >= first_kept(item.frequency, item.period, now=now)


def is_due(item: WorkItem, *, now: datetime) -> bool:
    """Whether a period may be published: it has ended, and a minute has passed for its last reports.

    Minutes are published as soon as they end.
    """
    return due_at(item) <= now and is_kept(item, now=now)


def located_by(figure: WorkItem, *, now: datetime) -> Iterator[WorkItem]:
    """Yield the longer public periods in which this figure decides in which of its days or months a change lies."""
    for coarser in periods.coarser(figure.frequency):
        item = WorkItem(Stage.PUBLISH, coarser, periods.start_of(coarser, figure.period), figure.indicator)
        if coarser in periods.LOCATED and due_at(item) <= now:
            yield item
            yield from located_by(item, now=now)


def compute(items: Sequence[WorkItem], *, mark: datetime) -> View:
    """Compute what is to be public of periods, all of one frequency; only reads."""
    combined, kept = combine(items, mark=mark), frozen.read(items)
    cells = unclipped(items, combined.cells, kept).clip(min=0)
    return View(items, cells, _with_breaks(items, combined.coverage), combined.cells, kept)


def unclipped(items: Sequence[WorkItem], present: Cells, kept: Frozen) -> Values:
    """Round first sums and later changes and add them up; a cell that is below zero is published as 0."""
    first = tables.together([kept.cells, present.where(~kept.exists[present.table])])
    later = changes.rounded(
        frozen.changes_of(items, present, kept),
        np.array([item.indicator for item in items]),
        settings.ROUNDING_KEY,
        settings.ROUNDING_BASE,
        all_networks_only=items[0].frequency in periods.ALL_NETWORKS_ONLY,
    )
    return _rounded_first(items, first) + later


def _rounded_first(items: Sequence[WorkItem], first: Cells) -> Values:
    """Round first sums, each cell by its own number."""
    sums, networks = tables.with_margins(first.added_up(len(items))), tables.PUBLIC_NETWORKS
    if items[0].frequency in periods.ALL_NETWORKS_ONLY:
        sums, networks = sums[:, :, -1:], networks[-1:]
    indicators = np.array([item.indicator for item in items])[:, None, None]
    minutes = np.array([rounding.minute_of(item.period) for item in items])[:, None, None]
    parts = (rounding.NOBODY, indicators, tables.PUBLIC_COUNTRIES[:, None], networks, minutes)
    return rounding.rounded_each(sums, parts, items[0].frequency, settings.ROUNDING_KEY, settings.ROUNDING_BASE)


def _with_breaks(items: Sequence[WorkItem], found: Sequence[PeriodCoverage]) -> list[PeriodCoverage]:
    """Mark the periods in which a break in the series of any agency was marked; minutes, soon gone, have none."""
    frequency = items[0].frequency
    if frequency == Frequency.MINUTE:
        return list(found)
    breaks = {(mark.indicator, periods.start_of(frequency, mark.start)) for mark in queries.breaks()}
    broken = ({(item.indicator, item.period), (None, item.period)} & breaks for item in items)
    return [replace(one, is_break=bool(marks)) for one, marks in zip(found, broken, strict=True)]


@dataclass(frozen=True, slots=True)
class _Public:
    """What is public now: cells and the rows that they stand in, and the coverage."""

    cells: Values
    ids: Values
    coverage: dict[int, tuple[int, PeriodCoverage]]


def _public(view: View) -> _Public:
    cells, ids = np.zeros_like(view.cells), np.zeros_like(view.cells)
    rows = named_rows("publication_cells", view.items)
    if rows:
        position, row_ids, country, network, value = (np.array(column) for column in zip(*rows, strict=True))
        place = (position, *_place(view, country.astype(np.int16), network.astype(np.int16)))
        cells[place], ids[place] = value, row_ids
    public = {row[0]: (row[1], _stored_coverage(row[2:])) for row in named_rows("publication_coverage", view.items)}
    return _Public(cells, ids, public)


def _stored_coverage(columns: Sequence[Any]) -> PeriodCoverage:
    facts: list[Any] = [
        tuple(np.asarray(fact).tolist()) if isinstance(fact, list | np.ndarray) else fact for fact in columns
    ]
    return PeriodCoverage(*facts)


def _place(view: View, countries: Numbers, networks: Numbers) -> tuple[Any, Any]:
    rows, columns = tables.place_of(countries, networks)
    return rows, columns if view.cells.shape[2] > 1 else np.zeros_like(columns)


def differing(view: View) -> list[WorkItem]:
    """Return the periods whose public cells or coverage are not what was computed."""
    public = _public(view)
    cells = (view.cells != public.cells).any(axis=(1, 2)) | view.frozen.altered
    return [
        item
        for position, item in enumerate(view.items)
        if cells[position]
        or public.coverage.get(position, (0, None))[1] != view.coverage[position]
        or not view.frozen.exists[position]
    ]


def publish(items: Sequence[WorkItem], *, now: datetime, mark: datetime) -> Published:
    """Publish periods, all of one frequency.

    What has not ended by ``now`` is left for the clock, which appends it when it has; who is
    late is judged at the clock's ``mark``.
    """
    wanted = [item for item in items if is_due(item, now=now)]
    wanted += _too_early([item for item in items if due_at(item) > now])
    firsts = _first_public(wanted) if wanted else {}
    due = _begun(wanted, firsts)
    if not due:
        return Published()
    view = compute(due, mark=mark)
    public = _public(view)
    lost = [due[position] for position in public.coverage if not view.frozen.exists[position]]
    if lost:
        raise FrozenSumLostError(lost[0])
    frozen.freeze(due, ~view.frozen.exists, view.present)
    # Only then, as others that publish wait from here on until this transaction ends.
    version, changed = _write(view, public)
    return Published(version, changed, chain(_gaps(due, firsts, now=now), _located_by_firsts(view, now=now)))


def _located_by_firsts(view: View, *, now: datetime) -> Iterator[WorkItem]:
    """Yield the longer periods whose changes are located in a period that is frozen just now.

    If its figures have changed since they were read, another worker may have located that change without it.
    """
    for position in np.flatnonzero(~view.frozen.exists).tolist():
        yield from located_by(view.items[position], now=now)


def _too_early(items: Sequence[WorkItem]) -> list[WorkItem]:
    """Return the periods that are public before they may be, because a clock ran ahead: they are kept up to date."""
    return [items[row[0]] for row in named_rows("publication_coverage", items)] if items else []


def _begun(items: Sequence[WorkItem], firsts: dict[int, datetime]) -> list[WorkItem]:
    """Leave out periods before an indicator's first: nobody owed or reported anything in them."""
    schedules = schedules_by_agency(firsts)
    early = [item for item in items if item.period < firsts[item.indicator]]
    reported = {early[row[0]] for row in named_rows("combination_figures", early, only=None)} if early else set()

    def begun(item: WorkItem) -> bool:
        if item.period >= firsts[item.indicator] or item in reported:
            return True
        everyone = schedules[item.indicator].values()
        return any(s.expects(item.frequency, item.period) for mine in everyone for s in mine)

    return [item for item in items if begun(item)]


_NEVER = datetime.max.replace(tzinfo=UTC)


def _first_public(items: Sequence[WorkItem]) -> dict[int, datetime]:
    """Return the first public period of each indicator at the items' frequency."""
    # One by one: the index answers each with its first entry, however long the history is.
    rows = PublishedCoverage.objects.filter(frequency=items[0].frequency)
    return {
        indicator: rows.filter(indicator=indicator).aggregate(first=Min("period"))["first"] or _NEVER
        for indicator in {item.indicator for item in items}
    }


def _write(view: View, public: _Public) -> tuple[int | None, list[WorkItem]]:
    """Write what changed as one version, and return both; nothing changed, no version."""
    changed = view.cells != public.cells
    moved = [
        position
        for position, computed in enumerate(view.coverage)
        if public.coverage.get(position, (0, None))[1] != computed
    ]
    periods_changed = changed.any(axis=(1, 2))
    periods_changed[moved] = True
    if not periods_changed.any():
        return None, []
    closed = public.ids[changed & (public.cells != 0)]
    closed_coverage = [public.coverage[position][0] for position in moved if position in public.coverage]
    with new_version() as version:
        _close("federation_publishedcell", closed, view, version)
        _close("federation_publishedcoverage", closed_coverage, view, version)
        _add_cells(view, changed & (view.cells != 0), version)
        _add_coverage(view, moved, version)
        _log(view, np.flatnonzero(periods_changed), version)
    return version, [view.items[position] for position in np.flatnonzero(periods_changed).tolist()]


def _close(table: str, ids: Values | Sequence[int], view: View, version: int) -> None:
    """End rows at this version; minutes have no vintages, theirs are deleted."""
    if not len(ids):
        return
    minutes = view.items[0].frequency == Frequency.MINUTE
    deed = "DELETE FROM {table}" if minutes else "UPDATE {table} SET version_to = {version}"
    query = sql.SQL(deed + " WHERE id = ANY(%s)").format(table=sql.Identifier(table), version=version)
    with cursor() as c:
        c.execute(query, [np.array(ids, np.int64)])


def _add_cells(view: View, added: NDArray[np.bool_], version: int) -> None:
    position, row, column = np.nonzero(added)
    if not len(position):
        return
    countries = tables.PUBLIC_COUNTRIES[row]
    networks = tables.PUBLIC_NETWORKS[column if view.cells.shape[2] > 1 else column - 1]
    indicators = np.array([item.indicator for item in view.items])[position]
    starts = microseconds([item.period for item in view.items])[position]
    frequency = view.items[0].frequency
    with cursor() as c:
        copy_columns(
            "federation_publishedcell",
            {
                "indicator_id": ("smallint", indicators),
                "frequency": ("char", np.full(len(position), frequency, "S1")),
                "period": ("timestamptz", starts),
                "country": ("smallint", countries),
                "network": ("smallint", networks),
                "value": ("bigint", view.cells[added]),
                "version_from": ("bigint", np.full(len(position), version)),
            },
            to=c,
        )
        _add_series(np.unique(np.stack([indicators, countries, networks]), axis=1), frequency, version, c)


def _add_series(series: NDArray[Any], frequency: str, version: int, c: Cursor[Any]) -> None:
    indicators, countries, networks = (part.astype(np.int16) for part in series)
    c.execute(
        statement("publication_series"),
        {
            "indicators": indicators,
            "countries": countries,
            "networks": networks,
            "frequency": frequency,
            "version": version,
        },
    )


#: Columns and their types. From the fifth on they are the fields of ``Coverage``, by name.
_COVERAGE = {
    "indicator_id": "int2", "frequency": "varchar", "period": "timestamptz", "version_from": "int8",
    "agencies_expected": "int4", "agencies_reporting": "int4", "covered_seconds": "int8", "owed_seconds": "int8",
    "status": "varchar", "agencies": "int2[]", "states": "varchar[]", "covered": "int4[]", "owed": "int4[]",
    "is_break": "bool", "counted_from": "timestamptz",
}  # fmt: skip


def _add_coverage(view: View, positions: Sequence[int], version: int) -> None:
    rows = []
    for position in positions:
        item, found = view.items[position], view.coverage[position]
        told = (getattr(found, name) for name in list(_COVERAGE)[4:])
        facts = [list(fact) if isinstance(fact, tuple) else fact for fact in told]
        rows.append((item.indicator, item.frequency, item.period, version, *facts))
    with cursor() as c:
        copy_rows("federation_publishedcoverage", _COVERAGE, rows, to=c)


def _log(view: View, positions: NDArray[np.intp], version: int) -> None:
    items = [view.items[position] for position in positions.tolist()]
    with cursor() as c:
        copy_columns(
            "federation_periodversion",
            {
                "indicator_id": ("smallint", np.array([item.indicator for item in items])),
                "frequency": ("char", np.array([item.frequency for item in items], "S1")),
                "period": ("timestamptz", microseconds([item.period for item in items])),
                "version": ("bigint", np.full(len(items), version)),
            },
            to=c,
        )


def _gaps(items: Sequence[WorkItem], firsts: dict[int, datetime], *, now: datetime) -> Iterator[WorkItem]:
    """Yield the periods between a new first period of an indicator and what was public before.

    An indicator has coverage from its first period on, also where nobody was expected.
    """
    frequency, published = items[0].frequency, set(items)
    for indicator in {item.indicator for item in items}:
        earliest = min(item.period for item in items if item.indicator == indicator)
        first = firsts[indicator]
        if earliest < first:
            begin = first_kept(frequency, earliest, now=now)
            for period in periods.between(frequency, begin, min(first, now)):
                item = WorkItem(Stage.PUBLISH, frequency, period, indicator)
                if item not in published:
                    yield item

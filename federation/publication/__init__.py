"""Makes the public view: all agencies' figures of a period, combined, protected, with its coverage.

If something published changes, a new version is made. Cells that stay the same are not touched. If a cell becomes 0,
its row is closed, and no new row replaces it. So readers cannot see a change of exact numbers that changes no rounded
number.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, product

import numpy as np
from django.conf import settings
from django.db.models import Min

from countries import queries
from countries.reference import Reference
from federation import worklist
from federation.models.figures import FrozenSum
from federation.models.published import PublishedCoverage
from federation.publication import frozen, storage
from federation.publication.combination import combine
from federation.publication.expectation import schedules_by_agency
from federation.publication.frozen import Frozen, FrozenSumLostError
from federation.publication.storage import ComputedPeriods
from federation.published import detail
from federation.rules import changes, rounding, tables
from federation.rules.tables import AgencyCells
from federation.rules.waiting import longest_wait, shortest_wait
from federation.worklist import Claim, Stage, WorkItem, item_rows
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.reports import Values


@dataclass(frozen=True, slots=True)
class Published:
    """The new version (None if nothing changed), the periods that changed, and the items that became stale."""

    version: int | None = None
    changed: Sequence[WorkItem] = ()
    stale: Iterable[WorkItem] = ()


def due_at(item: WorkItem) -> datetime:
    """The time from which on a period may be published."""
    return periods.end(item.frequency, item.period) + shortest_wait(item.frequency)


def oldest_minute(now: datetime) -> datetime:
    """The time from which on figures and cells of minutes are kept: only the live view needs them."""
    return now - timedelta(days=2)


def first_kept(frequency: str, start: datetime, *, now: datetime) -> datetime:
    """``start``. For minutes: the oldest minute that is kept, if that is later than ``start``."""
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
    """Yield the longer public periods that must be published again if this figure changes.

    In these periods, this figure helps to decide in which day or month a change lies.
    """
    for coarser in periods.coarser(figure.frequency):
        item = WorkItem(Stage.PUBLISH, coarser, periods.start_of(coarser, figure.period), figure.indicator)
        if coarser in periods.LOCATED and due_at(item) <= now:
            yield item
            yield from located_by(item, now=now)


def unpublished_periods(indicators: Collection[int], *, mark: datetime, now: datetime) -> Iterator[WorkItem]:
    """Yield the periods from the hour up that have ended and may wait for their first publication at the mark."""
    for frequency in (one for one in Frequency if one != Frequency.MINUTE and indicators):
        since = mark - longest_wait(frequency, settings.PUBLICATION_LIMITS)
        due = now - shortest_wait(frequency)
        ended = [period for period in periods.between(frequency, since, due) if periods.end(frequency, period) <= due]
        sums = FrozenSum.objects.filter(indicator__in=indicators, frequency=frequency, period__in=ended)
        public = set(sums.values_list("indicator", "period"))
        for indicator, period in product(indicators, ended):
            if (indicator, period) not in public:
                yield WorkItem(Stage.PUBLISH, frequency, period, indicator)


def compute(items: Sequence[WorkItem], *, mark: datetime) -> ComputedPeriods:
    """Compute the cells and coverage of periods, all of one frequency. This only reads from the database."""
    kept = frozen.read(items)
    combined = combine(items, mark=mark, first=~kept.exists)
    frequency, found = items[0].frequency, combined.coverage
    waiting = np.array([one.is_waiting for one in found])
    cells = unclipped(items, combined.cells.where(~waiting[combined.cells.table]), kept).clip(min=0)
    # Cells that are withheld become 0, and so are never stored.
    reference, starts = Reference.current(), np.array([periods.epoch(item.period) for item in items])
    indicators = np.array([item.indicator for item in items])
    for indicator in np.unique(indicators).tolist():
        which = indicators == indicator
        flags = detail.mask(reference, indicator, frequency)
        cells[which] *= flags.cells(starts[which], networks=cells.shape[2])
    # Minutes get no breaks, because they are soon deleted.
    if frequency != Frequency.MINUTE:
        breaks = {(mark.indicator, periods.start_of(frequency, mark.start)) for mark in queries.breaks()}
        broken = ({(item.indicator, item.period), (None, item.period)} & breaks for item in items)
        found = [replace(one, is_break=bool(marks)) for one, marks in zip(found, broken, strict=True)]
    return ComputedPeriods(items, cells, found, combined.cells, kept)


def unclipped(items: Sequence[WorkItem], present: AgencyCells, kept: Frozen) -> Values:
    """Round first sums and later changes, and add them up. The caller must publish a cell below zero as 0."""
    all_networks_only = items[0].frequency in periods.ALL_NETWORKS_ONLY
    first = tables.concatenate([kept.cells, present.where(~kept.exists[present.table])])
    sums, networks = tables.with_margins(first.sum_agencies(len(items))), tables.PUBLIC_NETWORKS
    if all_networks_only:
        sums, networks = sums[:, :, -1:], networks[-1:]
    indicators = np.array([item.indicator for item in items])
    minutes = np.array([rounding.minute_of(item.period) for item in items])[:, None, None]
    places = (rounding.NOBODY, indicators[:, None, None], tables.PUBLIC_COUNTRIES[:, None], networks, minutes)
    secret, base = settings.ROUNDING_KEY, settings.ROUNDING_BASE
    later = changes.round_changes(
        frozen.changes_of(items, present, kept), indicators, secret, base, all_networks_only=all_networks_only
    )
    return rounding.round_cells(sums, places, items[0].frequency, secret, base) + later


def differing(items: Sequence[WorkItem], *, mark: datetime) -> list[WorkItem]:
    """The periods, all of one frequency, whose public cells or coverage are not what they should be."""
    if not (items := _unless_final(items)):
        return []
    computed = compute(items, mark=mark)
    public = storage.read(computed)
    changed = (computed.cells != public.cells).any(axis=(1, 2)) | computed.frozen.altered | computed.first
    changed[public.changed_coverage(computed)] = True
    return [computed.items[position] for position in np.flatnonzero(changed).tolist()]


def _unless_final(items: Sequence[WorkItem]) -> Sequence[WorkItem]:
    """Leave out the minutes that are public: these are never corrected."""
    if not items or items[0].frequency != Frequency.MINUTE:
        return items
    public = {row[0] for row in item_rows("publication_coverage", items)}
    return [item for position, item in enumerate(items) if position not in public]


def publish(claim: Claim, *, now: datetime, mark: datetime) -> Published:
    """Publish the claimed periods.

    Periods that have not ended by ``now`` are left out; they are appended to the work list when they end. Lateness, and
    whom a period waits for, are judged at the clock's ``mark``.
    """
    items = claim.items
    wanted = _unless_final([item for item in items if is_due(item, now=now)])
    if items[0].frequency != Frequency.MINUTE:
        wanted = [*wanted, *_too_early([item for item in items if due_at(item) > now])]
    firsts = _first_public(wanted) if wanted else {}
    due = _begun(wanted, firsts)
    if not due:
        return Published()
    computed = compute(due, mark=mark)
    # The figures of a period are read before those of its days. If they changed in between, the change would be located
    # by days that are newer than itself. So such a period is left for the next time.
    if computed.frequency in periods.LOCATED and (outdated := worklist.outdated(claim)):
        rest = replace(claim, items=[item for item in items if item not in outdated])
        done = publish(rest, now=now, mark=mark) if rest.items else Published()
        return replace(done, stale=[*done.stale, *outdated])
    public = storage.read(computed)
    known = [position for position, (_, one) in public.coverage.items() if not one.is_waiting]
    lost = [due[position] for position in known if not computed.frozen.exists[position]]
    if lost:
        raise FrozenSumLostError(lost[0])
    if computed.frequency != Frequency.MINUTE:
        frozen.freeze(due, computed.first, computed.present)
    # Last, because other publishers wait from here on until this transaction ends.
    version, changed = storage.write(computed, public)
    # Figures may have changed since they were read. Then another worker may have located the change without the new
    # first sums, so the longer periods become stale.
    located = (one for at in np.flatnonzero(computed.first).tolist() for one in located_by(due[at], now=now))
    return Published(version, changed, chain(_gaps(changed, firsts, now=now), located))


def _too_early(items: Sequence[WorkItem]) -> list[WorkItem]:
    """Those of the periods that are public too early, because a clock ran ahead. They are kept up to date."""
    return [items[row[0]] for row in item_rows("frozen_sums", items)] if items else []


def _begun(items: Sequence[WorkItem], firsts: dict[int, datetime]) -> list[WorkItem]:
    """Leave out periods before the first public one of their indicator in which nobody owed or reported anything."""
    early = [item for item in items if item.period < firsts[item.indicator]]
    if not early:
        return list(items)
    schedules = schedules_by_agency(firsts)
    reported = {early[row[0]] for row in item_rows("combination_figures", early, only=None)}
    return [
        item
        for item in items
        if item.period >= firsts[item.indicator]
        or item in reported
        or any(s.expects(item.frequency, item.period) for mine in schedules[item.indicator].values() for s in mine)
    ]


_NEVER = datetime.max.replace(tzinfo=UTC)


def _first_public(items: Sequence[WorkItem]) -> dict[int, datetime]:
    """The first public period of each indicator at the items' frequency."""
    # One query for each indicator: the first entry of the index answers it, even if the history is long.
    rows = PublishedCoverage.objects.filter(frequency=items[0].frequency)
    return {
        indicator: rows.filter(indicator=indicator).aggregate(first=Min("period"))["first"] or _NEVER
        for indicator in {item.indicator for item in items}
    }


def _gaps(items: Sequence[WorkItem], firsts: dict[int, datetime], *, now: datetime) -> Iterator[WorkItem]:
    """Yield the periods between the new first public period of an indicator and the earlier first one.

    From its first public period on, an indicator has coverage in every period, even if nobody was expected.
    """
    published = set(items)
    for frequency, indicator in {(item.frequency, item.indicator) for item in items}:
        earliest = min(item.period for item in items if item.indicator == indicator)
        first = firsts[indicator]
        if earliest < first:
            begin = first_kept(frequency, earliest, now=now)
            for period in periods.between(frequency, begin, min(first, now)):
                item = WorkItem(Stage.PUBLISH, frequency, period, indicator)
                if item not in published:
                    yield item

"""Makes panels: sums over the same agencies in every week and month of a span, for comparison over time.

The span is the last 12, 24 or 36 months that have ended and in which no report is awaited. The agencies are those that
report every period of the span whole, unless this choice would show the numbers of one agency (``rules.panels``). An
agency that joins, leaves or falls silent within the span is not in the panel, so it does not change the trend.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np
from django.conf import settings
from django.db import models
from numpy.typing import NDArray

from countries.reference import Reference
from federation.database import cursor, lock_agency_indicators, statement
from federation.models.figures import Figure
from federation.models.published import PublishedCoverage, PublishedPanel, PublishedPanelPeriod
from federation.publication.combination import combine
from federation.publication.expectation import schedules_by_agency
from federation.publication.versions import new_version
from federation.published import detail
from federation.rules import coverage, rounding, tables
from federation.rules.coverage import AgencySchedule
from federation.rules.panels import FREQUENCIES, Agencies, choose, periods_inside, start_of_span
from federation.rules.rounding import NOBODY
from federation.rules.waiting import shortest_wait
from federation.worklist import PANELS, Stage, WorkItem, panel
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.reports import Values

#: A month with awaited reports delays the end of a panel's span: at most by the longest deadline of a schedule.
LONGEST_WAIT = timedelta(days=91)
#: No panel reaches back further, even if reports of its last months are awaited and the clock's mark stands still.
REACH = timedelta(days=31 * max(PANELS.values())) + 2 * LONGEST_WAIT
_SECOND = timedelta(seconds=1)

Schedules = Mapping[int, Sequence[AgencySchedule]]
Row = TypeVar("Row", PublishedPanel, PublishedPanelPeriod)


@dataclass(frozen=True, slots=True)
class PanelSpan:
    """The agencies of a panel, from ``start`` until before ``end``."""

    start: datetime
    end: datetime
    agencies: list[int]


@dataclass(frozen=True, slots=True)
class PanelNumbers:
    """The numbers of a panel for a period: its cells that are not 0, and whether they are final."""

    status: str
    countries: list[int]
    values: list[int]


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel: its span by frequency, and its numbers by frequency and period."""

    spans: dict[tuple[str], PanelSpan]
    numbers: dict[tuple[str, datetime], PanelNumbers]


def of_periods(items: Iterable[WorkItem], *, now: datetime) -> set[WorkItem]:
    """The panels that may depend on these periods. Only weeks and months before the present month matter."""
    this_month = periods.start_of(Frequency.MONTH, now)
    indicators = {
        item.indicator
        for item in items
        if item.frequency in FREQUENCIES
        and now - REACH <= item.period
        and periods.end(item.frequency, item.period) <= this_month
    }
    return {item for indicator in indicators for item in of_indicator(indicator)}


def of_indicator(indicator: int) -> list[WorkItem]:
    return [panel(name, indicator) for name in PANELS]


def compute(item: WorkItem, *, mark: datetime) -> PanelView:
    """Compute a panel at each frequency. The panel is empty if nobody is expected in its span.

    If some agencies have figures for a period of the span that are not published yet, the stored panel is returned
    unchanged. When that period is published, the panel becomes stale and is computed again.
    """
    schedules = schedules_by_agency([item.indicator])[item.indicator]
    end = _end_of_span(item.indicator, schedules, mark=mark)
    start = start_of_span(end, PANELS[item.frequency])
    view = PanelView({}, {})
    if _is_anybody_expected(item.indicator, schedules, start, end):
        reference = Reference.current()
        for frequency in FREQUENCIES:
            inside = periods_inside(frequency, start, end)
            parts = [WorkItem(Stage.PUBLISH, frequency, period, item.indicator) for period in inside]
            reported, public = _reported(parts), _public(parts)
            if [one.reporting for one in reported] != [one.reporting for one in public]:
                return read(item)
            agencies = _choose(item, frequency, start, end, reported)
            view.spans[frequency,] = PanelSpan(start, end, sorted(agencies))
            if agencies:
                starts = np.array([periods.epoch(part.period) for part in parts])
                flags = detail.mask(reference, item.indicator, frequency).cells(starts, networks=1)
                numbers = map(_numbers, repeat(agencies), parts, reported, public, flags[:, :, 0])
                view.numbers.update({(frequency, one.period): found for one, found in zip(parts, numbers, strict=True)})
    return view


def _end_of_span(indicator: int, schedules: Schedules, *, mark: datetime) -> datetime:
    """The start of the first month in which reports are still awaited, or else of the present month."""
    end = periods.start_of(Frequency.MONTH, mark - shortest_wait(Frequency.MONTH))
    waiting = PublishedCoverage.objects.filter(
        indicator=indicator, frequency__in=FREQUENCIES, version_to=None, status=coverage.WAITING
    )
    for frequency, period in waiting.values_list("frequency", "period"):
        # No week or month of the span waits for its first publication.
        end = min(end, periods.start_of(Frequency.MONTH, periods.end(frequency, period) - _SECOND))
    last = periods.between(Frequency.MONTH, end - LONGEST_WAIT, end - _SECOND)
    months = [WorkItem(Stage.PUBLISH, Frequency.MONTH, month, indicator) for month in last]
    for month, found in zip(months, combine(months, mark=mark).coverage, strict=True):
        if any(
            covered < owed and coverage.is_awaited(Frequency.MONTH, month.period, schedules.get(agency, ()), now=mark)
            for agency, covered, owed in zip(found.agencies, found.covered, found.owed, strict=True)
        ):
            return month.period
    return end


def _is_anybody_expected(indicator: int, schedules: Schedules, start: datetime, end: datetime) -> bool:
    """Whether any agency owed or ever reported anything in the span."""
    first, last = start.date(), (end - _SECOND).date()
    if any(s.valid_from <= last and first <= s.valid_to for mine in schedules.values() for s in mine):
        return True
    months = Figure.objects.filter(indicator=indicator, frequency=Frequency.MONTH, period__gte=start, period__lt=end)
    return months.exists()


@dataclass(frozen=True, slots=True)
class _ReportedPeriod:
    """The agencies that have numbers for a period.

    ``whole`` has only the agencies that report the whole span. For each, it says whether the figure for the period is
    final, and has its exact numbers over all networks.
    """

    reporting: Agencies
    whole: dict[int, tuple[bool, Values]]


@dataclass(frozen=True, slots=True)
class _PublicPeriod:
    """The agencies that the combined view of a period adds up, and what it shows over all networks."""

    reporting: Agencies
    values: Values


def _reported(parts: Sequence[WorkItem]) -> list[_ReportedPeriod]:
    seconds = np.array([periods.seconds(part.frequency, part.period) for part in parts], np.int64)
    found = [_ReportedPeriod(frozenset(), {})] * len(parts)
    with cursor() as c:
        rows = c.stream(statement("panels_figures"), _named(parts) | {"seconds": seconds})
        # One period after another, because the cells of all agencies in three years of weeks take much memory.
        for position, some in groupby(rows, key=itemgetter(0)):
            reporting, whole = set(), {}
            for _, agency, final, countries, networks, values in some:
                reporting.add(agency)
                if final is not None:
                    exact = np.zeros((1, len(tables.COUNTRIES), 1), np.int64)
                    np.add.at(exact[0, :, 0], tables.place_of(countries, networks)[0], values)
                    whole[agency] = (final, tables.with_margins(exact)[0, :, -1])
            found[position] = _ReportedPeriod(frozenset(reporting), whole)
    return found


def _named(parts: Sequence[WorkItem]) -> dict[str, Any]:
    """The periods of a span as the parameters of a named statement."""
    return {
        "indicator": parts[0].indicator,
        "frequency": parts[0].frequency,
        "periods": [part.period for part in parts],
        "first": parts[0].period,
        "last": parts[-1].period,
    }


def _public(parts: Sequence[WorkItem]) -> list[_PublicPeriod]:
    named = _named(parts) | {"countries": tables.PUBLIC_COUNTRIES}
    found = {
        part.period: _PublicPeriod(frozenset(), np.zeros(len(tables.PUBLIC_COUNTRIES), np.int64)) for part in parts
    }
    with cursor() as c:
        c.execute(statement("panels_published"), named)
        for period, agencies, covered, countries, values in c:
            reporting = agencies[np.array(covered, np.int64) > 0]
            found[period] = _PublicPeriod(frozenset(reporting.tolist()), found[period].values)
            found[period].values[tables.place_of(countries, np.zeros_like(countries))[0]] = values
    return list(found.values())


def _choose(
    item: WorkItem, frequency: str, start: datetime, end: datetime, reported: Sequence[_ReportedPeriod]
) -> Agencies:
    panels = PublishedPanel.objects.filter(indicator=item.indicator, frequency=frequency)
    last = panels.filter(months=PANELS[item.frequency]).exclude(agencies=[]).order_by("version_from").last()
    # Spans consist of whole months. So if two spans overlap, they have at least one month and one week in common.
    public = panels.filter(start__lt=end, end__gt=start).values_list("agencies", flat=True)
    return choose(
        frozenset(reported[0].whole),
        frozenset(last.agencies if last else ()),
        others=[*(one.reporting for one in reported), *map(frozenset, public)],
    )


def _numbers(
    agencies: Agencies,
    part: WorkItem,
    reported: _ReportedPeriod,
    public: _PublicPeriod,
    published: NDArray[np.bool_],
) -> PanelNumbers:
    """The numbers that a panel shows for a period, in the places that are published.

    If the panel leaves no agency out, these are the published cells: another rounding of the same sum would narrow the
    sum down.
    """
    members = sorted(agencies)
    shown = public.values
    if agencies != reported.reporting:
        # Each number of each agency is rounded alone, with the random number of the agency and the cell.
        exact = np.array([reported.whole[one][1] for one in members])
        minute, agency = rounding.minute_of(part.period), np.array(members)[:, None]
        places = (agency, part.indicator, tables.PUBLIC_COUNTRIES, tables.TOTAL_NETWORK, minute)
        rounded = rounding.round_cells(exact, places, part.frequency, settings.ROUNDING_KEY, settings.ROUNDING_BASE)
        shown = np.where(published, rounded.sum(axis=0), 0)
    status = "A" if all(reported.whole[one][0] for one in members) else "P"
    return PanelNumbers(status, tables.PUBLIC_COUNTRIES[shown > 0].tolist(), shown[shown > 0].tolist())


def read(item: WorkItem) -> PanelView:
    """A panel as it is public now."""
    numbers = _current(PublishedPanelPeriod, item)
    return PanelView(
        {(row.frequency,): PanelSpan(row.start, row.end, row.agencies) for row in _current(PublishedPanel, item)},
        {(row.frequency, row.period): PanelNumbers(row.status, row.countries, row.values) for row in numbers},
    )


def _current(model: type[Row], item: WorkItem) -> models.QuerySet[Row]:
    rows = model._default_manager
    return rows.filter(indicator=item.indicator, months=PANELS[item.frequency], version_to=None)


def renew(items: Collection[WorkItem], *, mark: datetime) -> None:
    """Bring panels up to date. Each panel that changes is a new version. Periods that stay the same are not touched."""
    # The choice of agencies depends on the other panels of the indicator, so another worker waits until this one is
    # public. The lock needs the number of an agency. No agency has the number NOBODY.
    lock_agency_indicators((NOBODY, item.indicator) for item in items)
    for item in items:
        new, old = compute(item, mark=mark), read(item)
        if new != old:
            with new_version() as version:
                _replace(PublishedPanel, item, old.spans, new.spans, version)
                _replace(PublishedPanelPeriod, item, old.numbers, new.numbers, version)


#: The columns that identify a row of a panel. Their values are the keys of a :class:`PanelView`.
_KEYS: dict[type[models.Model], tuple[str, ...]] = {
    PublishedPanel: ("frequency",),
    PublishedPanelPeriod: ("frequency", "period"),
}


def _replace(
    model: type[Row],
    item: WorkItem,
    old: Mapping[tuple[Any, ...], PanelSpan | PanelNumbers],
    new: Mapping[tuple[Any, ...], PanelSpan | PanelNumbers],
    version: int,
) -> None:
    """Close the rows that differ from the new ones, and add the new ones, both with this version."""
    names = _KEYS[model]
    rows = _current(model, item).values_list("pk", *names)
    closed = [pk for pk, *key in rows if new.get(tuple(key)) != old[tuple(key)]]
    model._default_manager.filter(pk__in=closed).update(version_to=version)
    model._default_manager.bulk_create(
        model(
            indicator_id=item.indicator,
            months=PANELS[item.frequency],
            version_from=version,
            **dict(zip(names, key, strict=True)),
            **{column.name: getattr(found, column.name) for column in fields(found)},
        )
        for key, found in new.items()
        if found != old.get(key)
    )

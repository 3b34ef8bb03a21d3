"""Reads the database in the oracle's terms, and asserts that both agree."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Max, Q

from countries.reference import Reference
from federation import publication, published
from federation.database import clock
from federation.models.figures import Figure, FrozenSum
from federation.models.published import (
    PublishedCell,
    PublishedCoverage,
    PublishedPanel,
    PublishedPanelPeriod,
    Version,
)
from federation.publication import frozen
from federation.publication.combination import combine
from federation.rules import tables
from federation.rules.coverage import Coverage
from federation.runs import rebuilding
from federation.worklist import Stage, WorkItem
from p2p_core import periods
from tests.oracles import federation as oracle
from tests.oracles import panels, records, sliding_windows

#: Figures of minutes are kept so long.
MINUTES_KEPT = timedelta(days=2)
INDICATORS = (1, 2)

Key = tuple[Any, ...]


def assert_agrees(expected: oracle.Federation, frequencies: str = "NHDWMA") -> None:
    """Assert that all stored and public data agree with the oracle, and that a rebuild would change nothing."""
    assert_figures_agree(expected)
    assert_frozen_agrees(expected)
    for indicator in INDICATORS:
        assert_coverage_agrees(expected, indicator, frequencies)
        assert_cells_agree(expected, indicator, frequencies)
        assert_windows_agree(expected, indicator)
    assert_panels_agree(expected)
    assert [str(item) for item in rebuilding.differences()] == []


def _same(stored: dict[Key, Any], expected: dict[Key, Any]) -> None:
    """Assert that two dictionaries are equal. The message names the first differences."""
    different = [
        f"{' '.join(_word(part) for part in key)}: stored {stored.get(key)}, expected {expected.get(key)}"
        for key in sorted({*stored, *expected}, key=str)
        if stored.get(key) != expected.get(key)
    ]
    assert not different, "\n".join([f"{len(different)} differ", *different[:10]])


def _word(part: object) -> str:
    return f"{part:%Y-%m-%dT%H:%M}" if isinstance(part, datetime) else str(part)


def assert_figures_agree(expected: oracle.Federation) -> None:
    def is_kept(key: Key) -> bool:
        _, _, frequency, period = key
        return frequency != "N" or bool(period >= expected.now - MINUTES_KEPT)

    _same(
        {key: figure for key, figure in stored_figures().items() if is_kept(key)},
        {key: figure for key, figure in expected.figures().items() if is_kept(key)},
    )


def stored_figures() -> dict[Key, records.Figure]:
    return {
        (row.agency_id, row.indicator_id, row.frequency, row.period): records.Figure(
            source=row.source,
            seconds=row.covered_seconds,
            final=row.final,
            cells=dict(zip(zip(row.countries, row.networks, strict=True), row.values, strict=True)),
        )
        for row in Figure.objects.exclude(source="none")
    }


def assert_frozen_agrees(expected: oracle.Federation) -> None:
    def by_agency(frozen: oracle.Frozen) -> dict[Key, Any]:
        """Those periods of which something is kept, without agencies that counted nothing."""
        return {
            key: {agency: cells for agency, cells in figures.items() if cells}
            for key, figures in frozen.items()
            if key[1] != "N"
        }

    _same(by_agency(stored_frozen()), by_agency(expected.frozen))


def stored_frozen() -> oracle.Frozen:
    """The figures of each period that has been published, by agency, as they were when it was published first."""
    found: oracle.Frozen = {}
    for row in FrozenSum.objects.all():
        figures = found.setdefault((row.indicator_id, row.frequency, row.period), {})
        for agency, country, network, value in zip(row.agencies, row.countries, row.networks, row.values, strict=True):
            figures.setdefault(agency, {})[country, network] = value
    return found


def assert_coverage_agrees(expected: oracle.Federation, indicator: int, frequencies: str) -> None:
    for frequency in frequencies:
        due = expected.ended_periods(indicator, frequency)
        if frequency == "N":
            # A minute that waits has no coverage.
            public = expected.public_periods(indicator, frequency)
            missing = [period for period in due if period not in public]
            assert all(
                expected.awaited(indicator, frequency, period)
                or not expected.coverage(indicator, frequency, period).expected
                for period in missing
            )
            due = public
        stored = stored_coverage(indicator, frequency, now=expected.now)
        _same(
            {key: found for key, found in stored.items() if found.expected or _must_be_there(frequency, key[1], due)},
            {
                (frequency, period): found
                for period in due
                if (found := expected.coverage(indicator, frequency, period)).expected
                or _must_be_there(frequency, period, due)
            },
        )


def _must_be_there(frequency: str, period: datetime, due: Sequence[datetime]) -> bool:
    """Whether a period in which nobody is expected has coverage all the same.

    Not a minute: minutes have no history that could have a gap. And what was public before the beginning, because of
    a schedule that is gone, stays public.
    """
    return frequency != "N" and bool(due) and period >= due[0]


def stored_coverage(indicator: int, frequency: str, *, now: datetime) -> dict[Key, records.Coverage]:
    rows = PublishedCoverage.objects.filter(indicator=indicator, frequency=frequency, version_to=None)
    return {
        (frequency, row.period): coverage_of(row)
        for row in rows
        if frequency != "N" or row.period >= oldest_live_minute(now)
    }


def oldest_live_minute(now: datetime) -> datetime:
    return periods.start_of("N", now - oracle.LIVE)


def coverage_of(row: PublishedCoverage) -> records.Coverage:
    covered, owed = sum(row.covered), sum(row.owed)
    assert row.share == (covered * 10_000 // owed if owed else -1)
    return records.Coverage(
        expected=row.agencies_expected,
        reporting=row.agencies_reporting,
        covered=covered,
        owed=owed,
        status=row.status,
        states=dict(zip(row.agencies, row.states, strict=True)),
        counted_from=row.counted_from,
        awaited=frozenset(agency for agency, is_awaited in zip(row.agencies, row.awaited, strict=False) if is_awaited),
        until=row.awaited_until,
    )


def assert_cells_agree(expected: oracle.Federation, indicator: int, frequencies: str) -> None:
    for frequency in frequencies:
        found = expected.public_periods(indicator, frequency)
        _same(
            stored_cells(indicator, frequency, now=expected.now),
            {
                (frequency, period, *place): value
                for period in found
                for place, value in expected.published(indicator, frequency, period).items()
            },
        )


def stored_cells(indicator: int, frequency: str, *, now: datetime) -> dict[Key, int]:
    rows = PublishedCell.objects.filter(indicator=indicator, frequency=frequency, version_to=None)
    cells: dict[Key, int] = defaultdict(int)
    for row in rows:
        if frequency != "N" or row.period >= oldest_live_minute(now):
            cells[frequency, row.period, row.country, row.network] += row.value
    return dict(cells)


def unclipped_numbers(published: Iterable[tuple[int, str, datetime]]) -> dict[Key, int]:
    """What is to be public of periods as it is now, before the clip at zero, by frequency, period and place."""
    by_frequency: dict[str, list[WorkItem]] = defaultdict(list)
    for indicator, frequency, period in published:
        by_frequency[frequency].append(WorkItem(Stage.PUBLISH, frequency, period, indicator))
    found = {}
    for frequency, items in by_frequency.items():
        numbers = publication.unclipped(items, combine(items, mark=clock.mark()).cells, frozen.read(items))
        networks = tables.PUBLIC_NETWORKS[-numbers.shape[2] :].tolist()
        for position, row, column in np.argwhere(numbers).tolist():
            place = int(tables.PUBLIC_COUNTRIES[row]), networks[column]
            found[frequency, items[position].period, *place] = int(numbers[position, row, column])
    return found


def assert_windows_agree(expected: oracle.Federation, indicator: int) -> None:
    found = {name: sliding_windows.window(expected, indicator, name) for name in sliding_windows.WINDOWS}
    windows = {
        (name,): (window.start, window.end, window.values, _summary(window.coverage))
        for name, window in found.items()
        if window
    }
    # Periods stay public in which nobody is expected any more, as a schedule is gone; so does a window of them.
    _same(
        *({key: window for key, window in some.items() if window[3][0]} for some in (read_windows(indicator), windows))
    )


def _summary(coverage: records.Coverage) -> Key:
    share = coverage.covered * 10_000 // coverage.owed if coverage.owed else -1
    return coverage.expected, coverage.reporting, share, coverage.status, coverage.counted_from


def read_windows(indicator: int) -> dict[Key, Key]:
    """Of each window as it is read: its start, end, values by country, and coverage."""
    found = {name: published.window(indicator, name, Reference.current()) for name in published.WINDOWS}
    return {
        (name,): (
            window.start,
            window.end,
            {one.country: value for one, [value] in zip(table.series, table.values.tolist(), strict=True) if value},
            _read_coverage(table.coverage),
        )
        for name, window in found.items()
        if window
        for table in [window.page.table]
    }


def _read_coverage(coverage: Coverage) -> Key:
    share = coverage.time_coverage[0]
    counted_from = coverage.beginnings.get(0)
    return (
        *(int(column[0]) for column in (coverage.agencies_expected, coverage.agencies_reporting)),
        -1 if share is None else round(share * 10_000),
        str(coverage.status[0]),
        counted_from,
    )


def stored_panel(months: int, frequency: str, *, indicator: int = 1) -> panels.Panel | None:
    """A panel as it is public now."""
    named = {"indicator": indicator, "months": months, "frequency": frequency, "version_to": None}
    row = PublishedPanel.objects.filter(**named).first()
    numbers = {
        period.period: panels.Numbers(period.status, dict(zip(period.countries, period.values, strict=True)))
        for period in PublishedPanelPeriod.objects.filter(**named)
    }
    return panels.Panel(row.start, row.end, row.agencies, numbers) if row else None


def shown_panels(frequency: str, *, indicator: int = 1) -> list[panels.Shown]:
    """All panels that are public or ever were, in the order in which they became so."""
    rows = PublishedPanel.objects.filter(indicator=indicator, frequency=frequency).order_by("version_from")
    return [panels.Shown(row.months, row.start, row.end, row.agencies) for row in rows]


def _at(version: int | None) -> Q:
    """Which rows are public now, or were at a version."""
    if version is None:
        return Q(version_to=None)
    return Q(version_from__lte=version) & (Q(version_to=None) | Q(version_to__gt=version))


def assert_panels_agree(expected: oracle.Federation) -> None:
    for indicator in INDICATORS:
        for months in panels.MONTHS:
            for frequency in panels.FREQUENCIES:
                found = stored_panel(months, frequency, indicator=indicator)
                shown = shown_panels(frequency, indicator=indicator)
                assert found == panels.panel(expected, indicator, months, frequency, shown), (months, frequency)


@dataclass
class Vintages:
    """What was public at each version while it was the newest: it must be the same ever after."""

    seen: dict[int, dict[Key, Any]] = field(default_factory=dict)

    def note(self) -> None:
        """Remember the newest version, unless it is known."""
        newest = Version.objects.aggregate(newest=Max("number"))["newest"]
        if newest is not None and newest not in self.seen:
            self.seen[newest] = public_view()

    def assert_kept(self) -> None:
        for version, view in self.seen.items():
            _same(public_view(version), view)


def public_view(version: int | None = None) -> dict[Key, Any]:
    """All that is public now, or was at a version: cells, coverage and panels, at each frequency that has vintages."""
    places = ("indicator", "frequency", "period", "country", "network", "value")
    rows = PublishedCell.objects.filter(_at(version)).exclude(frequency="N").values_list(*places)
    view: dict[Key, Any] = {tuple(place): value for *place, value in rows}
    for row in PublishedCoverage.objects.filter(_at(version)).exclude(frequency="N"):
        view[row.indicator_id, row.frequency, row.period] = coverage_of(row)
    panel = ("indicator", "months", "frequency")
    for *place, start, end, agencies in PublishedPanel.objects.filter(_at(version)).values_list(
        *panel, "start", "end", "agencies"
    ):
        view[tuple(place)] = (start, end, agencies)
    for *place, status, countries, values in PublishedPanelPeriod.objects.filter(_at(version)).values_list(
        *panel, "period", "status", "countries", "values"
    ):
        view[tuple(place)] = (status, countries, values)
    return view


def everything_stored(now: datetime) -> list[dict[Key, Any]]:
    """All that the numbers of a federation are, to be compared with those of another."""
    return [
        stored_figures(),
        *(stored_coverage(indicator, frequency, now=now) for indicator in INDICATORS for frequency in "NHDWMA"),
        *(stored_cells(indicator, frequency, now=now) for indicator in INDICATORS for frequency in "NHDWMA"),
        *(read_windows(indicator) for indicator in INDICATORS),
    ]

"""Makes an agency's figures (rule 2): the current report, or else the sum of finer figures.

A sum reads only the figures of the next finer frequency, so the cost of a change does not grow with the history.
``compute`` only reads. ``replace`` writes whole rows, and returns which of them changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from federation.database import copy_rows, cursor, instants, statement
from federation.models.figures import Figure, Source
from federation.rules import tables
from federation.worklist import WorkItem, item_rows, parameters_of
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.plausibility import Cells

_NO_CELLS: Final = Cells(np.empty(0, np.int16), np.empty(0, np.int16), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class ComputedFigure:
    """A figure: its cells that are not 0, and what it covers."""

    source: Source
    covered_seconds: int
    reported_seconds: int
    final: bool
    held: bool = False
    cells: Cells = _NO_CELLS

    def facts(self) -> tuple[object, ...]:
        """Everything except the cells."""
        return (self.source.value, self.covered_seconds, self.reported_seconds, self.final, self.held)


@dataclass(slots=True)
class _Parts:
    """The parts of figures that are sums: the cells of finer figures, and what these cover, by position of the sum."""

    position: list[int] = field(default_factory=list)
    cells: list[Cells] = field(default_factory=list)
    covered: dict[int, int] = field(default_factory=dict)
    reported: dict[int, int] = field(default_factory=dict)
    provisional: set[int] = field(default_factory=set)

    def add(self, position: int, reported: int) -> None:
        self.reported[position] = self.reported.get(position, 0) + reported

    def add_figure(self, position: int, covered: int, *, final: bool, cells: Cells) -> None:
        self.position.append(position)
        self.cells.append(cells)
        self.covered[position] = self.covered.get(position, 0) + covered
        if not final:
            self.provisional.add(position)


@dataclass(frozen=True, slots=True)
class SentReport:
    """A report that is not stored, but used as if it were the current one. ``root`` stands for the id of its row."""

    root: int
    received: datetime
    status: str
    withdrawn: bool
    total: int
    cells: Cells

    def row(self) -> tuple[Any, ...]:
        """The columns that the statements about current reports return."""
        return (self.status, self.withdrawn, *self.cells)


#: Reports that are not stored, by figure.
SentReports = Mapping[WorkItem, SentReport]
NOTHING_SENT: Final[SentReports] = {}


def compute(items: Sequence[WorkItem]) -> dict[WorkItem, ComputedFigure]:
    """Compute figures, all of one frequency. Items for which no report was ever sent are left out."""
    frequency = items[0].frequency
    own = _Own() if frequency not in periods.REPORTABLE else _own(items, frequency, NOTHING_SENT)
    rest = [item for item in items if item not in own.figures]
    return own.figures | _derived(rest, own, _parts(rest))


def sum_finer(items: Sequence[WorkItem]) -> dict[WorkItem, ComputedFigure]:
    """The sums of the next finer figures. ``items`` have one frequency. Their own reports are ignored."""
    return _derived(items, _Own(), _parts(items))


def sum_reports(items: Sequence[WorkItem], sent: SentReports) -> dict[WorkItem, ComputedFigure]:
    """The sums that ``sum_finer`` returns, but from reports alone: the finer figures are computed, not read."""
    finer = periods.FINER.get(Frequency(items[0].frequency)) if items else None
    if finer is None:
        return sum_finer(items)
    if finer == Frequency.MINUTE:
        return _derived(items, _Own(), _minutes(items, sent))
    parts, position_of = _Parts(), {}
    for position, item in enumerate(items):
        for period in periods.inside(finer, item.frequency, item.period):
            position_of[item._replace(frequency=finer, period=period)] = position
    own = _own(list(position_of), finer, sent)
    figures = own.figures | sum_reports([part for part in position_of if part not in own.figures], sent)
    for part, figure in figures.items():
        if figure.source != Source.NONE:
            parts.add_figure(position_of[part], figure.covered_seconds, final=figure.final, cells=figure.cells)
    return _derived(items, _Own(), parts)


@dataclass(frozen=True, slots=True)
class _Own:
    """What reports of the items' own frequency say: figures, items ever reported, and items with a held report."""

    figures: dict[WorkItem, ComputedFigure] = field(default_factory=dict)
    reported: set[WorkItem] = field(default_factory=set)
    held: set[WorkItem] = field(default_factory=set)


def _own(items: Sequence[WorkItem], frequency: str, sent: SentReports) -> _Own:
    rows = [row for row in item_rows("figures_own", items) if items[row[0]] not in sent]
    rows += [(position, False, *sent[item].row()) for position, item in enumerate(items) if item in sent]
    own = _Own({}, {items[row[0]] for row in rows}, {items[row[0]] for row in rows if row[1]})
    for position, held, status, withdrawn, *cells in rows:
        if status is not None and not withdrawn:
            item = items[position]
            whole = periods.seconds(frequency, item.period)
            own.figures[item] = ComputedFigure(Source.REPORTED, whole, whole, status == "A", held, Cells(*cells))
    return own


def _derived(items: Sequence[WorkItem], own: _Own, parts: _Parts) -> dict[WorkItem, ComputedFigure]:
    """The figures of items, as sums of their parts."""
    sums = []
    if parts.cells:
        countries, networks, values = map(np.concatenate, zip(*parts.cells, strict=True))
        table = np.repeat(parts.position, [len(cells.values) for cells in parts.cells])
        sums = tables.nonzero(tables.add_up(len(items), table, countries, networks, values))
    figures = {}
    for position, item in enumerate(items):
        whole = periods.seconds(item.frequency, item.period)
        reported = whole if item in own.reported else parts.reported.get(position, 0)
        covered, held = parts.covered.get(position), item in own.held
        if covered is not None:
            final = position not in parts.provisional
            figures[item] = ComputedFigure(Source.DERIVED, covered, reported, final, held, Cells(*sums[position]))
        elif reported:
            figures[item] = ComputedFigure(Source.NONE, 0, reported, final=False, held=held)
    return figures


def _parts(items: Sequence[WorkItem]) -> _Parts:
    finer = periods.FINER.get(Frequency(items[0].frequency)) if items else None
    if finer == Frequency.MINUTE:
        return _minutes(items, NOTHING_SENT)
    parts = _Parts()
    rows = item_rows("figures_finer", items, ends=_ends(items), finer=finer) if finer else ()
    for position, source, covered, reported, final, *cells in rows:
        parts.add(position, reported)
        if source != Source.NONE:
            parts.add_figure(position, covered, final=final, cells=Cells(*cells))
    return parts


def _minutes(hours: Sequence[WorkItem], sent: SentReports) -> _Parts:
    position_of = {hour: position for position, hour in enumerate(hours)}
    parts, instead = _Parts(), {}
    # Minutes that were just sent take the place of stored ones.
    for minute, report in sent.items():
        hour = minute._replace(frequency=Frequency.HOUR, period=periods.start_of(Frequency.HOUR, minute.period))
        if minute.frequency == Frequency.MINUTE and hour in position_of:
            instead[position_of[hour], minute.period] = report
    rows = [row for row in item_rows("figures_minutes", hours, ends=_ends(hours)) if row[:2] not in instead]
    rows += [(*place, *report.row()) for place, report in instead.items()]
    for position, _, status, withdrawn, *cells in rows:
        parts.add(position, reported=60)
        if status is not None and not withdrawn:
            parts.add_figure(position, 60, final=status == "A", cells=Cells(*cells))
    return parts


def _ends(items: Sequence[WorkItem]) -> NDArray[np.datetime64]:
    return instants([periods.end(item.frequency, item.period) for item in items])


def read(items: Sequence[WorkItem]) -> dict[WorkItem, ComputedFigure]:
    """The stored figures of items, all of one frequency."""
    figures = {}
    for position, source, covered, reported, final, held, *cells in item_rows("figures_stored", items):
        figures[items[position]] = ComputedFigure(Source(source), covered, reported, final, held, Cells(*cells))
    return figures


def differing(
    items: Sequence[WorkItem], computed: Mapping[WorkItem, ComputedFigure], stored: Mapping[WorkItem, ComputedFigure]
) -> list[WorkItem]:
    """The items whose computed figure is not the stored one."""

    def differs(item: WorkItem) -> bool:
        new, old = computed.get(item), stored.get(item)
        if new is None or old is None:
            return new is not old
        return (
            new.facts() != old.facts()
            or not np.array_equal(new.cells.values, old.cells.values)
            or not np.array_equal(new.cells.places(), old.cells.places())
        )

    return [item for item in items if differs(item)]


_COLUMNS = (
    "indicator_id", "agency_id", "frequency", "period", "source", "covered_seconds", "reported_seconds", "final",
    "held", "total", "countries", "networks", "values",
)  # fmt: skip


def replace(items: Sequence[WorkItem]) -> tuple[list[WorkItem], list[WorkItem]]:
    """Recompute figures, all of one frequency, and store those that changed.

    Return these, and those of them that have numbers now and had none, or the other way round.
    """
    computed, stored = compute(items), read(items)
    changed = differing(items, computed, stored)

    def has_numbers(figures: Mapping[WorkItem, ComputedFigure], item: WorkItem) -> bool:
        return item in figures and figures[item].source != Source.NONE

    def rows() -> Iterator[tuple[object, ...]]:
        for item in changed:
            if figure := computed.get(item):
                place = (item.indicator, item.agency, item.frequency, item.period)
                yield (*place, *figure.facts(), figure.cells.total, *figure.cells)

    if changed:
        with cursor() as c:
            c.execute(statement("figures_delete"), parameters_of(changed))
            copy_rows(Figure, _COLUMNS, rows(), to=c)
    return changed, [item for item in changed if has_numbers(computed, item) != has_numbers(stored, item)]

"""Makes an agency's figures (rule 2): the standing report, or else the sum of finer figures.

Reads one level below, so the cost of a change is bounded by the calendar. Computing only
reads; replacing writes whole rows and says which of them changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from federation.database import copy_rows, cursor, instants, statement
from federation.models.figures import Source
from federation.rules import tables
from federation.worklist import WorkItem, named, named_rows
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.reports import Numbers, Values

#: The cells of figures: countries, networks and values, parallel.
Cells = tuple[Numbers, Numbers, Values]

_NO_NUMBERS: Numbers = np.empty(0, np.int16)
_NO_VALUES: Values = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Computed:
    """A figure as computed: parallel arrays of its cells that are not 0, and what it covers."""

    source: Source
    covered_seconds: int
    reported_seconds: int
    final: bool
    held: bool = False
    countries: Numbers = field(default_factory=_NO_NUMBERS.copy)
    networks: Numbers = field(default_factory=_NO_NUMBERS.copy)
    values: Values = field(default_factory=_NO_VALUES.copy)

    def same_as(self, other: "Computed") -> bool:
        """Whether both say the same."""
        return self.facts() == other.facts() and all(
            np.array_equal(mine, others) for mine, others in zip(self.cells(), other.cells(), strict=True)
        )

    def cells(self) -> tuple[NDArray[Any], ...]:
        """Return the parallel arrays."""
        return (self.countries, self.networks, self.values)

    def facts(self) -> tuple[object, ...]:
        """Return all but the cells."""
        return (self.source, self.covered_seconds, self.reported_seconds, self.final, self.held)


@dataclass(slots=True)
class _Parts:
    """What a derived figure is summed from: finer figures' cells, laid end to end, and their facts."""

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
class Sent:
    """A report that is not stored, as the current one of its figure: what follows from it can be told beforehand.

    ``root`` stands for its row, and is no row's number.
    """

    root: int
    received: datetime
    status: str
    withdrawn: bool
    total: int
    countries: Numbers
    networks: Numbers
    values: Values

    def row(self) -> tuple[Any, ...]:
        """Return its columns as the statements about current reports name them."""
        return (self.status, self.withdrawn, self.countries, self.networks, self.values)


#: Reports that are taken for stored, by figure.
AllSent = Mapping[WorkItem, Sent]
NOTHING_SENT: Final[AllSent] = {}


def compute(items: Sequence[WorkItem]) -> dict[WorkItem, Computed]:
    """Compute figures, all of one frequency; an item of which nothing was ever reported is left out."""
    frequency = items[0].frequency
    own = _Own() if frequency not in periods.REPORTABLE else _own(items, frequency, NOTHING_SENT)
    rest = [item for item in items if item not in own.figures]
    return own.figures | _derived(rest, own, _parts(rest))


def summed(items: Sequence[WorkItem]) -> dict[WorkItem, Computed]:
    """Return what the figures one level finer add up to, all of one frequency, also if the whole was reported."""
    return _derived(items, _Own(), _parts(items))


def summed_from_reports(items: Sequence[WorkItem], sent: AllSent) -> dict[WorkItem, Computed]:
    """Return the same from reports alone, if the finer figures are still to be computed."""
    finer = periods.FINER.get(Frequency(items[0].frequency)) if items else None
    if finer is None:
        return summed(items)
    if finer == Frequency.MINUTE:
        return _derived(items, _Own(), _minutes(items, sent))
    parts, place = _Parts(), {}
    for position, item in enumerate(items):
        for period in periods.inside(finer, item.frequency, item.period):
            place[item._replace(frequency=finer, period=period)] = position
    for part, figure in _from_reports(list(place), sent).items():
        if figure.source != Source.NONE:
            cells = (figure.countries, figure.networks, figure.values)
            parts.add_figure(place[part], figure.covered_seconds, final=figure.final, cells=cells)
    return _derived(items, _Own(), parts)


def _from_reports(items: Sequence[WorkItem], sent: AllSent) -> dict[WorkItem, Computed]:
    own = _own(items, items[0].frequency, sent)
    return own.figures | summed_from_reports([item for item in items if item not in own.figures], sent)


@dataclass(frozen=True, slots=True)
class _Own:
    """What reports of their own say of figures: the standing ones, those ever reported, those with a held report."""

    figures: dict[WorkItem, Computed] = field(default_factory=dict)
    once: set[WorkItem] = field(default_factory=set)
    held: set[WorkItem] = field(default_factory=set)


def _own(items: Sequence[WorkItem], frequency: str, sent: AllSent) -> _Own:
    rows = [row for row in named_rows("figures_own", items) if items[row[0]] not in sent]
    rows += [(position, False, *sent[item].row()) for position, item in enumerate(items) if item in sent]
    own = _Own({}, {items[row[0]] for row in rows}, {items[row[0]] for row in rows if row[1]})
    for position, held, status, withdrawn, *cells in rows:
        if status is not None and not withdrawn:
            item = items[position]
            whole = periods.seconds(frequency, item.period)
            own.figures[item] = Computed(Source.REPORTED, whole, whole, status == "A", held, *cells)
    return own


def _derived(items: Sequence[WorkItem], own: _Own, parts: _Parts) -> dict[WorkItem, Computed]:
    """Return the figures of items that are summed from their parts."""
    sums = _sum_parts(len(items), parts)
    figures = {}
    for position, item in enumerate(items):
        whole = periods.seconds(item.frequency, item.period)
        reported = whole if item in own.once else parts.reported.get(position, 0)
        covered, held = parts.covered.get(position), item in own.held
        if covered is not None:
            final = position not in parts.provisional
            figures[item] = Computed(Source.DERIVED, covered, reported, final, held, *sums[position])
        elif reported:
            figures[item] = Computed(Source.NONE, 0, reported, final=False, held=held)
    return figures


def _sum_parts(n: int, parts: _Parts) -> list[Cells]:
    if not parts.cells:
        return []
    countries, networks, values = map(np.concatenate, zip(*parts.cells, strict=True))
    table = np.repeat(parts.position, [len(cells[2]) for cells in parts.cells])
    return tables.nonzero(tables.add_up(n, table, countries, networks, values))


def _parts(items: Sequence[WorkItem]) -> _Parts:
    finer = periods.FINER.get(Frequency(items[0].frequency)) if items else None
    if finer is None:
        return _Parts()
    return _minutes(items, NOTHING_SENT) if finer == Frequency.MINUTE else _finer_figures(items, finer)


def _minutes(items: Sequence[WorkItem], sent: AllSent) -> _Parts:
    parts, instead = _Parts(), _minutes_sent(items, sent)
    rows = [row for row in named_rows("figures_minutes", items, ends=_ends(items)) if row[:2] not in instead]
    rows += [(*place, *report.row()) for place, report in instead.items()]
    for position, _, status, withdrawn, *cells in rows:
        parts.add(position, reported=60)
        if status is not None and not withdrawn:
            parts.add_figure(position, 60, final=status == "A", cells=tuple(cells))
    return parts


def _minutes_sent(hours: Sequence[WorkItem], sent: AllSent) -> dict[tuple[int, datetime], Sent]:
    """Return the reports of minutes among those sent, by the position of their hour and their period."""
    place, found = {hour: position for position, hour in enumerate(hours)}, {}
    for minute, report in sent.items():
        hour = minute._replace(frequency=Frequency.HOUR, period=periods.start_of(Frequency.HOUR, minute.period))
        if minute.frequency == Frequency.MINUTE and hour in place:
            found[place[hour], minute.period] = report
    return found


def _ends(items: Sequence[WorkItem]) -> NDArray[np.datetime64]:
    return instants([periods.end(item.frequency, item.period) for item in items])


def _finer_figures(items: Sequence[WorkItem], finer: str) -> _Parts:
    parts = _Parts()
    rows = named_rows("figures_finer", items, ends=_ends(items), finer=finer)
    for position, source, covered, reported, final, *cells in rows:
        parts.add(position, reported)
        if source != Source.NONE:
            parts.add_figure(position, covered, final=final, cells=tuple(cells))
    return parts


def stored(items: Sequence[WorkItem]) -> dict[WorkItem, Computed]:
    """Return the figures as they are stored, all of one frequency."""
    figures = {}
    for position, source, covered, reported, final, held, *cells in named_rows("figures_stored", items):
        figures[items[position]] = Computed(Source(source), covered, reported, final, held, *cells)
    return figures


def differing(
    items: Sequence[WorkItem], computed: dict[WorkItem, Computed], before: dict[WorkItem, Computed]
) -> list[WorkItem]:
    """Return the items whose computed figure is not the stored one."""

    def differs(item: WorkItem) -> bool:
        new, old = computed.get(item), before.get(item)
        return not new.same_as(old) if new and old else new is not old

    return [item for item in items if differs(item)]


_COLUMNS = {
    "indicator_id": "int2", "agency_id": "int2", "frequency": "varchar", "period": "timestamptz",
    "source": "varchar", "covered_seconds": "int4", "reported_seconds": "int4", "final": "bool", "held": "bool",
    "total": "int8",
    "countries": "int2[]", "networks": "int2[]", "values": "int8[]",
}  # fmt: skip


def replace(items: Sequence[WorkItem]) -> list[WorkItem]:
    """Recompute figures, all of one frequency, and store those that changed; return the changed."""
    computed = compute(items)
    changed = differing(items, computed, stored(items))
    if changed:
        with cursor() as c:
            c.execute(statement("figures_delete"), named(changed))
            rows = (_row(item, computed[item]) for item in changed if item in computed)
            copy_rows("federation_figure", _COLUMNS, rows, to=c)
    return changed


def _row(item: WorkItem, figure: Computed) -> tuple[object, ...]:
    return (
        item.indicator, item.agency, item.frequency, item.period,
        figure.source.value, figure.covered_seconds, figure.reported_seconds, figure.final, figure.held,
        int(figure.values.sum()),
        figure.countries, figure.networks, figure.values,
    )  # fmt: skip

"""The findings about the reports of a submission that need no earlier reports of the agency.

They are findings of R101, R102, R104 and R105. If an agency has not reported anything yet, a dry run of the federation
returns the same findings. Other rules compare with earlier reports, or with other agencies.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from p2p_core import periods
from p2p_core.codes import COUNTRIES, UNKNOWN
from p2p_core.periods import Frequency
from p2p_core.reports import NewReport
from p2p_core.rules import lateness, rulebook
from p2p_core.rules.levels import Facts, Judge, Level
from p2p_core.rules.plausibility import Cells, ComparedReport
from p2p_core.rules.rulebook import DEFAULTS, HOLDING, Subject
from p2p_core.rules.sums import Sums

#: The frequencies at which reports are judged. Minutes are judged by the sum of their hour.
JUDGED: Final = (Frequency.HOUR, Frequency.DAY, Frequency.MONTH)

#: The period of a report: its frequency and its start.
Place = tuple[str, datetime]


class Finding(NamedTuple):
    """A finding. ``position`` is that of the first report in the submission that it is about."""

    position: int
    rule: str
    indicator: int
    frequency: str
    period: datetime
    last_period: datetime
    facts: Facts

    def message(self) -> str:
        return rulebook.say(self.rule, self.frequency, self.period, self.last_period, self.facts)


def findings(reports: Sequence[NewReport], values: Mapping[str, float] = DEFAULTS) -> list[Finding]:
    """All findings about the reports, in their order. ``values`` has the thresholds by their names."""
    limits = rulebook.limits(values)
    by_indicator: dict[int, dict[Place, int]] = defaultdict(dict)
    for position, report in enumerate(reports):
        by_indicator[report.indicator][report.frequency, report.period] = position
    found: list[Finding] = []
    for indicator, positions in by_indicator.items():
        sent = {place: reports[position] for place, position in positions.items()}
        levels = [
            Level(one.frequency, one.period, None if one.withdrawn else one.total, judged=True) for one in sent.values()
        ]
        # The reports that would wait for a coordinator, with the facts that are the reason.
        held = Judge(Sums({}, {}), Frequency.MONTH, (), limits[HOLDING.id]).judge(levels)
        # One finding for held periods in a row, with the facts of the first.
        for frequency in periods.REPORTABLE:
            for run in lateness.runs(frequency, (period for one, period in held if one == frequency)):
                row = [(frequency, period) for period in periods.between(frequency, run.first, run.last)]
                first, facts = min(positions[place] for place in row), held[row[0]]
                found.append(Finding(first, HOLDING.id, indicator, frequency.value, run.first, run.last, facts))
        current = {place: report for place, report in sent.items() if place not in held}
        sums = _sums(current)
        for place, report in current.items():
            if report.frequency in JUDGED:
                compared = _compared(report, current, sums.get(place))
                for rule, facts in rulebook.judge(Subject.REPORT, limits, compared):
                    found.append(Finding(positions[place], rule, indicator, *place, place[1], facts))
    return sorted(found, key=lambda one: (one.position, one.rule))


def _sums(reports: Mapping[Place, NewReport]) -> dict[Place, Cells]:
    """The sums of finer figures that cover their whole period. A figure is a report or, without one, such a sum."""
    figures: dict[Place, tuple[int, list[NewReport]]] = {}
    whole: dict[Place, Cells] = {}
    for frequency in JUDGED:
        finer = periods.FINER[frequency]
        for place, one in reports.items():
            if one.frequency == finer and not one.withdrawn:
                figures[place] = periods.seconds(*place), [one]
        parts: dict[Place, tuple[int, list[NewReport]]] = {}
        for (_, period), (seconds, some) in figures.items():
            place = frequency.value, periods.start_of(frequency, period)
            covered, before = parts.get(place, (0, []))
            before.extend(some)
            parts[place] = covered + seconds, before
        for place, (seconds, some) in parts.items():
            if seconds == periods.seconds(*place):
                columns = zip(*((one.countries, one.networks, one.values) for one in some), strict=True)
                whole[place] = Cells(*map(np.concatenate, columns))
        figures = parts
    return whole


def _compared(report: NewReport, reports: Mapping[Place, NewReport], finer: Cells | None) -> ComparedReport:
    before = reports.get((report.frequency, periods.previous(report.frequency, report.period)))
    repeats = before is not None and report.total == before.total > 0
    return ComparedReport(
        total=report.total,
        unlocated=int(report.values[report.countries == COUNTRIES[UNKNOWN]].sum()),
        finer_frequency=periods.FINER[Frequency(report.frequency)].value,
        finer=None if report.withdrawn else finer,
        previous=_cells(before) if repeats and before is not None else None,
        cells=_cells(report),
    )


def _cells(report: NewReport) -> Cells:
    return Cells(report.countries, report.networks, report.values)

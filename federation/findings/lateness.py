"""Finds late and silent agencies (R201, R202) in the public coverage.

Late periods in a row are one finding that grows with them. Each look covers only the periods published since the last
one, and the findings next to them. A change of schedules publishes all periods again.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from federation.database import retried, rows_of
from federation.findings import holds
from federation.models.findings import Finding, Resolution
from federation.models.published import PeriodVersion, Version
from federation.models.worklist import WatchMark
from federation.publication.expectation import schedules_by_agency
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import lateness, rulebook
from p2p_core.rules.lateness import Run
from p2p_core.rules.levels import Facts
from p2p_core.rules.rulebook import Limits, Subject

#: At which frequency a schedule's periods are judged: minutes by their hour.
_JUDGED_AT = {frequency: frequency for frequency in periods.REPORTABLE} | {Frequency.MINUTE: Frequency.HOUR}


@retried
@transaction.atomic
def watch(*, now: datetime) -> None:
    """Bring the findings about late and silent agencies up to date; does nothing while another process does it."""
    mark = WatchMark.objects.select_for_update(skip_locked=True).first()
    newest = Version.objects.aggregate(newest=Max("number"))["newest"]
    if mark is None or newest is None or newest <= mark.version:
        return
    published = PeriodVersion.objects.filter(version__gt=mark.version, frequency__in=_JUDGED_AT.values())
    for indicator, frequency in sorted(published.values_list("indicator", "frequency").distinct()):
        changed = published.filter(indicator=indicator, frequency=frequency).values_list("period", flat=True).distinct()
        _watch_line(Line(indicator, frequency), sorted(changed), now=now)
    mark.version = newest
    mark.save()


@dataclass(frozen=True, slots=True)
class Line:
    """What agencies are expected to report: an indicator, period by period."""

    indicator: int
    frequency: str

    def late(self, stretches: Sequence[Run]) -> dict[int, list[datetime]]:
        """Return the late periods within stretches, by agency, if a schedule of this frequency expects them."""
        rows = rows_of(
            "lateness_periods",
            indicator=self.indicator,
            frequency=self.frequency,
            firsts=[stretch.first for stretch in stretches],
            lasts=[stretch.last for stretch in stretches],
        )
        schedules = {
            agency: [one for one in some if _JUDGED_AT[Frequency(one.frequency)] == self.frequency]
            for agency, some in schedules_by_agency([self.indicator])[self.indicator].items()
        }
        found = defaultdict(list)
        for agency, period in rows:
            if any(schedule.expects(self.frequency, period) for schedule in schedules.get(agency, ())):
                found[agency].append(period)
        return found

    def findings(self, changed: Sequence[datetime]) -> dict[int, list[Finding]]:
        """Return and lock the findings in or next to changed periods, by agency: open, or closed by a coordinator."""
        near = (
            Finding.objects.select_for_update()
            .filter(Q(resolved=None) | Q(resolution=Resolution.COORDINATOR), rule__in=rulebook.ids(Subject.LATENESS))
            .filter(indicator=self.indicator, frequency=self.frequency)
            .filter(
                last_period__gte=periods.previous(self.frequency, changed[0]),
                period__lte=periods.end(self.frequency, changed[-1]),
            )
            .order_by("pk")
        )
        found = defaultdict(list)
        for one in near:
            at = bisect_left(changed, periods.previous(self.frequency, one.period))
            if at < len(changed) and changed[at] <= periods.end(self.frequency, one.last_period):
                found[one.agency_id].append(one)
        return found

    def stretches(self, changed: Iterable[datetime], findings: Iterable[Finding]) -> list[Run]:
        """Return the stretches to look at: changed periods, and all periods of the findings next to them."""
        within = set(changed)
        for one in findings:
            within.update(periods.between(self.frequency, one.period, one.last_period))
        return lateness.runs(self.frequency, within)


def _watch_line(line: Line, changed: Sequence[datetime], *, now: datetime) -> None:
    findings = line.findings(changed)
    late = line.late(line.stretches(changed, (one for some in findings.values() for one in some)))
    changes = _Changes(line, now, rulebook.limits(settings.THRESHOLDS))
    for agency in sorted({*late, *findings}):
        own_findings = findings.get(agency, [])
        # The stretches of other agencies may hold only a part of this agency's late periods in a row.
        own = line.stretches(changed, own_findings)
        within = [period for period in late.get(agency, ()) if _lies_in(own, period)]
        changes.add(agency, lateness.runs(line.frequency, within), own_findings)
    changes.write()


def _lies_in(stretches: Sequence[Run], period: datetime) -> bool:
    at = bisect_left(stretches, period, key=lambda stretch: stretch.last)
    return at < len(stretches) and stretches[at].first <= period


@dataclass(slots=True)
class _Changes:
    """What to write, so that each run of late periods has one finding."""

    line: Line
    now: datetime
    limits: Limits
    over: list[int] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    opened: list[Finding] = field(default_factory=list)

    def add(self, agency: int, runs: Sequence[Run], findings: Sequence[Finding]) -> None:
        """Give each run of an agency its finding. Open findings without a run are over."""
        left = [one for one in findings if one.resolved is None]
        closed: dict[int, list[Run]] = defaultdict(list)
        for run in runs:
            *_, (rule, facts) = rulebook.judge(Subject.LATENESS, self.limits, run)
            if excuse := next((one for one in findings if _excuses(one, rule, run)), None):
                closed[excuse.pk].append(run)
            elif finding := next((one for one in left if one.rule == rule and _overlap(one, run)), None):
                left.remove(finding)
                self._update(finding, run.first, run.last, facts)
            else:
                self.opened.append(self._new(agency, rule, run, facts))
        self.over += [one.pk for one in left]
        for one in findings:
            if some := closed.get(one.pk):
                last = max(one.last_period, some[-1].last)
                self._update(one, one.period, last, {"periods": sum(run.count for run in some)})

    def _new(self, agency: int, rule: str, run: Run, facts: Facts) -> Finding:
        return Finding(
            rule=rule,
            agency_id=agency,
            indicator_id=self.line.indicator,
            frequency=self.line.frequency,
            period=run.first,
            last_period=run.last,
            facts=facts,
            opened=self.now,
            changed=self.now,
        )

    def _update(self, finding: Finding, first: datetime, last: datetime, facts: Facts) -> None:
        if (finding.period, finding.last_period, finding.facts) != (first, last, facts):
            finding.period, finding.last_period, finding.facts, finding.changed = first, last, facts, self.now
            self.changed.append(finding)

    def write(self) -> None:
        """Write all changes. Findings that are over make room first."""
        holds.resolve(Finding.objects.filter(pk__in=self.over), how=Resolution.ITSELF, now=self.now)
        for one in self.changed:
            one.save(update_fields=["period", "last_period", "facts", "changed"])
        Finding.objects.bulk_create(self.opened)


def _excuses(finding: Finding, rule: str, run: Run) -> bool:
    """Whether a coordinator closed this finding: the run began in it, and has not become worse by a rule."""
    return finding.resolved is not None and finding.rule >= rule and finding.period <= run.first <= finding.last_period


def _overlap(finding: Finding, run: Run) -> bool:
    return finding.period <= run.last and run.first <= finding.last_period

"""Finds late and silent agencies (R201, R202) in the public coverage.

Late periods in a row (a *run*) are one finding, which grows with them. ``watch`` reads only the periods that were
published since it last ran, and the findings in these periods or next to them. That is enough, because a change of
schedules publishes all periods again.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from federation.database import retry_deadlocks, rows_of
from federation.findings import lifecycle
from federation.findings.news import is_news
from federation.models.figures import Figure
from federation.models.findings import Finding, Resolution
from federation.models.published import PeriodVersion, Version
from federation.models.worklist import WatchMark
from federation.notifications import record
from federation.publication.expectation import schedules_by_agency
from federation.rules.coverage import AgencySchedule
from federation.worklist import Stage, WorkItem
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import lateness, rulebook
from p2p_core.rules.lateness import JUDGED_AT, Run
from p2p_core.rules.levels import Facts
from p2p_core.rules.rulebook import SILENCE, Limits, Subject


@retry_deadlocks
@transaction.atomic
def watch(*, now: datetime) -> None:
    """Bring the findings about late and silent agencies up to date. Do nothing while another process does this."""
    mark = WatchMark.objects.select_for_update(skip_locked=True).first()
    newest = Version.objects.aggregate(newest=Max("number"))["newest"]
    if mark is None or newest is None or newest <= mark.version:
        return
    published = PeriodVersion.objects.filter(version__gt=mark.version, frequency__in=JUDGED_AT.values())
    for indicator, frequency in sorted(published.values_list("indicator", "frequency").distinct()):
        rows = published.filter(indicator=indicator, frequency=frequency)
        series, changed = ExpectedSeries(indicator, frequency), sorted(rows.values_list("period", flat=True).distinct())
        findings = series.findings(changed)
        late = series.late(series.around(changed, chain.from_iterable(findings.values())))
        changes = _LatenessChanges(series, now, rulebook.limits(settings.THRESHOLDS))
        for agency in sorted({*late, *findings}):
            own_findings = findings.get(agency, [])
            # Of the periods around another agency's findings, perhaps only a part of this agency's run was read.
            own = series.around(changed, own_findings)
            runs = lateness.runs(frequency, own.intersection(late.get(agency, ())))
            changes.add(agency, runs, own_findings)
        changes.write()
    mark.version = newest
    mark.save()


@dataclass(frozen=True, slots=True)
class ExpectedSeries:
    """The periods of an indicator at a frequency, in which agencies are expected to report."""

    indicator: int
    frequency: str

    def late(self, within: Iterable[datetime]) -> dict[int, list[datetime]]:
        """Those of the periods ``within`` in which agencies are late, by agency.

        Only schedules that are judged at this frequency count.
        """
        runs = lateness.runs(self.frequency, within)
        rows = rows_of(
            "lateness_periods",
            indicator=self.indicator,
            frequency=self.frequency,
            firsts=[run.first for run in runs],
            lasts=[run.last for run in runs],
        )
        schedules, found = self.schedules(), defaultdict(list)
        for agency, period in rows:
            if any(schedule.expects(self.frequency, period) for schedule in schedules.get(agency, ())):
                found[agency].append(period)
        return found

    def schedules(self) -> dict[int, list[AgencySchedule]]:
        """The schedules that are judged at this frequency, by agency."""
        return {
            agency: [one for one in some if JUDGED_AT[Frequency(one.frequency)] == self.frequency]
            for agency, some in schedules_by_agency([self.indicator])[self.indicator].items()
        }

    def findings(self, changed: Sequence[datetime]) -> dict[int, list[Finding]]:
        """Lock and return the findings in changed periods or next to them, by agency.

        They are those that are open, and those that a coordinator closed.
        """
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

    def around(self, changed: Iterable[datetime], findings: Iterable[Finding]) -> set[datetime]:
        """The changed periods, and all periods of these findings."""
        within = set(changed)
        for one in findings:
            within.update(periods.between(self.frequency, one.period, one.last_period))
        return within


@dataclass(slots=True)
class _LatenessChanges:
    """The findings to write, so that each run of late periods has one finding."""

    series: ExpectedSeries
    now: datetime
    limits: Limits
    over: list[Finding] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    opened: list[Finding] = field(default_factory=list)

    def add(self, agency: int, runs: Sequence[Run], findings: Sequence[Finding]) -> None:
        """Give each run of an agency its finding. Open findings that get no run are over."""
        left = [one for one in findings if one.resolved is None]
        closed: dict[int, list[Run]] = defaultdict(list)
        for run in runs:
            *_, (rule, facts) = rulebook.judge(Subject.LATENESS, self.limits, run)
            # A run needs no new finding if a coordinator closed one in which it began. A more severe rule opens one.
            excuses = (
                one
                for one in findings
                if one.resolved is not None and one.rule >= rule and one.period <= run.first <= one.last_period
            )
            same = (one for one in left if one.rule == rule)
            overlapping = (one for one in same if one.period <= run.last and run.first <= one.last_period)
            if excuse := next(excuses, None):
                closed[excuse.pk].append(run)
            elif finding := next(overlapping, None):
                left.remove(finding)
                self._update(finding, run.first, run.last, facts)
            else:
                figure = WorkItem(Stage.FIGURE, self.series.frequency, run.first, self.series.indicator, agency)
                self.opened.append(lifecycle.new(rule, figure, facts, now=self.now, last_period=run.last))
        self.over += left
        for one in findings:
            if some := closed.get(one.pk):
                last = max(one.last_period, some[-1].last)
                self._update(one, one.period, last, {"periods": sum(run.count for run in some)})

    def _update(self, finding: Finding, first: datetime, last: datetime, facts: Facts) -> None:
        if (finding.period, finding.last_period, finding.facts) != (first, last, facts):
            finding.period, finding.last_period, finding.facts, finding.changed = first, last, facts, self.now
            self.changed.append(finding)

    def write(self) -> None:
        """Write all changes. Findings that are over are closed first, because a new one may have the same place."""
        over = Finding.objects.filter(pk__in=[one.pk for one in self.over])
        lifecycle.resolve(over, how=Resolution.ITSELF, now=self.now)
        for one in self.changed:
            one.save(update_fields=["period", "last_period", "facts", "changed"])
        # In the order in which all writers store findings.
        Finding.objects.bulk_create(sorted(self.opened, key=Finding.place))
        self._tell()

    def _tell(self) -> None:
        """Record what is news. If nobody was told of a silence, nobody is told that it is over."""
        if self.over or self.opened:
            schedules = self.series.schedules()
            opened, over = (
                [one for one in some if is_news(one, schedules.get(one.agency_id, ()))]
                for some in (self.opened, self.over)
            )
            record.opened(opened, now=self.now)
            record.silence_over([one for one in over if one.rule == SILENCE.id], now=self.now)


def silences() -> QuerySet[Finding]:
    """The findings of agencies that are silent now: open findings of R202, if the agency has no later figure."""
    later = Figure.objects.filter(
        agency=OuterRef("agency"),
        indicator=OuterRef("indicator"),
        frequency=OuterRef("frequency"),
        period__gt=OuterRef("last_period"),
        covered_seconds__gt=0,
    )
    return Finding.objects.filter(~Exists(later), rule=SILENCE.id, resolved=None)

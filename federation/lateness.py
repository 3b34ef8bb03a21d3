"""Finds late and silent agencies (R201, R202) in the public coverage, once however many look at once.

Late periods in a row are one story: a finding that grows with it. Only what was published since the
last look is looked at, and what touches it; a change of schedules has everything looked at again.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from federation import holds
from federation.database import retried, rows_of
from federation.expectation import schedules_by_agency
from federation.models.findings import Finding, Resolution
from federation.models.published import PeriodVersion, Version
from federation.models.worklist import WatchMark
from federation.rules import lateness, periods, rulebook
from federation.rules.coverage import Schedule
from federation.rules.lateness import Run
from federation.rules.levels import Facts
from federation.rules.periods import Frequency
from federation.rules.rulebook import Limits, Subject

#: At which frequency a schedule's periods are judged: minutes by their hour.
_JUDGED_AT = {frequency: frequency for frequency in periods.REPORTABLE} | {Frequency.MINUTE: Frequency.HOUR}

Expecting = dict[int, list[Schedule]]


@retried
@transaction.atomic
def watch(*, now: datetime) -> None:
    """Bring the findings about late and silent agencies up to date; does nothing while another does it."""
    mark = WatchMark.objects.select_for_update(skip_locked=True).first()
    newest = Version.objects.aggregate(newest=Max("number"))["newest"]
    if mark is None or newest is None or newest <= mark.version:
        return
    lines = PeriodVersion.objects.filter(version__gt=mark.version, frequency__in=_JUDGED_AT.values())
    for indicator, frequency in sorted(lines.values_list("indicator", "frequency").distinct()):
        changed = lines.filter(indicator=indicator, frequency=frequency).values_list("period", flat=True).distinct()
        _watch_line(Line(indicator, frequency), sorted(changed), now=now)
    mark.version = newest
    mark.save()


@dataclass(frozen=True, slots=True)
class Line:
    """What agencies are expected to report: an indicator, period by period."""

    indicator: int
    frequency: str

    def late(self, stretches: Sequence[Run]) -> dict[int, list[datetime]]:
        """Return the late periods within stretches, by agency, where a schedule of this frequency expects it."""
        reported = rows_of(
            "lateness_periods",
            indicator=self.indicator,
            frequency=self.frequency,
            firsts=[stretch.first for stretch in stretches],
            lasts=[stretch.last for stretch in stretches],
        )
        expecting = self._expecting()
        found = defaultdict(list)
        for agency, period in reported:
            if any(schedule.expects(self.frequency, period) for schedule in expecting.get(agency, ())):
                found[agency].append(period)
        return found

    def _expecting(self) -> Expecting:
        by_agency = schedules_by_agency([self.indicator])[self.indicator]
        return {
            agency: [one for one in schedules if _JUDGED_AT[Frequency(one.frequency)] == self.frequency]
            for agency, schedules in by_agency.items()
        }

    def stories(self, changed: Sequence[datetime]) -> dict[int, list[Finding]]:
        """Return and lock the findings that a change of periods may touch, open or closed by a coordinator."""
        rows = (
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
        for one in rows:
            if self._touches(one, changed):
                found[one.agency_id].append(one)
        return found

    def _touches(self, story: Finding, changed: Sequence[datetime]) -> bool:
        """Whether any changed period lies in a story, or right before or after it."""
        at = bisect_left(changed, periods.previous(self.frequency, story.period))
        return at < len(changed) and changed[at] <= periods.end(self.frequency, story.last_period)

    def stretches(self, changed: Iterable[datetime], stories: Iterable[Finding]) -> list[Run]:
        """Return the stretches in which to look: what changed, and all of the stories that it touches."""
        within = set(changed)
        for one in stories:
            within.update(periods.between(self.frequency, one.period, one.last_period))
        return lateness.runs(self.frequency, within)


def _watch_line(line: Line, changed: Sequence[datetime], *, now: datetime) -> None:
    stories = line.stories(changed)
    late = line.late(line.stretches(changed, (one for some in stories.values() for one in some)))
    telling = _Telling(line, now, rulebook.limits(settings.THRESHOLDS))
    for agency in sorted({*late, *stories}):
        mine = stories.get(agency, [])
        # Of others' stretches, one may see a part of a story only.
        own = line.stretches(changed, mine)
        within = [period for period in late.get(agency, ()) if _lies_in(own, period)]
        telling.tell(agency, lateness.runs(line.frequency, within), mine)
    telling.write()


def _lies_in(stretches: Sequence[Run], period: datetime) -> bool:
    at = bisect_left(stretches, period, key=lambda stretch: stretch.last)
    return at < len(stretches) and stretches[at].first <= period


@dataclass(slots=True)
class _Telling:
    """Tells each run of late periods by one finding."""

    line: Line
    now: datetime
    limits: Limits
    over: list[int] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    opened: list[Finding] = field(default_factory=list)

    def tell(self, agency: int, runs: Sequence[Run], stories: Sequence[Finding]) -> None:
        """Give each run of an agency its finding; those that are left over have ended."""
        left = [one for one in stories if one.resolved is None]
        closed: dict[int, list[Run]] = defaultdict(list)
        for run in runs:
            *_, (rule, facts) = rulebook.judge(Subject.LATENESS, self.limits, run)
            excuse = next((one for one in stories if _excuses(one, rule, run)), None)
            if excuse is not None:
                closed[excuse.pk].append(run)
                continue
            story = next((one for one in left if one.rule == rule and _overlap(one, run)), None)
            if story is None:
                self.opened.append(self._new(agency, rule, run, facts))
            else:
                left.remove(story)
                self._tell_anew(story, run.first, run.last, facts)
        self.over += [one.pk for one in left]
        for one in stories:
            if one.pk in closed:
                some = closed[one.pk]
                last = max(one.last_period, some[-1].last)
                self._tell_anew(one, one.period, last, {"periods": sum(run.count for run in some)})

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

    def _tell_anew(self, story: Finding, first: datetime, last: datetime, facts: Facts) -> None:
        told = (story.period, story.last_period, story.facts)
        story.period, story.last_period, story.facts = first, last, facts
        if told != (story.period, story.last_period, story.facts):
            story.changed = self.now
            self.changed.append(story)

    def write(self) -> None:
        """Write all of it; what has ended makes room first."""
        holds.resolve(Finding.objects.filter(pk__in=self.over), how=Resolution.ITSELF, now=self.now)
        for one in self.changed:
            one.save(update_fields=["period", "last_period", "facts", "changed"])
        Finding.objects.bulk_create(self.opened)


def _excuses(story: Finding, rule: str, run: Run) -> bool:
    """Whether a coordinator closed this very story: it began then, and has not become worse by a rule."""
    return story.resolved is not None and story.rule >= rule and story.period <= run.first <= story.last_period


def _overlap(story: Finding, run: Run) -> bool:
    return story.period <= run.last and run.first <= story.last_period

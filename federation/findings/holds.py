"""Decides at receipt which reports are held (R102), and stores their holds, and the findings that hold them.

The verdict is given once, from what is known at receipt. Only a decision, a break or a newer report ends a hold.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from federation.database import rows_of
from federation.findings import levels, lifecycle
from federation.models.findings import Decision, Finding, Hold, Resolution
from federation.notifications import record as notifications
from federation.worklist import Stage, WorkItem
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.levels import Facts, Level
from p2p_core.rules.rulebook import HOLDING

#: Frequency, period and total of a report. The total of a withdrawal is None.
Released = tuple[str, datetime, int | None]

#: How often to try to write findings, while workers open other findings in the same places.
_TRIES = 5


class ReportKey(Protocol):
    """What identifies a report of an agency: its indicator, frequency and period."""

    @property
    def indicator(self) -> int: ...
    @property
    def frequency(self) -> str: ...
    @property
    def period(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that would become the current one. ``total`` is None for a withdrawal.

    ``revises`` says that another report is current now. ``before`` is the total of that other report, or None if it is
    a withdrawal.
    """

    key: ReportKey
    total: int | None
    revises: bool
    before: int | None


def judge(agency: int, candidates: Mapping[int, Candidate]) -> dict[int, Facts]:
    """The candidates of one submission that must be held, by position, with the facts that are the reason."""
    by_indicator: dict[int, dict[int, Candidate]] = defaultdict(dict)
    for position, one in candidates.items():
        by_indicator[one.key.indicator][position] = one
    found: dict[int, Facts] = {}
    for indicator, members in by_indicator.items():
        some = members.values()
        released = _released(agency, indicator, [one.key for one in some])
        sent = []
        for one in some:
            was_released = (str(one.key.frequency), one.key.period, one.total) in released
            judged = not was_released and not (one.revises and one.total == one.before)
            sent.append(Level(one.key.frequency, one.key.period, one.total, judged, was_released))
        strays = levels.judge(
            agency,
            indicator,
            sent,
            minutes={
                one.key.period: one.before
                for one in some
                if one.key.frequency == Frequency.MINUTE and one.before is not None
            },
            released={
                (frequency, period, total)
                for (frequency, period, total), is_current in released.items()
                if is_current and total is not None
            },
        )
        for position, one in members.items():
            if facts := strays.get((one.key.frequency, one.key.period)):
                found[position] = facts
    return found


def _released(agency: int, indicator: int, keys: Sequence[ReportKey]) -> dict[Released, bool]:
    """The reports that were released in the months from the first key to the last, and whether each is current."""
    last = periods.start_of(Frequency.MONTH, max(key.period for key in keys))
    found = rows_of(
        "holds_released",
        agency=agency,
        indicator=indicator,
        first=periods.start_of(Frequency.MONTH, min(key.period for key in keys)),
        ends=periods.end(Frequency.MONTH, last),
    )
    return {(*key, None if withdrawn else total): is_current for *key, total, withdrawn, is_current in found}


@dataclass(frozen=True, slots=True)
class Held:
    """A report that is stored as held: the id of its row, its key, and the facts that are the reason."""

    report: int
    key: ReportKey
    facts: Facts


def record(agency: int, reports: Sequence[Held], *, now: datetime) -> dict[int, Finding]:
    """Store holds. Periods in a row share one finding. Return the finding of each report.

    The caller has locked the agency's indicators.
    """
    # Decisions lock findings in the same order.
    there = _open_findings(agency, reports).select_for_update(of=("self",)).order_by("id")
    found, opened, extended = _gather(agency, reports, there, now=now)
    # If a worker has just opened a finding about a sum in the same place, try again and replace it.
    for _ in range(_TRIES - 1):
        with suppress(IntegrityError), transaction.atomic():
            _put_in_place_of_sums(agency, opened, extended, now=now)
            break
    else:
        _put_in_place_of_sums(agency, opened, extended, now=now)
    Hold.objects.bulk_create(
        Hold(report_id=held.report, finding=found[held.report], rule=HOLDING.id, facts=held.facts, since=now)
        for held in reports
    )
    notifications.held([(found[held.report], held.key.period) for held in reports], now=now)
    return found


def would_gather(agency: int, reports: Sequence[Held], *, now: datetime) -> dict[int, Finding]:
    """The finding that each report would have if it were held. This only reads."""
    return _gather(agency, reports, _open_findings(agency, reports), now=now)[0]


def _gather(
    agency: int, reports: Sequence[Held], there: Iterable[Finding], *, now: datetime
) -> tuple[dict[int, Finding], list[Finding], list[Finding]]:
    """Choose the findings of held reports: one for periods in a row.

    Return the finding of each report, the new findings, and the stored findings that get more periods.
    """
    found: dict[int, Finding] = {}
    opened: list[Finding] = []
    extended: dict[int, Finding] = {}
    lines: dict[tuple[int, str], deque[Finding]] = defaultdict(deque)
    for one in sorted(there, key=lambda one: one.period):
        lines[one.indicator_id, one.frequency].append(one)
    for held in sorted(reports, key=lambda held: held.key.period):
        line = lines[held.key.indicator, held.key.frequency]
        while line and periods.end(held.key.frequency, line[0].last_period) < held.key.period:
            # This report does not adjoin the finding, and no later report can.
            line.popleft()
        if not line or held.key.period < periods.previous(held.key.frequency, line[0].period):
            figure = WorkItem(Stage.FIGURE, held.key.frequency, held.key.period, held.key.indicator, agency)
            line.appendleft(lifecycle.new(HOLDING.id, figure, held.facts, now=now))
            opened.append(line[0])
        else:
            finding = line[0]
            if held.key.period <= finding.period:
                finding.period, finding.facts = held.key.period, held.facts
            finding.last_period = max(finding.last_period, held.key.period)
            finding.changed = now
            if finding.pk:
                extended[finding.pk] = finding
        found[held.report] = line[0]
    return found, opened, list(extended.values())


def _open_findings(agency: int, reports: Sequence[Held]) -> QuerySet[Finding]:
    """The open findings that hold reports of the same indicators."""
    return Finding.objects.filter(
        Exists(Hold.objects.filter(finding=OuterRef("pk"))),
        agency=agency,
        indicator__in={held.key.indicator for held in reports},
        rule=HOLDING.id,
        resolved=None,
    )


def _put_in_place_of_sums(
    agency: int, opened: Sequence[Finding], extended: Sequence[Finding], *, now: datetime
) -> None:
    """Write findings. They replace findings about sums of finer figures for the same periods."""
    written = [*opened, *extended]
    places = {(one.rule, one.indicator_id, one.frequency, one.period) for one in written}
    there = Finding.objects.filter(agency=agency, resolved=None, holds=None, period__in={one.period for one in written})
    rows = there.values_list("pk", "rule", "indicator", "frequency", "period")
    sums = [pk for pk, *place in rows if tuple(place) in places]
    lifecycle.resolve(Finding.objects.filter(pk__in=sums), how=Resolution.REVISION, now=now)
    Finding.objects.bulk_update(extended, ["period", "last_period", "facts", "changed"])
    Finding.objects.bulk_create(sorted(opened, key=Finding.place))


def end(reports: Collection[int], *, decision: Decision, by: str, now: datetime, reason: str = "") -> list[int]:
    """Store the decision about waiting holds. Close findings that then have no waiting hold. Return the reports."""
    waiting = Hold.objects.select_for_update().filter(report__in=reports, decision="").order_by("pk")
    ended = list(waiting)
    done = [hold.pk for hold in ended]
    Hold.objects.filter(pk__in=done).update(decision=decision, decided=now, decided_by=by, reason=reason)
    findings = Finding.objects.filter(pk__in={hold.finding_id for hold in ended}, resolved=None)
    empty = findings.exclude(Exists(Hold.objects.filter(finding=OuterRef("pk"), decision="")))
    lifecycle.resolve(empty, how=_ENDS[decision], by=by, reason=reason, now=now)
    return done


_ENDS = {
    Decision.RELEASED: Resolution.RELEASED,
    Decision.REJECTED: Resolution.REJECTED,
    Decision.SUPERSEDED: Resolution.REVISION,
}

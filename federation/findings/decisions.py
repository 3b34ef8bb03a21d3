"""Decisions of people: to release or reject held reports, to close a finding, to answer one.

Each is one transaction with its audit event, and recomputes at once. A second decision changes nothing and says that
there was one before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from countries import queries
from countries.models import Agency, Indicator
from federation import audit, worklist
from federation.database import cursor, lock_lines, retried, statement
from federation.errors import FindingNotFoundError, FindingResolvedError, ReasonMissingError
from federation.findings import holds
from federation.models.findings import Answer, Decision, Finding, FindingState, Hold, Resolution
from federation.models.submissions import Report, ReportState
from federation.worklist import Stage, WorkItem, dispatch
from p2p_core import periods
from p2p_core.rules import levels
from p2p_core.rules.levels import Facts
from p2p_core.rules.rulebook import HOLDING

#: The columns of a row of the registry, ready for JSON.
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a call decided, what was decided before it, and the findings that it left because they hold reports."""

    done: tuple[int, ...]
    already: tuple[int, ...]
    holding: tuple[int, ...] = ()


@retried
@transaction.atomic
def release(*, reports: Collection[int], by: str, reason: str, now: datetime) -> Decided:
    """Release held reports: each becomes the current one, and its value is not held again."""
    return _decide(reports, Decision.RELEASED, by=by, reason=reason, now=now)


@retried
@transaction.atomic
def reject(*, reports: Collection[int], by: str, reason: str, now: datetime) -> Decided:
    """Reject held reports: the reports before them stay current."""
    return _decide(reports, Decision.REJECTED, by=by, reason=reason, now=now)


def _decide(reports: Collection[int], decision: Decision, *, by: str, reason: str, now: datetime) -> Decided:
    _require(reason)
    lock_lines(Report.objects.filter(pk__in=reports).values_list("agency_id", "indicator_id").distinct())
    done = holds.end(reports, decision=decision, by=by, now=now, reason=reason)
    if done:
        _APPLY[decision](done)
        rows = list(Report.objects.filter(pk__in=done).select_related("agency", "indicator"))
        worklist.append(
            WorkItem(Stage.FIGURE, row.frequency, row.period, row.indicator_id, row.agency_id) for row in rows
        )
        for row in rows:
            _record_decision(row, decision, by=by, reason=reason)
        dispatch.wake_on_commit()
    return Decided(tuple(done), tuple(sorted(set(reports) - set(done))))


def _make_current(reports: Sequence[int]) -> None:
    with cursor() as c:
        c.execute(statement("review_supersede"), [list(reports)])
    Report.objects.filter(pk__in=reports).update(state=ReportState.CURRENT)


def _make_rejected(reports: Sequence[int]) -> None:
    Report.objects.filter(pk__in=reports).update(state=ReportState.REJECTED)


_APPLY = {Decision.RELEASED: _make_current, Decision.REJECTED: _make_rejected}


def _record_decision(report: Report, decision: Decision, *, by: str, reason: str) -> None:
    audit.record(
        by=by,
        action=f"report.{decision.value}",
        subject=f"report {report.pk}",
        reason=reason,
        details={
            "agency": report.agency.code,
            "indicator": report.indicator.code,
            "frequency": report.frequency,
            "period": periods.label(report.frequency, report.period),
            "submission": str(report.submission_id),
        },
    )


@retried
@transaction.atomic
def resolve(*, findings: Collection[int], by: str, reason: str, now: datetime) -> Decided:
    """Close findings, except those that hold reports: these are to be released or rejected."""
    _require(reason)
    # Submissions lock findings too, but not all of them at once.
    lock_lines(Finding.objects.filter(pk__in=findings).values_list("agency_id", "indicator_id"))
    chosen = list(Finding.objects.select_for_update().filter(pk__in=findings).order_by("pk"))
    holding = set(Hold.objects.filter(finding__in=chosen, decision="").values_list("finding", flat=True))
    done = [one.pk for one in chosen if one.resolved is None and one.pk not in holding]
    holds.resolve(Finding.objects.filter(pk__in=done), how=Resolution.COORDINATOR, by=by, reason=reason, now=now)
    for one in Finding.objects.filter(pk__in=done).select_related("agency", "indicator"):
        _record("resolved", one, by=by, reason=reason)
    already = tuple(one.pk for one in chosen if one.pk not in {*done, *holding})
    return Decided(tuple(done), already, tuple(sorted(holding)))


@retried
@transaction.atomic
def answer(*, finding: int, agency: int, answer: str, remark: str, by: str, now: datetime) -> None:
    """Store an agency's answer to a finding of its own. The same answer twice is stored once.

    Raises :class:`FindingNotFoundError` and :class:`FindingResolvedError`.
    """
    found = Finding.objects.select_for_update().filter(pk=finding, agency=agency).first()
    if found is None:
        raise FindingNotFoundError
    if found.resolved is not None:
        raise FindingResolvedError
    last = found.answers.last()
    if last is not None and (last.answer, last.remark) == (answer, remark):
        return
    Answer.objects.create(finding=found, at=now, by=by, answer=answer, remark=remark)
    found.state, found.changed = FindingState.ANSWERED, now
    found.save(update_fields=["state", "changed"])
    _record("answered", found, by=by, reason=remark, answer=answer)


def _record(deed: str, finding: Finding, *, by: str, reason: str, **more: str) -> None:
    details: dict[str, Any] = {
        "rule": finding.rule,
        "agency": finding.agency.code,
        "indicator": finding.indicator.code,
        "frequency": finding.frequency,
        "period": periods.label(finding.frequency, finding.period),
        **more,
    }
    audit.record(by=by, action=f"finding.{deed}", subject=f"finding {finding.pk}", reason=reason, details=details)


def _require(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissingError


def follow_break(*, before: Columns | None, after: Columns, by: str, now: datetime) -> None:
    """Release the holds that a break explains, in one decision, and judge again the sums that it may explain.

    ``before`` and ``after`` are the columns of the annotation, as the registry announces them. Holds were judged with
    the breaks that were there before, so only a break that leaves out more values than those releases.
    """
    if before and _marks(before) == _marks(after):
        return
    # Wait for submissions that are being judged; later ones see the break.
    lock_lines(product(*_scope(after)))
    waiting = Hold.objects.filter(decision="", rule=HOLDING.id, finding__in=_near(after))
    rows = waiting.values_list("pk", "facts", "finding__agency", "finding__indicator", *_PLACE)
    breaks = cache(partial(_breaks, before, after))
    held = [pk for pk, facts, *line, frequency, period in rows if _explain(breaks(*line), facts, frequency, period)]
    if held:
        _decide(held, Decision.RELEASED, by=by, reason=f"A break in the series was marked: {after['text']}", now=now)
    sums = _near(after).filter(holds=None)
    worklist.append(
        WorkItem(Stage.FIGURE, one.frequency, one.period, one.indicator_id, one.agency_id)
        for one in sums
        if _explain(breaks(one.agency_id, one.indicator_id), one.facts, one.frequency, one.period)
    )
    dispatch.wake_on_commit()


_PLACE = ("report__frequency", "report__period")


def _marks(break_: Columns) -> Columns:
    """Return the columns of a break that decide which values it separates."""
    return {name: break_[name] for name in ("start", "agency_id", "indicator_id", "is_break")}


def _scope(break_: Columns) -> tuple[list[int], list[int]]:
    """Return the agencies and the indicators that a break is for."""
    one, other = break_["agency_id"], break_["indicator_id"]
    agencies = [one] if one else list(Agency.objects.values_list("pk", flat=True))
    return agencies, [other] if other else list(Indicator.objects.values_list("pk", flat=True))


def _near(break_: Columns) -> QuerySet[Finding]:
    """Return the open findings about levels that a break may explain."""
    start, (agencies, indicators) = _start(break_), _scope(break_)
    return Finding.objects.filter(
        rule=HOLDING.id,
        resolved=None,
        agency__in=agencies,
        indicator__in=indicators,
        last_period__gte=start - levels.LONGEST,
        period__lte=start + levels.FURTHEST,
    )


@dataclass(frozen=True, slots=True)
class _Breaks:
    """The breaks of an agency's indicator before an annotation was saved and after it."""

    before: Sequence[datetime]
    after: Sequence[datetime]


def _breaks(before: Columns | None, after: Columns, agency: int, indicator: int) -> _Breaks:
    others = queries.breaks_of(agency, indicator, except_for=after["id"])
    own = [before] if before and before["is_break"] and _is_for(before, agency, indicator) else []
    return _Breaks([*others, *map(_start, own)], [*others, _start(after)])


def _start(break_: Columns) -> datetime:
    return datetime.fromisoformat(break_["start"])


def _is_for(break_: Columns, agency: int, indicator: int) -> bool:
    return break_["agency_id"] in (None, agency) and break_["indicator_id"] in (None, indicator)


def _explain(breaks: _Breaks, facts: Facts, frequency: str, period: datetime) -> bool:
    return levels.is_explained(facts, frequency, period, before=breaks.before, after=breaks.after)

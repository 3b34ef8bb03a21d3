"""Decisions of people: to release or reject held reports, to close a finding, to answer one.

Each decision is one transaction, with its audit event and the items that it makes stale. If the same rows were decided
before, a second decision changes nothing, and says so.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from countries import queries
from countries.models import Agency, Indicator
from federation import audit, worklist
from federation.database import cursor, lock_agency_indicators, retry_deadlocks, statement
from federation.errors import FindingNotFoundError, FindingResolvedError, ReasonMissingError
from federation.findings import holds, lifecycle
from federation.models.findings import Answer, Decision, Finding, FindingState, Hold, Resolution
from federation.models.submissions import Report, ReportState
from federation.notifications import record as notifications
from federation.worklist import Stage, WorkItem, dispatch
from p2p_core import periods
from p2p_core.rules import levels
from p2p_core.rules.levels import Facts
from p2p_core.rules.rulebook import HOLDING

#: The columns of a row of the registry, with values that JSON can have.
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """Ids: of rows decided now, of rows decided earlier, and of findings that stay open because they hold reports."""

    done: tuple[int, ...]
    already: tuple[int, ...]
    holding: tuple[int, ...] = ()


@retry_deadlocks
@transaction.atomic
def release(*, reports: Collection[int], by: str, reason: str, now: datetime) -> Decided:
    """Release held reports. Each becomes the current report, and the same total is not held for its period again."""
    return _decide(reports, Decision.RELEASED, by=by, reason=reason, now=now)


@retry_deadlocks
@transaction.atomic
def reject(*, reports: Collection[int], by: str, reason: str, now: datetime) -> Decided:
    """Reject held reports. The reports that are current stay current."""
    return _decide(reports, Decision.REJECTED, by=by, reason=reason, now=now)


def _decide(reports: Collection[int], decision: Decision, *, by: str, reason: str, now: datetime) -> Decided:
    _require_reason(reason)
    lock_agency_indicators(Report.objects.filter(pk__in=reports).values_list("agency_id", "indicator_id").distinct())
    done = holds.end(reports, decision=decision, by=by, now=now, reason=reason)
    if done:
        state = ReportState.REJECTED
        if decision == Decision.RELEASED:
            state = ReportState.CURRENT
            with cursor() as c:
                c.execute(statement("review_supersede"), [done])
        Report.objects.filter(pk__in=done).update(state=state)
        rows = list(Report.objects.filter(pk__in=done).select_related("agency", "indicator"))
        worklist.append(
            WorkItem(Stage.FIGURE, row.frequency, row.period, row.indicator_id, row.agency_id) for row in rows
        )
        for row in rows:
            _record(f"report.{decision.value}", row, by=by, reason=reason, submission=str(row.submission_id))
        notifications.decided(done, decision, now=now)
        dispatch.wake_on_commit()
    return Decided(tuple(done), tuple(sorted(set(reports) - set(done))))


@retry_deadlocks
@transaction.atomic
def resolve(*, findings: Collection[int], by: str, reason: str, now: datetime) -> Decided:
    """Close findings, except those that hold reports: release or reject these first."""
    _require_reason(reason)
    # This first, because submissions lock findings too, but one after another, and could cause a deadlock.
    lock_agency_indicators(Finding.objects.filter(pk__in=findings).values_list("agency_id", "indicator_id"))
    chosen = list(Finding.objects.select_for_update().filter(pk__in=findings).order_by("pk"))
    holding = set(Hold.objects.filter(finding__in=chosen, decision="").values_list("finding", flat=True))
    done = [one.pk for one in chosen if one.resolved is None and one.pk not in holding]
    lifecycle.resolve(Finding.objects.filter(pk__in=done), how=Resolution.COORDINATOR, by=by, reason=reason, now=now)
    for one in Finding.objects.filter(pk__in=done).select_related("agency", "indicator"):
        _record("finding.resolved", one, rule=one.rule, by=by, reason=reason)
    already = tuple(one.pk for one in chosen if one.pk not in {*done, *holding})
    return Decided(tuple(done), already, tuple(sorted(holding)))


@retry_deadlocks
@transaction.atomic
def answer(*, finding: int, agency: int, answer: str, remark: str, by: str, now: datetime) -> None:
    """Store an agency's answer to a finding about it. An answer that equals the last one is not stored again.

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
    notifications.answered(found, now=now)
    _record("finding.answered", found, by=by, reason=remark, rule=found.rule, answer=answer)


def _record(action: str, subject: Report | Finding, *, by: str, reason: str, **more: str) -> None:
    details: audit.Details = {
        "agency": subject.agency.code,
        "indicator": subject.indicator.code,
        "frequency": subject.frequency,
        "period": periods.label(subject.frequency, subject.period),
        **more,
    }
    kind = subject._meta.model_name
    audit.record(by=by, action=action, subject=f"{kind} {subject.pk}", reason=reason, details=details)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissingError


def follow_break(*, before: Columns | None, after: Columns, by: str, now: datetime) -> None:
    """Release the held reports that a break explains, in one decision. Sums that it may explain are judged again.

    ``before`` and ``after`` are the columns of the annotation before and after the change. The registry announces them.
    When a report was held, it was judged with the breaks known then. So a break releases it only if it leaves more
    values out of the comparison than those did.
    """
    if not _separates_anew(before, after):
        return
    held = released_by_break(before=before, after=after)
    if held:
        _decide(held, Decision.RELEASED, by=by, reason=f"A break in the series was marked: {after['text']}", now=now)
    explains = _explains_more(before, after)
    worklist.append(
        WorkItem(Stage.FIGURE, one.frequency, one.period, one.indicator_id, one.agency_id)
        for one in _near(after).filter(holds=None)
        if explains(one.agency_id, one.indicator_id, one.facts, one.frequency, one.period)
    )
    dispatch.wake_on_commit()


def released_by_break(*, before: Columns | None, after: Columns) -> list[int]:
    """The held reports that a break releases if it is saved in this transaction: it locks them until then."""
    if not after["is_break"] or not _separates_anew(before, after):
        return []
    # Wait for submissions that are being judged now. Later submissions are judged with the break.
    lock_agency_indicators(product(*_scope(after)))
    return explained_by_break(before=before, after=after)


def explained_by_break(*, before: Columns | None, after: Columns) -> list[int]:
    """The held reports that a break would release at this moment. Nothing is locked, so this may change."""
    if not after["is_break"] or not _separates_anew(before, after):
        return []
    waiting = Hold.objects.filter(decision="", rule=HOLDING.id, finding__in=_near(after))
    rows = waiting.values_list(
        "pk", "finding__agency", "finding__indicator", "facts", "report__frequency", "report__period"
    )
    explains = _explains_more(before, after)
    return [pk for pk, *place in rows.order_by("pk") if explains(*place)]


def _separates_anew(before: Columns | None, after: Columns) -> bool:
    """Whether a change touches the columns that decide if it is a break, and which values it separates."""
    return before is None or any(
        before[name] != after[name] for name in ("start", "agency_id", "indicator_id", "is_break")
    )


def _scope(break_: Columns) -> tuple[list[int], list[int]]:
    """The agencies and the indicators that a break concerns."""
    one, other = break_["agency_id"], break_["indicator_id"]
    agencies = [one] if one else list(Agency.objects.values_list("pk", flat=True))
    return agencies, [other] if other else list(Indicator.objects.values_list("pk", flat=True))


def _near(break_: Columns) -> QuerySet[Finding]:
    """The open findings of R102 that lie near enough to a break to be explained by it."""
    start, (agencies, indicators) = datetime.fromisoformat(break_["start"]), _scope(break_)
    return Finding.objects.filter(
        rule=HOLDING.id,
        resolved=None,
        agency__in=agencies,
        indicator__in=indicators,
        last_period__gte=start - levels.LONGEST,
        period__lte=start + levels.FURTHEST,
    )


def _explains_more(before: Columns | None, after: Columns) -> Callable[[int, int, Facts, str, datetime], bool]:
    """Return a function: whether the present breaks explain a finding of R102 that the earlier ones did not."""

    @cache
    def breaks(agency: int, indicator: int) -> tuple[list[datetime], list[datetime]]:
        others = list(queries.breaks_of(agency, indicator, except_for=after["id"]))
        earlier = (
            [datetime.fromisoformat(before["start"])]
            if before
            and before["is_break"]
            and before["agency_id"] in (None, agency)
            and before["indicator_id"] in (None, indicator)
            else []
        )
        return [*others, *earlier], [*others, datetime.fromisoformat(after["start"])]

    def explains(agency: int, indicator: int, facts: Facts, frequency: str, period: datetime) -> bool:
        earlier, present = breaks(agency, indicator)
        return levels.is_explained(facts, frequency, period, before=earlier, after=present)

    return explains

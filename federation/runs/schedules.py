"""Appends the work that comes due with time, and the work that a change of the registry causes.

Beat calls ``tick``. It appends the periods that ended and the deadlines that passed since the clock's mark, whether or
not anybody reported. After hours without beat, it appends all of them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction

from countries.accounts import credentials, guessing, sessions
from countries.models import Annotation, Detail, Draw, Indicator, Intervention, Schedule
from countries.registry import Refused
from federation import audit, intake, publication, worklist
from federation.database import clock
from federation.errors import ClocksDisagreeError
from federation.findings import decisions
from federation.models.effects import Registration
from federation.models.figures import Figure
from federation.models.published import PeriodVersion, PublishedCell, PublishedCoverage
from federation.models.submissions import IdempotencyKey
from federation.models.worklist import ClockMark, WatchMark
from federation.notifications import compose
from federation.publication import panels
from federation.rules.waiting import longest_wait, shortest_wait
from federation.worklist import Stage, WorkItem, dispatch
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.lateness import JUDGED_AT


@transaction.atomic
def tick(*, now: datetime) -> None:
    """Append what came due since the last tick. Several ticks at once append it only once."""
    mark = ClockMark.objects.select_for_update().get()
    if now <= mark.at:
        return
    # One item for the deadlines of all agencies: after a year without beat there would be millions.
    due = set(_come_due(mark.at, now))
    worklist.append([*due, *panels.of_periods(due, now=now)])
    mark.at = now
    mark.save()
    dispatch.wake_on_commit()


def _come_due(since: datetime, now: datetime) -> Iterator[WorkItem]:
    """The periods that may be published, had a deadline or must be published, after ``since`` and until ``now``."""
    for indicator in Indicator.objects.values_list("number", flat=True):
        for frequency in Frequency:
            for wait in (shortest_wait(frequency), longest_wait(frequency, settings.PUBLICATION_LIMITS)):
                yield from _ended(indicator, frequency, since - wait, now - wait)
    missed = set()
    # The agencies share a few deadlines: a tick costs the same for thousands of them.
    rows = Schedule.objects.order_by().values_list("indicator", "frequency", "deadline_minutes").distinct()
    for indicator, owed_at, minutes in rows:
        deadline = timedelta(minutes=minutes)
        for frequency in periods.EXPECTED_AT[Frequency(owed_at)]:
            # Nothing about a minute changes once it is public.
            if frequency != Frequency.MINUTE:
                yield from _ended(indicator, frequency, since - deadline, now - deadline)
        if any(_ended(indicator, JUDGED_AT[Frequency(owed_at)], since - deadline, now - deadline)):
            missed.add(indicator)
    # An agency that missed this deadline may be silent from now on.
    yield from publication.unpublished_periods(missed, mark=now, now=now)


def _ended(indicator: int, frequency: str, since: datetime, until: datetime) -> Iterator[WorkItem]:
    """The periods that ended after ``since`` and not after ``until``."""
    since = publication.first_kept(frequency, since, now=until)
    start = periods.start_of(frequency, since)
    while (end := periods.end(frequency, start)) <= until:
        if end > since:
            yield WorkItem(Stage.PUBLISH, frequency, start, indicator)
        start = end


def prune(*, now: datetime) -> None:
    """Delete rows that are kept for a limited time: minutes, keys, tokens, guesses, sessions, notifications."""
    oldest = publication.oldest_minute(now)
    minutes: list[type[models.Model]] = [Figure, PublishedCell, PublishedCoverage, PeriodVersion]
    for model in minutes:
        model._default_manager.filter(frequency=Frequency.MINUTE, period__lt=oldest).delete()
    IdempotencyKey.objects.filter(created__lt=now - intake.KEY_LIFE).delete()
    credentials.delete_expired_tokens(now=now)
    guessing.delete_old(now=now)
    sessions.delete_ended(now=now)
    compose.prune(now=now)


def follow_registry(
    *,
    instance: models.Model,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    by: str,
    reason: str,
    **_: object,
) -> None:
    """Write the audit event of a change in the registry, and append the work that it causes.

    Breaks, schedules, details and draws depend on the time, so they are refused while the clocks disagree.
    """
    if isinstance(instance, Detail | Draw):
        # It compared its month, or the time of its value, with the clock of this host.
        _agreed()
    kind = instance._meta.model_name
    change = "changed" if before and after else "removed" if before else "added"
    event = audit.record(
        by=by,
        action=f"{kind}.{change}",
        subject=f"{kind} {instance}",
        reason=reason,
        details={"before": before, "after": after},
    )
    if isinstance(instance, Annotation) and instance.is_break and after:
        decisions.follow_break(before=before, after=after, by=by, now=_agreed())
    if isinstance(instance, Annotation):
        worklist.append(_touched_by_break(before, after))
        dispatch.wake_on_commit()
    if isinstance(instance, Schedule):
        worklist.append(_touched_by_schedule(before, after))
        # Lateness depends on published coverage and on schedules, so all periods are checked again.
        WatchMark.objects.update(version=0)
        dispatch.wake_on_commit()
    if isinstance(instance, Intervention) and before is None:
        Registration.objects.create(intervention=instance, event=event)
        worklist.append([worklist.effect(instance.indicator_id)])
        dispatch.wake_on_commit()


def _agreed() -> datetime:
    try:
        return clock.agreed()
    except ClocksDisagreeError as error:
        raise Refused(error.code, str(error)) from error


def _touched_by_break(*versions: dict[str, Any] | None) -> Iterator[WorkItem]:
    """The periods, except minutes, that a break lies or lay in. A future one is published when its time comes."""
    for row in versions:
        if row is None or not row["is_break"]:
            continue
        one = row["indicator_id"]
        for indicator in [one] if one else Indicator.objects.values_list("number", flat=True):
            for frequency in set(Frequency) - {Frequency.MINUTE}:
                start = periods.start_of(frequency, datetime.fromisoformat(row["start"]))
                yield WorkItem(Stage.PUBLISH, frequency, start, indicator)


def _touched_by_schedule(*versions: dict[str, Any] | None) -> Iterator[WorkItem]:
    """The periods and panels for which a change of a schedule may change the expected reports."""
    now = _agreed()
    for row in versions:
        if row is None:
            continue
        first = datetime.combine(date.fromisoformat(row["valid_from"]), time(), UTC)
        last = now
        if row["valid_to"]:
            last = min(now, datetime.combine(date.fromisoformat(row["valid_to"]), time.max, UTC))
        for frequency in periods.EXPECTED_AT[Frequency(row["frequency"])]:
            for start in periods.between(frequency, publication.first_kept(frequency, first, now=now), last):
                yield WorkItem(Stage.PUBLISH, frequency, start, row["indicator_id"])
        yield from panels.of_indicator(row["indicator_id"])

"""Stores estimates. Each change of an estimate is a new version, like a change of other published data.

Only interventions of the last years are looked at, because older ones have a final word, and no panel spans their
windows. So the cost does not grow with history.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from countries.reference import Intervention, Reference
from federation.database import lock_agency_indicators
from federation.effects.compute import Answer, Stored, compute
from federation.effects.windows import Span
from federation.models.effects import Estimate
from federation.models.published import PublishedPanel
from federation.publication.panels import REACH
from federation.publication.versions import new_version
from federation.rules.effect_result import Reason, Result, Word
from federation.rules.rounding import NOBODY
from p2p_core.periods import Frequency


class _Change(NamedTuple):
    """A new answer, and the key of the row that it replaces. 0 if there is none."""

    intervention: int
    answer: Answer
    before: int


def renew(indicator: int, *, mark: datetime) -> None:
    """Bring the estimates of an indicator up to date. All that change are changed by one version."""
    # Panels have the same lock, so a panel that is being computed is read when it is public.
    lock_agency_indicators([(NOBODY, indicator)])
    changed = {one.intervention for one in _changes(indicator, mark)}
    if changed:
        with new_version() as version:
            # No other version can become public now. So the numbers that are read again are those of this version.
            for number, answer, before in _changes(indicator, mark, only=changed):
                Estimate.objects.filter(pk=before).update(version_to=version)
                Estimate.objects.create(intervention_id=number, version_from=version, **_columns(answer))


def differs(indicator: int, *, mark: datetime) -> bool:
    """Whether an estimate of the indicator differs from what is stored."""
    return bool(_changes(indicator, mark))


def _changes(indicator: int, mark: datetime, only: Collection[int] | None = None) -> list[_Change]:
    reference = Reference.current()
    spans = _spans(indicator)
    recent = [one for one in _recent(indicator, reference, mark) if only is None or one.id in only]
    stored = _stored(recent)
    found = []
    for one in recent:
        before = stored.get(one.id)
        key = before.key if before else 0
        answer = compute(one, spans, before, reference, mark=mark)
        if answer and not Estimate.objects.filter(pk=key, **_columns(answer)).exists():
            found.append(_Change(one.id, answer, key))
    return found


def _stored(interventions: Sequence[Intervention]) -> dict[int, Stored]:
    current = Estimate.objects.filter(intervention__in=[one.id for one in interventions], version_to=None)
    return {
        number: Stored(key, Word(word), Reason(reason) if reason else None, msgspec.convert(result, Result))
        for number, key, word, reason, result in current.values_list("intervention", "pk", "word", "reason", "result")
    }


def _spans(indicator: int) -> dict[int, Span]:
    """The spans of the weekly panels, by months, the shortest first."""
    rows = PublishedPanel.objects.filter(indicator=indicator, frequency=Frequency.WEEK, version_to=None)
    rows = rows.order_by("months")
    return {months: Span(start, end) for months, start, end in rows.values_list("months", "start", "end")}


def _recent(indicator: int, reference: Reference, mark: datetime) -> list[Intervention]:
    """The interventions that have started, except those that started and were registered years ago."""
    # Reports may name an indicator that the reference data do not have. It has no interventions.
    code, since = reference.indicator_codes.get(indicator), (mark - REACH).date()
    return [
        one
        for one in reference.interventions
        if one.indicator == code and one.start <= mark.date() and max(one.start, one.registered.date()) >= since
    ]


def _columns(answer: Answer) -> dict[str, Any]:
    found = {"word": answer.word.value, "reason": answer.reason or ""}
    return found | {name: msgspec.to_builtins(getattr(answer, name)) for name in ("result", "evidence")}

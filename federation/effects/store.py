"""Stores estimates. Each change of an estimate is a new version, like a change of other published data.

Only the interventions whose panel still spans their windows are computed again, and those without a verdict. So the
cost does not grow with the number of earlier interventions.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Exists, OuterRef, Q

from countries.models import Intervention
from federation.database import lock_agency_indicators
from federation.effects import windows
from federation.effects.compute import Answer, compute
from federation.effects.windows import Span
from federation.models.effects import Estimate
from federation.models.published import PublishedPanel
from federation.publication.versions import new_version
from federation.rules.effect_result import Word
from federation.rules.rounding import NOBODY
from federation.worklist import PANELS
from p2p_core.periods import Frequency


def renew(indicator: int, *, mark: datetime) -> None:
    """Bring the estimates of an indicator up to date. All that change are changed by one version."""
    # Panels have the same lock, so a panel that is being computed is read when it is public.
    lock_agency_indicators([(NOBODY, indicator)])
    if _changes(indicator, mark):
        with new_version() as version:
            # No other version can become public now. So the numbers that are read again are those of this version.
            for intervention, answer in _changes(indicator, mark):
                Estimate.objects.filter(intervention=intervention, version_to=None).update(version_to=version)
                Estimate.objects.create(intervention=intervention, version_from=version, **_columns(answer))


def differs(indicator: int, *, mark: datetime) -> bool:
    """Whether an estimate of the indicator differs from what is stored."""
    return bool(_changes(indicator, mark))


def _changes(indicator: int, mark: datetime) -> list[tuple[Intervention, Answer]]:
    spans = {
        months: Span(start, end)
        for months, start, end in PublishedPanel.objects.filter(
            indicator=indicator, frequency=Frequency.WEEK, version_to=None
        ).values_list("months", "start", "end")
    }
    found = []
    for one in _to_compute(indicator, spans, mark):
        stored = Estimate.objects.filter(intervention=one, version_to=None).first()
        is_final = stored is not None and stored.word != Word.RUNNING
        answer = compute(one, spans.get(PANELS[windows.panel_of(one)]), is_final=is_final, mark=mark)
        if answer and (stored is None or any(getattr(stored, k) != v for k, v in _columns(answer).items())):
            found.append((one, answer))
    return found


def _to_compute(indicator: int, spans: dict[int, Span], mark: datetime) -> list[Intervention]:
    """The interventions that have started, and whose windows may be in a panel or that have no verdict yet."""
    began = Intervention.objects.filter(indicator=indicator, start__lte=mark.date())
    final = Estimate.objects.filter(intervention=OuterRef("pk"), version_to=None).exclude(word=Word.RUNNING)
    in_a_span = Q(start__gte=min(span.start for span in spans.values()).date()) if spans else Q(pk__in=[])
    return list(began.filter(in_a_span | ~Exists(final)).order_by("pk"))


def _columns(answer: Answer) -> dict[str, Any]:
    return {"word": answer.word.value, "reason": answer.reason or "", "result": msgspec.to_builtins(answer.result)}

"""Interventions for tests of their estimates, written past the registry."""

from datetime import date, datetime
from typing import Any

from countries import reference
from countries.models import Intervention
from countries.reference import Reference
from federation import worklist
from federation.models.audit import AuditSeal
from federation.models.effects import Estimate, Registration
from federation.published.effects import Effect, effects

START = date(2026, 11, 2)


def intervention(start: date = START, **given: Any) -> Intervention:
    """Register an intervention against Norway's numbers, and put its item on the work list."""
    usual = {"countries": ["NO"], "direction": "fewer", "weeks_before": 26, "weeks_after": 4, "indicator_id": 1}
    words = {"title": "Warnings", "description": "Warnings are shown.", "registrant": "Kripos"}
    row = Intervention.objects.create(**words | usual | given, start=start)
    worklist.append([worklist.effect(row.indicator_id)])
    reference.snapshots.clear()
    return row


def seal(row: Intervention, sealed: datetime) -> int:
    """Say that the registration was sealed then, at the position that is returned."""
    position = AuditSeal.objects.count() + 1
    AuditSeal.objects.create(position=position, event=900 + position, digest=bytes([position] * 32), sealed=sealed)
    Registration.objects.create(intervention=row, event=900 + position)
    return position


def effect_of(row: Intervention, as_of: datetime | None = None) -> Effect:
    reference.snapshots.clear()
    [found] = [one for one in effects(Reference.current(), as_of=as_of) if one.intervention.id == row.pk]
    return found


def stored() -> list[tuple[Any, ...]]:
    return list(Estimate.objects.order_by("pk").values_list("intervention", "word", "version_from", "version_to"))

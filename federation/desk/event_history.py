"""What the audit trail says about one row, newest first."""

from typing import Any, Final, NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from federation.desk import event_words
from federation.desk.event_words import EventWords
from federation.models.audit import AuditEvent

#: The most events about a row that are read.
AT_MOST: Final = 200
#: Kinds of rows that are edited on the page of another row, by the kind of that row.
_PARTS: Final = {"agency": ("schedule", "threshold"), "indicator": ("indicatortranslation",)}
#: Tables whose events name the number of the row, and the kind that the events have.
_BY_NUMBER: Final = {"report": "report", "hold": "report", "finding": "finding", "submission": "submission"}


class PastEvent(NamedTuple):
    event: AuditEvent
    words: EventWords


def events_about(row: Model, *, limit: int = AT_MOST) -> list[PastEvent]:
    """The events about a row, also under its earlier names, and about what is edited on its page."""
    kind = str(row._meta.model_name)
    about = Q(subject__in=_subjects(row, kind))
    for part in _PARTS.get(kind, ()):
        about |= Q(action__in=[f"{part}.{change}" for change in event_words.CHANGES], whole=str(row.pk))
    whole = Coalesce(KT(f"details__after__{kind}_id"), KT(f"details__before__{kind}_id"))
    found = AuditEvent.objects.alias(whole=whole).filter(about).order_by("-id")[:limit]
    events = [event for event in found if _is_about(event, row, kind)]
    return [PastEvent(*one) for one in zip(events, event_words.in_words(events), strict=True)]


def _subjects(row: Model, kind: str) -> set[str]:
    if kind in _BY_NUMBER:
        return {f"{_BY_NUMBER[kind]} {row.pk}"}
    # The desk logs each change with the name that the row had then.
    logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk))
    names = {str(row), *logged.values_list("object_repr", flat=True)[:AT_MOST]}
    return {f"{kind} {name}"[:200] for name in names}


def _is_about(event: AuditEvent, row: Model, kind: str) -> bool:
    """Whether an event is about this row and not about another one of the same name."""
    if not event.action.startswith(f"{kind}."):
        return True
    details: Any = event.details if isinstance(event.details, dict) else {}
    columns = details.get("after") or details.get("before")
    key = row._meta.pk.attname
    return not isinstance(columns, dict) or columns.get(key, row.pk) == row.pk

"""The people who did something lately, from the audit events."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from federation.models.audit import BY_PROGRAM, AuditEvent

LATELY: Final = timedelta(days=7)
#: Only the newest events of people are read, by their index.
_READ: Final = 500


class RecentPerson(NamedTuple):
    """A person, how many of the newest events are theirs, and when the last one happened."""

    name: str
    events: int
    last: datetime


def recent_people(*, now: datetime) -> list[RecentPerson]:
    """The people with events since ``LATELY``, the latest first."""
    newest = AuditEvent.objects.filter(~BY_PROGRAM).order_by("-id").values_list("actor", "at")[:_READ]
    events = [(actor, at) for actor, at in newest if at >= now - LATELY]
    counts, last = Counter(actor for actor, _ in events), dict(reversed(events))
    return sorted((RecentPerson(name, counts[name], last[name]) for name in counts), key=lambda one: one.last)[::-1]

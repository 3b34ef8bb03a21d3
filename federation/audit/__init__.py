"""Writes audit events, each in the transaction of the change that it records."""

from federation.database import clock
from federation.errors import PersonalTraceError
from federation.models.audit import AuditEvent
from federation.rules import trail
from p2p_core.traces import LOOKED_AT, is_trace

Details = dict[str, object]

#: A subject may contain what a person typed. The details have it in full.
_LONGEST_SUBJECT = 200


def record(*, by: str, action: str, subject: str, details: Details, reason: str = "") -> int:
    """Write one event with the digest over all its fields. Returns its number.

    ``details`` must fit into JSON, and never has a secret or a count of a single report.
    Raises :class:`PersonalTraceError`: an event is never deleted, so nothing in its reason may lead to a person.
    """
    if len(reason) > LOOKED_AT or is_trace(reason):
        raise PersonalTraceError
    at, subject = clock.now(), subject[:_LONGEST_SUBJECT]
    event = AuditEvent.objects.create(
        at=at,
        actor=by,
        action=action,
        subject=subject,
        reason=reason,
        details=details,
        digest=trail.event_digest(at=at, actor=by, action=action, subject=subject, reason=reason, details=details),
    )
    return event.pk

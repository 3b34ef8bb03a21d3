"""Writes audit events, in the transaction of the deed that they tell of."""

from federation.database import clock
from federation.errors import PersonalTraceError
from federation.models.audit import AuditEvent
from federation.rules import trail
from p2p_core.traces import LOOKED_AT, is_trace

Details = dict[str, object]

#: A subject may be named after what a person typed; what is cut off is in the details.
_SUBJECT = 200


def record(*, by: str, action: str, subject: str, details: Details, reason: str = "") -> None:
    """Write one event; its digest is over all that it says.

    ``details`` must be what JSON can hold, and never a secret or a count of a single report.
    Raises :class:`PersonalTraceError`: an event stays for good, so nothing in its reason may lead to a person.
    """
    if len(reason) > LOOKED_AT or is_trace(reason):
        raise PersonalTraceError
    at, subject = clock.now(), subject[:_SUBJECT]
    AuditEvent.objects.create(
        at=at,
        actor=by,
        action=action,
        subject=subject,
        reason=reason,
        details=details,
        digest=trail.event_digest(at=at, actor=by, action=action, subject=subject, reason=reason, details=details),
    )

"""Writes audit events, in the transaction of the deed that they tell of."""

from hashlib import sha256

import msgspec

from federation import clock
from federation.models.audit import AuditEvent

Details = dict[str, object]


def record(*, by: str, action: str, subject: str, details: Details, reason: str = "") -> None:
    """Write one event; its digest is over all that it says.

    ``details`` must be what JSON can hold, and never a secret or a count of a single report.
    """
    at = clock.now()
    said = msgspec.json.encode([at, by, action, subject, reason, details], order="sorted")
    AuditEvent.objects.create(
        at=at,
        actor=by,
        action=action,
        subject=subject,
        reason=reason,
        details=details,
        digest=sha256(said).digest(),
    )

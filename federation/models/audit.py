"""The audit events and the chain over them. The database itself refuses to change or remove one."""

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from countries import actors

#: The actor has no user account: a program, a command, or the link in a message to a recipient.
BY_PROGRAM = Q(actor__contains=actors.MARK)
#: The agency that an event is about: its code, its number as text, or nothing. An expression of the details, so that
#: events have no column which is not in their digest.
OF_AGENCY = Coalesce(
    KT("details__agency"),
    KT("details__after__agency_id"),
    KT("details__before__agency_id"),
    KT("details__after__code"),
    KT("details__before__code"),
)
#: Of the millions of events, almost all have this action.
MOST_ACTIONS = "submission.accepted"


class AuditEvent(models.Model):
    """Who decided or sent what, when, and why. The event is written in the transaction of the change.

    There are no foreign keys, so that the audit trail never prevents a change of other data.
    """

    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    details = models.JSONField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            # The history of one item.
            models.Index(fields=["subject", "id"], name="audit_of_subject"),
            # The desk shows what people did, newest first: all of them, or one.
            models.Index(fields=["-id"], condition=~BY_PROGRAM, name="audit_by_people"),
            models.Index(fields=["actor", "-id"], condition=~BY_PROGRAM, name="audit_by_person"),
            models.Index(OF_AGENCY, F("id").desc(), name="audit_of_agency"),
            models.Index(fields=["action", "-id"], condition=~Q(action=MOST_ACTIONS), name="audit_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class AuditPending(models.Model):
    """An event waits to be sealed. A trigger writes this row with the event, and the sealer deletes it."""

    event = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.event)


class AuditSeal(models.Model):
    """A link of the chain: the hash over the link before, the event's number and its digest.

    Positions count from 1 without a gap. Seals have a table of their own, so the writer of an event need not wait for
    the chain.
    """

    position = models.BigIntegerField(primary_key=True)
    event = models.BigIntegerField(unique=True)
    digest = models.BinaryField(max_length=32)
    sealed = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.position}: {bytes(self.digest).hex()}"

"""The audit events and the chain over them. The database itself refuses to change or remove one."""

from django.db import models


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

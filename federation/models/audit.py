"""The audit events. The database itself refuses to change or remove one."""

from django.db import models


class AuditEvent(models.Model):
    """Who decided or sent what, when, and why; written in the transaction of the deed.

    There are no foreign keys, so that the log never stands in the way of live data.
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
            # The history of one thing.
            models.Index(fields=["subject", "id"], name="audit_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"

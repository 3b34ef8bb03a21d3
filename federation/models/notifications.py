"""What people are told: the notifications, and the messages that carry them.

Both are deleted some time after they were written. The audit trail has the events themselves.
"""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from countries.models import Agency, Recipient, Webhook


class Kind(models.TextChoices):
    """What a notification is about. ``federation.notifications.kinds`` says who gets which, and when."""

    SILENT = "silent", "an agency is silent"
    SILENCE_OVER = "silence_over", "an agency is no longer silent"
    HELD = "held", "reports are held"
    RELEASED = "released", "held reports were released"
    REJECTED = "rejected", "held reports were rejected"
    RESOLVED = "resolved", "a coordinator closed a finding"
    OPENED = "opened", "a finding was opened"
    ANSWERED = "answered", "an agency answered a finding"
    REFUSED = "refused", "submissions were refused"
    ENDING = "ending", "a credential ends soon"


class Notification(models.Model):
    """One thing to tell. It is written in the transaction of what it tells.

    ``details`` has codes, labels of periods and ids for the sentence and its link: never a figure of an agency.
    """

    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    #: Empty if it is about no agency, such as the credential of a coordinator.
    agency = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT, db_index=False)
    details = models.JSONField()
    #: The name of something to tell only once, such as a refusal on one day. Empty if it may be told again.
    once = models.CharField(max_length=120, null=True, unique=True)
    #: Whether the messages to mailboxes, and those to webhooks, were made of it.
    in_mail = models.BooleanField(db_default=False)
    in_webhooks = models.BooleanField(db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(in_mail=False) | Q(in_webhooks=False), name="notification_waiting"),
            models.Index(fields=["at"], name="notification_at"),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk} ({self.kind})"


class MessageState(models.TextChoices):
    """How far a message has come. ``SENDING`` is stored before the conversation with the other server begins."""

    WAITING = "waiting", "waiting"
    SENDING = "sending", "being sent"
    SENT = "sent", "sent"
    GIVEN_UP = "given_up", "given up"


class Message(models.Model):
    """One e-mail or one call of a webhook. ``due`` is when it is tried next."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    recipient = models.ForeignKey(Recipient, null=True, on_delete=models.CASCADE, related_name="messages")
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.CASCADE, related_name="messages")
    notifications = models.ManyToManyField(Notification, related_name="messages")
    #: The day of a digest. A recipient gets one digest a day.
    day = models.DateField(null=True)
    created = models.DateTimeField()
    due = models.DateTimeField()
    state = models.CharField(max_length=8, choices=MessageState.choices, default=MessageState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    #: Whether an earlier attempt may have arrived, so that the message says so.
    is_repeated = models.BooleanField(default=False)
    #: Why the last attempt failed, without the mailbox or the address.
    error = models.CharField(max_length=200, blank=True, default="")
    sent = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "day"], condition=Q(day__isnull=False), name="one_digest_a_day"
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False, webhook__isnull=True)
                | Q(recipient__isnull=True, webhook__isnull=False, day__isnull=True),
                name="message_to_one",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent__isnull=False) | (~Q(state="sent") & Q(sent__isnull=True)),
                name="message_sent_when",
            ),
        ]
        indexes = [
            models.Index(fields=["due"], condition=Q(state__in=["waiting", "sending"]), name="message_due"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

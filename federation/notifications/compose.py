"""Makes messages of notifications: at once, in a message that still waits, or in the digest of the day.

A digest is due once a day, and contains what happened before its hour. The tables remember what was sent: composed
notifications are marked, and a day that has digests gets no others. So a restart or a clock that is set back makes no
second digest.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from countries.models import Recipient, Webhook
from federation.models.notifications import Message, MessageState, Notification
from federation.notifications import turns
from federation.notifications.kinds import AT_ONCE, DAILY, TO_AGENCY, TO_COORDINATORS

R = TypeVar("R", Recipient, Webhook)

#: What is older is not told any more: it would only surprise, such as after a restore.
STALE: Final = timedelta(days=3)
#: How long notifications and messages are kept.
KEPT: Final = timedelta(days=90)
#: The most notifications in one call of a webhook. One has about 300 bytes. Many web servers take at most a megabyte.
MOST_PER_CALL: Final = 1000
_Through = Message.notifications.through


@transaction.atomic
def compose(*, now: datetime) -> None:
    """Make the messages that are due. Do nothing while another process does this."""
    if not turns.take():
        return
    waiting = Notification.objects.filter(Q(in_mail=False) | Q(in_webhooks=False))
    waiting.filter(at__lt=now - STALE).update(in_mail=True, in_webhooks=True)
    for_mail = Notification.objects.filter(in_mail=False).order_by("pk")
    _mail(for_mail.filter(kind__in=AT_ONCE), now=now)
    digest = digest_before(now)
    if not Message.objects.filter(day=digest.date()).exists():
        _mail(for_mail.filter(kind__in=DAILY, at__lt=digest), now=now, day=digest.date())
    _call_webhooks(Notification.objects.filter(in_webhooks=False).order_by("pk"), now=now)


@transaction.atomic
def after_restore(*, now: datetime) -> None:
    """Mark what waits as a possible repetition: it may have been sent after the moment that was restored."""
    compose(now=now)
    waiting = Message.objects.filter(state__in=[MessageState.WAITING, MessageState.SENDING])
    waiting.update(is_repeated=True, state=MessageState.WAITING, due=now)


def prune(*, now: datetime) -> None:
    """Delete old notifications and messages. The audit trail keeps the events."""
    Message.objects.filter(created__lt=now - KEPT).delete()
    Notification.objects.filter(at__lt=now - KEPT).delete()


def digest_before(now: datetime) -> datetime:
    """The last time at which a digest was due."""
    today = now.replace(hour=settings.DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def _mail(notifications: QuerySet[Notification], *, now: datetime, day: date | None = None) -> None:
    rows = list(notifications)
    if not rows:
        return
    for recipient in Recipient.objects.filter(Q(agency=None) | Q(agency__active=True), active=True).order_by("pk"):
        kinds = TO_AGENCY if recipient.agency_id else TO_COORDINATORS
        agency = recipient.agency_id
        own = [row for row in rows if row.kind in kinds and (agency is None or row.agency_id == agency)]
        _add(own, Message(recipient=recipient, created=now, due=now, day=day))
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(in_mail=True)


def _call_webhooks(notifications: QuerySet[Notification], *, now: datetime) -> None:
    rows = list(notifications)
    if not rows:
        return
    for webhook in Webhook.objects.filter(active=True, agency__active=True).order_by("pk"):
        own = [row for row in rows if row.kind in TO_AGENCY and row.agency_id == webhook.agency_id]
        for first in range(0, len(own), MOST_PER_CALL):
            _add(own[first : first + MOST_PER_CALL], Message(webhook=webhook, created=now, due=now))
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(in_webhooks=True)


def _add(rows: Sequence[Notification], message: Message) -> None:
    """Put notifications into a message that was never tried and has room, or else into a new one."""
    if not rows:
        return
    if message.day is None:
        untried = Message.objects.filter(
            recipient=message.recipient, webhook=message.webhook, day=None, state=MessageState.WAITING, attempts=0
        )
        if message.webhook:
            untried = untried.alias(count=Count("notifications")).filter(count__lte=MOST_PER_CALL - len(rows))
        message = untried.first() or message
    if message._state.adding:  # noqa: SLF001  documented by Django
        message.save(force_insert=True)
    _Through.objects.bulk_create(_Through(message_id=message.pk, notification_id=row.pk) for row in rows)

"""Sends messages. Meanwhile no transaction is open, and no server can hold up a worker for long.

A message is claimed before it is sent: stored as being sent, for some time. If its sender is killed, another one sends
it again when that time is over, and says that it may be a repetition.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from time import monotonic
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from federation.database import clock
from federation.models.notifications import Message, MessageState, Notification
from federation.notifications import compose, groups, links, mail, turns, webhooks
from federation.notifications.errors import DeliveryError

log = logging.getLogger(__name__)

#: Seconds for everything that one call sends.
LIMIT: Final = 10.0
#: How long a claimed message belongs to its sender: longer than LIMIT, and so short that a message whose sender was
#: killed is sent again within a minute.
CLAIM: Final = timedelta(seconds=30)
#: How many mails one call sends, one after another, and how many webhooks it calls at once.
_AT_A_TIME: Final = 20
#: The pause before another attempt: during the first hour, and later.
_SOON, _LATER, _FIRST = timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=1)
GIVEN_UP_AFTER: Final = timedelta(days=3)
_UNDELIVERED: Final = Q(state__in=[MessageState.WAITING, MessageState.SENDING])


@dataclass(slots=True)
class Attempt:
    """One attempt to deliver a claimed message, made by a thread that has no database."""

    message: Message
    work: Callable[[], None]
    has_begun: bool = False
    has_ended: bool = False
    failure: DeliveryError | None = None

    def run(self) -> None:
        self.has_begun = True
        try:
            self.work()
        except DeliveryError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001  a thread must store how it ended
            # The text of an unknown error may have the mailbox.
            log.error("a message was not delivered: %s", type(error).__name__)  # noqa: TRY400
            self.failure = DeliveryError(type(error).__name__, is_permanent=False)
        self.has_ended = True


def send_due() -> None:
    """Make the messages that are due, and send some of those that wait."""
    now = clock.agreed()
    compose.compose(now=now)
    _give_up(now)
    claimed = _claim(now)
    attempts = [Attempt(message, _work(message, now)) for message in claimed]
    _run(attempts)
    _store(attempts)


# --- claims ----------------------------------------------------------------------------------------------------------


def _give_up(now: datetime) -> None:
    """Give up what could not be delivered for days. What is for nobody any more is deleted."""
    waiting = Message.objects.filter(_UNDELIVERED, due__lte=now)
    waiting.filter(
        Q(recipient__active=False) | Q(webhook__active=False) | Q(recipient__agency__active=False)
        | Q(webhook__agency__active=False)
    ).delete()  # fmt: skip
    waiting.filter(created__lt=now - GIVEN_UP_AFTER).update(state=MessageState.GIVEN_UP)


@transaction.atomic
def _claim(now: datetime) -> list[Message]:
    """Claim messages that are due: mails unless another process sends some, and one for each webhook."""
    if not turns.take():
        return []
    busy = Message.objects.filter(state=MessageState.SENDING, due__gt=now)
    due = Message.objects.filter(_UNDELIVERED, due__lte=now).order_by("due", "created")
    found: list[Message] = []
    if not busy.filter(webhook=None).exists():
        found += due.filter(webhook=None).select_related("recipient__agency")[:_AT_A_TIME]
    calls = due.exclude(webhook=None).exclude(webhook__in=busy.exclude(webhook=None).values("webhook"))
    first = calls.order_by("webhook_id", "created").distinct("webhook_id").values("pk")
    found += Message.objects.filter(pk__in=first).order_by("due").select_related("webhook")[:_AT_A_TIME]
    for message in found:
        # It was being sent when its sender ended.
        message.is_repeated |= message.state == MessageState.SENDING
        message.state, message.attempts, message.due = MessageState.SENDING, message.attempts + 1, now + CLAIM
    Message.objects.bulk_update(found, ["is_repeated", "state", "attempts", "due"])
    return found


# --- deliveries ------------------------------------------------------------------------------------------------------


def _work(message: Message, now: datetime) -> Callable[[], None]:
    """A function that writes and delivers the message, with everything that it needs from the database.

    If a message cannot be written, only its own attempt fails.
    """
    told = list(message.notifications.select_related("agency").order_by("pk"))
    return partial(_deliver, message, told, now)


def _deliver(message: Message, told: Sequence[Notification], now: datetime) -> None:
    if message.webhook is None:
        mail.send(mail.write(message, told))
        return
    body = json.dumps(document(message, told, now=now)).encode()
    webhooks.post(message.webhook.url, body, message_id=str(message.pk), repeated=message.is_repeated)


def document(message: Message, told: Iterable[Notification], *, now: datetime) -> dict[str, Any]:
    """The body of a call of a webhook."""
    return {
        "id": str(message.pk),
        "possibly_repeated": message.is_repeated,
        "sent_at": _instant(now),
        "notifications": [_told(one) for one in told],
    }


def _told(one: Notification) -> dict[str, Any]:
    [line] = groups.lines([one])
    period = line.first if line.first == line.last else f"{line.first}/{line.last}"
    return {
        "id": one.pk,
        "kind": one.kind,
        "agency": line.agency,
        "at": _instant(one.at),
        "indicator": one.details.get("indicator"),
        "frequency": one.details.get("frequency"),
        "period": period or None,
        "rule": one.details.get("rule"),
        "link": links.of_line(line, to_agency=True),
    }


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _run(attempts: Sequence[Attempt]) -> None:
    """Make the attempts, until all have ended or time is up. A thread that hangs ends with its process."""
    ends = monotonic() + LIMIT
    mails = [one for one in attempts if not one.message.webhook]
    jobs = [[one] for one in attempts if one.message.webhook] + ([mails] if mails else [])
    threads = [Thread(target=_run_all, args=(job, ends), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - monotonic()))


def _run_all(attempts: Sequence[Attempt], ends: float) -> None:
    for one in attempts:
        if monotonic() < ends:
            one.run()
        if _is_away(one):
            # The others would fail too, each after seconds.
            return


def _is_away(attempt: Attempt) -> bool:
    return isinstance(attempt.failure, mail.MailError) and attempt.failure.is_away


# --- results ---------------------------------------------------------------------------------------------------------


def _store(attempts: Sequence[Attempt]) -> None:
    """Store how the attempts ended, each for itself. The rows may have been deleted meanwhile."""
    now = clock.now()
    for one in attempts:
        row = Message.objects.filter(pk=one.message.pk, state=MessageState.SENDING)
        if one.has_ended and one.failure is None:
            row.update(state=MessageState.SENT, sent=now, error="")
            continue
        # Another sender may have claimed it meanwhile, if this one was suspended. Then its result counts.
        row = row.filter(attempts=one.message.attempts)
        if not one.has_begun:
            row.update(state=MessageState.WAITING, attempts=one.message.attempts - 1, due=now)
        else:
            _store_failure(row, one, now)
    if any(map(_is_away, attempts)):
        # No other mail needs to find this out by itself.
        mails = Message.objects.filter(webhook=None, state=MessageState.WAITING, due__lt=now + _SOON)
        mails.update(due=now + _SOON)


def _store_failure(row: QuerySet[Message], one: Attempt, now: datetime) -> None:
    failure = one.failure or DeliveryError("no answer in time", is_permanent=False)
    may_have_come = not isinstance(failure, mail.MailError) or failure.may_have_come
    pause = _SOON if now - one.message.created < _FIRST else _LATER
    row.update(
        state=MessageState.GIVEN_UP if failure.is_permanent else MessageState.WAITING,
        due=now + pause,
        error=failure.reason[:200],
        is_repeated=one.message.is_repeated or may_have_come,
    )

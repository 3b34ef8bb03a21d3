"""Time that passes while workers send messages, and things to tell."""

from datetime import UTC, datetime, timedelta

from federation.models.notifications import Notification
from federation.models.worklist import ClockMark
from federation.notifications import send
from tests import factories

MORNING = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Time:
    def __init__(self):
        self.now = MORNING

    def go(self, **duration):
        """Let time pass, then do what a worker does."""
        self.now += timedelta(**duration)
        ClockMark.objects.update(at=self.now)
        send.send_due()


def tell(agency, kind="held", *, at=MORNING, **details) -> Notification:
    row = factories.NotificationFactory.build(agency=agency, kind=kind, at=at)
    row.details |= details
    row.save()
    return row

"""Beat measures time with the monotonic clock, so that it continues when somebody sets the clock of its machine.

Messages do not expire, because another machine would judge their age by its own time. So that they do not pile up while
no worker takes them, beat sends no more while many messages are waiting.
"""

import signal
from time import monotonic
from typing import Any

from celery import beat
from celery.schedules import schedstate

#: If so many hints are waiting, more of them would be of no use.
MANY = 1000
_ENDING = signal.SIGTERM, signal.SIGINT


class Scheduler(beat.Scheduler):
    """All entries of our schedule are plain intervals."""

    def is_due(self, entry: Any) -> schedstate:
        """A task is due at its turn, and again after its interval."""
        return schedstate(True, entry.schedule.seconds)  # noqa: FBT003  a named tuple of Celery's

    def _when(self, entry: Any, next_time_to_run: Any, mktime: Any = None) -> float:  # noqa: ARG002  Celery's
        return monotonic() + (self.adjust(next_time_to_run) or 0.0)

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due. A signal to end waits until it is sent.

        Celery's handler raises SystemExit. In the middle of sending, a library can put another exception in its place.
        Then beat would not end.
        """
        received: list[int] = []
        handlers = {number: signal.signal(number, lambda one, _: received.append(one)) for number in _ENDING}
        try:
            return float(super().tick(*arguments, **options))
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            for one in received:
                signal.raise_signal(one)

    def apply_async(self, entry: Any, producer: Any = None, *arguments: Any, **options: Any) -> Any:
        """Send a message, unless many are waiting."""
        # Beat keeps one connection. If the broker has ended it, this line connects again. Sending alone would never do
        # so.
        waiting = producer.connection.ensure(producer, self._waiting, max_retries=1, interval_start=0)
        if waiting(producer) < MANY:
            return super().apply_async(entry, producer, *arguments, **options)
        return None

    def _waiting(self, producer: Any) -> int:
        queue = self.app.conf.task_default_queue
        # The queue is declared as Celery does it. RabbitMQ refuses a second declaration that differs from the first.
        declared = producer.channel.queue_declare(queue=queue, durable=True, auto_delete=False)
        return int(declared.message_count)

"""Beat keeps time by the monotonic clock, so that it goes on when somebody sets the time of its machine.

Messages do not expire, because another machine would judge their age by its own time. To keep them from piling up while
no worker takes them, beat sends no more once many are waiting.
"""

from time import monotonic
from typing import Any

from celery import beat
from celery.schedules import schedstate

#: More hints than this would add nothing.
MANY = 1000


class Scheduler(beat.Scheduler):
    """All entries of our schedule are plain intervals."""

    def is_due(self, entry: Any) -> schedstate:
        """A task is due at its turn, and again after its interval."""
        return schedstate(True, entry.schedule.seconds)  # noqa: FBT003  a named tuple of Celery's

    def _when(self, entry: Any, next_time_to_run: Any, mktime: Any = None) -> float:  # noqa: ARG002  Celery's
        return monotonic() + (self.adjust(next_time_to_run) or 0.0)

    def apply_async(self, entry: Any, producer: Any = None, *arguments: Any, **options: Any) -> Any:
        """Send a message, unless many are waiting."""
        # Beat keeps one connection. If the broker has ended it, this connects again; sending alone would never do so.
        waiting = producer.connection.ensure(producer, self._waiting, max_retries=1, interval_start=0)
        if waiting(producer) < MANY:
            return super().apply_async(entry, producer, *arguments, **options)
        return None

    def _waiting(self, producer: Any) -> int:
        queue = self.app.conf.task_default_queue
        # Declared as Celery does: RabbitMQ minds if the same queue is declared otherwise.
        declared = producer.channel.queue_declare(queue=queue, durable=True, auto_delete=False)
        return int(declared.message_count)

"""The transport of Valkey and Redis, whose workers go on after a message that could not be acknowledged.

Kombu gives a worker's place for a message free only once the broker has heard of it. A broker that hangs for a moment
took the places one by one, and a worker that had none left waited for good, without a word.
"""

from typing import Any

from kombu.transport import redis


class QoS(redis.QoS):
    """Counts a message as done though the broker could not be told: it may come once more, which does no harm."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            super(redis.QoS, self).ack(delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002  as kombu has it
        try:
            super().reject(delivery_tag, requeue=requeue)
        except Exception:
            super(redis.QoS, self).ack(delivery_tag)
            raise


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel: Any = Channel

"""How Celery talks to its broker: Valkey or Redis, or RabbitMQ, by the address.

A sender of hints must not wait for a broker that is away or hangs: the sweep finds the work without it.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from kombu.transport import redis

_AGAIN: Final[dict[str, Any]] = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
_REDIS: Final[dict[str, Any]] = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.9,
    # Longer than any task may take, so that no message is handed out twice while its task runs.
    "visibility_timeout": 600,
}
_AMQP: Final[dict[str, Any]] = {"read_timeout": 0.9, "write_timeout": 0.9}
_OPTIONS: Final = {"redis": _REDIS, "rediss": _REDIS, "amqp": _AMQP, "amqps": _AMQP}


def check(url: str) -> str:
    """A reader for :func:`config.env.parse`."""
    parts = urlsplit(url)
    if parts.scheme not in _OPTIONS or not parts.hostname:
        raise ValueError("not a broker")
    return url


def transport(url: str) -> str | None:
    """The transport of this address, if it is not Celery's own."""
    return "config.broker:Transport" if _OPTIONS[urlsplit(url).scheme] is _REDIS else None


def options(url: str) -> dict[str, Any]:
    return _AGAIN | _OPTIONS[urlsplit(url).scheme]


class QoS(redis.QoS):
    """Counts a message as done even if the broker was not told so. Then the message may come again, which does no harm.

    Kombu frees the place of a message in a worker only after it has told the broker. If the broker hung for a moment, a
    worker lost its places one by one. A worker without a place waited for ever, and wrote no log line.
    """

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

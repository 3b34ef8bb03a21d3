"""How Celery talks to its broker: Valkey or Redis, or RabbitMQ, by the address.

Who sends a hint must not wait for a broker that is away or hangs: the sweep finds the work without it.
"""

from typing import Any, Final
from urllib.parse import urlsplit

_AGAIN: Final[dict[str, Any]] = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
_REDIS: Final[dict[str, Any]] = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.9,
    # Longer than any task may take, so that no message is handed out twice while its task runs.
    "visibility_timeout": 600,
}
_AMQP: Final[dict[str, Any]] = {"read_timeout": 0.9, "write_timeout": 0.9}
_OPTIONS: Final = {"redis": _REDIS, "rediss": _REDIS, "amqp": _AMQP, "amqps": _AMQP}


def checked(url: str) -> str:
    """Return an address that Celery can use, or raise."""
    parts = urlsplit(url)
    if parts.scheme not in _OPTIONS or not parts.hostname:
        raise ValueError("not a broker")
    return url


def transport(url: str) -> str | None:
    """Return the transport of this address where it is not Celery's own."""
    return "config.transport:Transport" if _OPTIONS[urlsplit(url).scheme] is _REDIS else None


def options(url: str) -> dict[str, Any]:
    """Return what the transport of this address wants to know."""
    return _AGAIN | _OPTIONS[urlsplit(url).scheme]

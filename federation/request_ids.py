"""Which requests whatever is being done goes back to: one while a request is answered, several in a worker.

A request id is 128 bits, written as 32 hexadecimal digits. Every line that is logged meanwhile names it.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

RequestIds = frozenset[UUID]

NONE: RequestIds = frozenset()

_current: ContextVar[RequestIds] = ContextVar("request_ids", default=NONE)


def current() -> RequestIds:
    """Return the ids of the requests that this goes back to; none for what the clock has made due."""
    return _current.get()


@contextmanager
def bound(ids: RequestIds) -> Iterator[None]:
    """Let what is done in the block go back to these requests."""
    token = _current.set(ids)
    try:
        yield
    finally:
        _current.reset(token)


def written(ids: Collection[UUID]) -> list[str]:
    """Return ids as a log line has them."""
    return sorted(one.hex for one in ids)


class NameRequests(logging.Filter):
    """Names in each log line the requests that it goes back to, unless it does so itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids = current()
        if len(ids) == 1 and not hasattr(record, "request_id"):
            [record.request_id] = written(ids)
        elif len(ids) > 1 and not hasattr(record, "request_ids"):
            record.request_ids = written(ids)
        return True

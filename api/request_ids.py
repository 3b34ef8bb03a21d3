"""The id of the request that is being answered: 128 bits, written as 32 hexadecimal digits."""

import logging
from contextvars import ContextVar
from typing import Final

current: Final[ContextVar[str]] = ContextVar("request_id", default="")


class NameRequest(logging.Filter):
    """Names the request in each line that is logged while it is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        if current.get():
            record.request_id = current.get()
        return True

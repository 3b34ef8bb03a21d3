"""The Celery application on a machine whose clock is wrong: `celery --app tests.chaos.stepped`.

The file that CLOCK_OFFSET names contains the error in seconds. Celery reads the machine's clock through here;
the federation itself asks the database's and compares it with the host's, both of which this leaves alone.
"""

import os
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import celery.app.base
import celery.worker.request
import kombu.asynchronous.timer

from config.celery import app

__all__ = ["app"]

_FILE = Path(os.environ["CLOCK_OFFSET"])
_true = time.time


def _stepped() -> float:
    try:
        return _true() + float(_FILE.read_text() or 0)
    except FileNotFoundError:
        return _true()


class _Stepped(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(_stepped(), tz)


time.time = _stepped
vars(kombu.asynchronous.timer)["_time"] = _stepped
vars(celery.app.base)["datetime"] = vars(celery.worker.request)["datetime"] = _Stepped

"""Structured logs: one line for each event, with named fields and never the contents of a request.

An exception is logged by its type and place. Its message stays out, because it may quote what somebody sent.
"""

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from celery import current_app

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Objects that libraries attach to lines. They may contain what was sent.
_SILENT = frozenset({"request", "data", "status_code", "sentry", "args", "server_time"})


def configuration(*, level: str, form: str) -> dict[str, Any]:
    """The setting LOGGING. `form` is `json` for machines or `text` for a terminal."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "config.logs.JsonLines"}, "text": {"()": "config.logs.TextLines"}},
        "filters": {
            "requests": {"()": "api.request_ids.NameRequest"},
            "tasks": {"()": "config.logs.NameTask"},
            "paths": {"()": "config.logs.HidePath"},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": ["requests", "tasks"]},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # A 404 of the public is no news.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": True},
            # A request for an unknown host says nothing about us, and its line would quote what was sent.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Each task that comes and goes, several a second, is no news either.
            "celery": {"level": "WARNING"},
            # A request that waits for a thread is no news, and a client that leaves is no error.
            "waitress.queue": {"level": "ERROR"},
            "waitress": {"level": "ERROR", "filters": ["paths"]},
            # A client that sends requests that are too large would fill the log.
            "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
            "django.security.RequestDataTooBig": {"level": "CRITICAL"},
        },
    }


class HidePath(logging.Filter):
    """When an answer fails, waitress writes a line with the path of the request. This filter removes the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = "an answer failed on its way", None
        return True


class NameTask(logging.Filter):
    """Adds to each log line of a worker the name of its task, and the id of the message."""

    def filter(self, record: logging.LogRecord) -> bool:
        task = current_app.current_task
        if task is not None:
            record.task, record.task_id = task.name, task.request.id
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "event": _event(record),
            **_fields(record),
        }
        return json.dumps(event, default=str)


class TextLines(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        return f"{_time(record)} {record.levelname:<7} {record.name}: {_event(record)}{fields}"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(record: logging.LogRecord) -> str:
    """The message. Celery puts the text of a task's exception into it.

    This text is left out, like that of any exception.
    """
    if isinstance(record.args, Mapping) and "exc" in record.args:
        return str(record.msg) % {**record.args, "exc": "", "traceback": ""}
    return record.getMessage()


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in vars(record).items() if name not in _STANDARD | _SILENT}
    if record.exc_info and record.exc_info[0]:
        fields["error"] = record.exc_info[0].__qualname__
        # Where it went wrong, innermost last: files, lines and functions, no values.
        fields["at"] = " > ".join(
            f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}:{frame.name}"
            for frame in traceback.extract_tb(record.exc_info[2])[-8:]
        )
    return fields

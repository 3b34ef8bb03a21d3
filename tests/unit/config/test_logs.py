"""Log lines have named fields and never the contents of a request."""

import json
import logging
import sys

import pytest

from config.logs import JsonLines, TextLines


def record(message="submission stored", error=None, **fields):
    made = logging.getLogger("test").makeRecord("test", logging.INFO, "f.py", 1, message, (), error, extra=fields)
    made.created = 1_790_000_000.5
    return made


def failure():
    try:
        raise ValueError("seven of spades")
    except ValueError:
        return sys.exc_info()


def test_json_line_has_named_fields():
    line = json.loads(JsonLines().format(record(reports=3)))
    assert line == {
        "time": "2026-09-21T14:13:20.500Z",
        "level": "INFO",
        "logger": "test",
        "event": "submission stored",
        "reports": 3,
    }


def test_text_line_is_one_line():
    line = TextLines().format(record(error=failure(), reports=3))
    assert line.startswith("2026-09-21T14:13:20.500Z INFO    test: submission stored reports=3 error=ValueError")
    assert "\n" not in line
    assert "seven of spades" not in line


def test_error_says_its_kind_and_place_but_not_its_message():
    line = JsonLines().format(record(error=failure()))
    assert json.loads(line)["error"] == "ValueError"
    assert "test_logs.py" in json.loads(line)["at"]
    assert "seven of spades" not in line


@pytest.mark.parametrize("name", ["request", "data"])
@pytest.mark.parametrize("form", [JsonLines, TextLines])
def test_what_libraries_attach_is_left_out(name, form):
    assert "seven of spades" not in form().format(record(**{name: "seven of spades"}))


def test_task_that_failed_is_named_without_the_text_of_its_error():
    message = "Task %(name)s[%(id)s] %(description)s: %(exc)s%(traceback)s"
    told = dict.fromkeys(("exc", "traceback"), "ValueError('seven of spades')")
    context = {"name": "tick", "id": "7", "description": "raised unexpected", **told}
    made = logging.getLogger("celery").makeRecord("celery", logging.ERROR, "f.py", 1, message, (context,), failure())
    line = JsonLines().format(made)
    assert json.loads(line)["event"] == "Task tick[7] raised unexpected: "
    assert "seven of spades" not in line

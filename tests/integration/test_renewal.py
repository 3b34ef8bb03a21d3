"""All parts are replaced one after another while people read and agencies send: no request fails, and none is lost."""

import json
import signal
import sys

import pytest

from tests.integration.load import Load, token_of
from tests.integration.processes import alive, descendants, line_of

pytestmark = pytest.mark.slow


_CREDENTIAL = """
import json
from countries import credentials, registry
from federation import clock
agency = registry.create_agency(code="NO-KRIPOS", country="NO", name="Kripos", by="a test")
issued = credentials.issue(agency=agency, by="a test", now=clock.now())
print(json.dumps({"client_id": issued.client_id, "client_secret": issued.client_secret}))
"""


def issued(launch, data):
    process = launch(sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", _CREDENTIAL, data=data)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return json.loads(said.splitlines()[-1])


def lines_until(process, words):
    lines = [""]
    while words not in lines[-1]:
        lines.append(line_of(process))
        assert process.poll() is None, "\n".join(lines)
    return lines


def parts_of(supervisor):
    """The processes that serve and work, without the servers of the database and the broker."""
    return [one for one in descendants(supervisor) if {"gunicorn", "celery"} & set(one.cmdline())]


def test_renewed_under_load_no_request_fails_and_none_is_lost(launch, free_port, tmp_path):
    supervisor = launch(sys.executable, "-m", "config.serve", data=tmp_path, PORT=str(free_port))
    lines_until(supervisor, "Ready after")
    lines_until(supervisor, "Logs are in")
    load = Load(free_port, token_of(free_port, **issued(launch, tmp_path)))
    before = parts_of(supervisor)

    with load.going_on():
        supervisor.send_signal(signal.SIGUSR2)
        told = lines_until(supervisor, "Renewed.")

    assert [line for line in told if "is renewed" in line] == [
        "worker is renewed", "web is renewed", "beat is renewed",
    ]  # fmt: skip
    assert alive(before) == []
    assert load.failures == []
    assert load.reads > 20
    assert len(load.submitted) > 20
    assert [one for one in load.submitted if not load.is_stored(one)] == []
    assert load.failures == []

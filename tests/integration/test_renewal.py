"""All parts are replaced one after another under load: no request fails, and none is lost."""

import json
import re
import signal
import sys
import urllib.request

import pytest

from tests import servers
from tests.integration.load import Load, token_of
from tests.integration.processes import alive, command_of, descendants, line_of

pytestmark = pytest.mark.verify

METRICS_TOKEN = "of thirty characters"
#: Load is what is wanted here.
RATES = (
    "RATE_SUBMISSIONS_PER_AGENCY", "RATE_SUBMISSIONS_PER_CREDENTIAL", "RATE_READS_PER_AGENCY",
    "RATE_READS_PER_CREDENTIAL", "RATE_PUBLIC_PER_ADDRESS",
)  # fmt: skip


_CREDENTIAL = """
import json
from countries import registry
from countries.accounts import credentials
from federation.database import clock
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
    return [one for one in descendants(supervisor) if {"config.web", "celery"} & set(command_of(one))]


def test_renewal_under_load_fails_and_loses_no_request(launch, free_port, tmp_path):
    servers.lay_out(tmp_path)
    more = {"PORT": str(free_port), "METRICS_TOKEN": METRICS_TOKEN, **dict.fromkeys(RATES, "1000000")}
    supervisor = launch(sys.executable, "-m", "config.serve", data=tmp_path, **more)
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
    missing = [one for one in load.submitted if not load.is_stored(one)]
    assert (missing, load.failures) == ([], [])
    two_processes_count_together(free_port, load)


def two_processes_count_together(port, load):
    """Each process of the web server counts the requests that any of them answered."""
    before = live_reads(port)
    for _ in range(20):
        load.read()
    assert [live_reads(port) for _ in range(4)] == [before + 20] * 4


def live_reads(port):
    request = urllib.request.Request(
        f"http://localhost:{port}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read().decode()
    assert "police2peer_workers 0" not in text
    [count] = re.findall(r'^police2peer_requests_total{.*route="v1:live".*} (\S+)$', text, re.MULTILINE)
    return float(count)

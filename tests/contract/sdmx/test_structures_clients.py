"""Standard clients, unmodified, read the structures over HTTP, each at each root in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from tests.contract.sdmx import clients_structures
from tests.factories import AgencyFactory, IndicatorFactory, NetworkFactory


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_call_of_each_client_gives_what_it_must(live_server, subtests):
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    NetworkFactory.create()
    AgencyFactory.create()
    for client, root in (("sdmx1", "2.1"), ("sdmx1", "3.0"), ("pysdmx", "2.1"), ("pysdmx", "3.0")):
        given = made(client, root, f"{live_server.url}/sdmx")
        for call in clients_structures.CALLS:
            if (call.client, call.root) == (client, root):
                with subtests.test(f"{client} at {root}: {call.name}"):
                    assert given[call.name] == call.gives


def made(*arguments):
    command = [sys.executable, "-m", clients_structures.__name__, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=100, env={**os.environ, "NO_PROXY": "*"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # One of them prints what it stumbles over.
    return json.loads(done.stdout.splitlines()[-1])

"""Standard clients, unmodified, read the data over HTTP, each at each root in a process of its own.

What they read must be what ``/api/v1/aggregates/`` says. The page ``docs/reference/sdmx.md`` lists the calls made.
"""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.contract.public.press import NOBODY, Press, z
from tests.contract.sdmx import clients_data
from tests.contract.sdmx.clients_data import EVERYTHING, PLACE, SERIES
from tests.contract.sdmx.matrix import CLIENTS, table
from tests.factories import IndicatorFactory, NetworkFactory

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/sdmx.md"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_call_of_each_client_reads_what_the_api_says(live_server, subtests):
    first = _published()
    for client, root in CLIENTS:
        given = made(client, root, f"{live_server.url}/sdmx", first)
        for call in clients_data.calls(client, root, first):
            with subtests.test(f"{client} at {root}: {call.name} as {call.form}"):
                expected = call.gives
                if isinstance(expected, dict) and expected:
                    expected = _of_api(live_server.url, expected, first)
                elif expected == "everything":
                    expected = {
                        place: value
                        for place, value in _of_api(live_server.url, EVERYTHING, first).items()
                        if place.rpartition(".")[0] in SERIES
                    }
                assert given[f"{call.name} as {call.form}"] == expected


def test_page_lists_the_calls_that_are_made():
    """`python -m tests.contract.sdmx.matrix` prints the table anew."""
    assert table() in PAGE.read_text()


def _published():
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    for number, code in enumerate(("BITTORRENT", "EDONKEY"), 1):
        NetworkFactory.create(number=number, code=code)
    press = Press()
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5}, "2026-11-02": {"NO": 20}})
    press.publish("D", {"2026-11-02": {"NO": 25, "NO/BITTORRENT": 5}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    return z(press.known_at(1))


def _of_api(url, asked, first):
    """Read the cells of days from the public face."""
    query = {"indicator": "DOWNLOADS", "frequency": "D", "start": "2026-11-01", "end": "2026-11-03", "format": "csv"}
    query |= {name: text.format(first=first) for name, text in asked.items()}
    with urlopen(f"{url}/api/v1/aggregates/?{urlencode(query)}") as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    return {".".join(row[name] for name in PLACE): int(row["OBS_VALUE"]) if row["OBS_VALUE"] else None for row in rows}


def made(*arguments):
    command = [sys.executable, "-m", clients_data.__name__, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=100, env={**os.environ, "NO_PROXY": "*"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # One of them prints what it stumbles over.
    return json.loads(done.stdout.splitlines()[-1])

"""Standard clients, unmodified, read both roots over HTTP, each in a process of its own.

What they read must be what ``/api/v1/aggregates/`` says. The page ``docs/reference/sdmx.md`` lists the calls;
``python -m tests.contract.sdmx.clients`` prints that table.
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.contract.public.press import NOBODY, Press, z
from tests.contract.sdmx import clients
from tests.contract.sdmx.client_results import PLACE
from tests.contract.sdmx.clients import EVERYTHING, SERIES, Cells
from tests.factories import AgencyFactory, CountryFactory, DetailFactory, IndicatorFactory, NetworkFactory

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/sdmx.md"
IN_R = Path(__file__).with_name("clients.R")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "client",
    [pytest.param(client, marks=[pytest.mark.verify] * (client != "sdmx1")) for client in clients.VERSIONS],
)
def test_each_call_of_each_client_reads_what_the_api_says(live_server, subtests, client):
    if client == "rsdmx" and shutil.which("Rscript") is None:
        if os.environ.get("BROWSER") == "required":
            pytest.fail("No R: run apt-get install r-cran-rsdmx.")
        pytest.skip("No R: run apt-get install r-cran-rsdmx.")
    first = _published()
    given = made(client, f"{live_server.url}/sdmx", first)
    for root in clients.ROOTS:
        for call in clients.calls(client, root):
            with subtests.test(f"{root}: {call.name} as {call.form}"):
                expected = call.gives
                if isinstance(expected, Cells):
                    expected = _of_api(live_server.url, expected, first)
                assert given[root][call.name] == expected


def test_page_lists_the_calls_that_are_made():
    assert clients.table() in PAGE.read_text()


def _published():
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    AgencyFactory.create()
    for number, code in enumerate(("BITTORRENT", "EDONKEY"), 1):
        NetworkFactory.create(number=number, code=code)
    # Answers about all countries say that this one is withheld.
    DetailFactory.create(country=CountryFactory.create(code="US"), step="W", network_step="M")
    press = Press()
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5}, "2026-11-02": {"NO": 20}})
    press.publish("D", {"2026-11-02": {"NO": 25, "NO/BITTORRENT": 5}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    return z(press.known_at(1))


def _of_api(url, asked, first):
    """Read the cells of days from the API."""
    query = {"indicator": "DOWNLOADS", "frequency": "D", "start": "2026-11-01", "end": "2026-11-03", "format": "csv"}
    query |= {name: text.format(first=first) for name, text in asked.items()}
    with urlopen(f"{url}/api/v1/aggregates/?{urlencode(query)}") as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    found = {".".join(row[name] for name in PLACE): int(row["OBS_VALUE"]) if row["OBS_VALUE"] else None for row in rows}
    if asked != EVERYTHING:
        return found
    return {place: value for place, value in found.items() if place.rpartition(".")[0] in SERIES}


def made(client, *arguments):
    program = ["Rscript", str(IN_R)] if client == "rsdmx" else [sys.executable, "-m", clients.__name__]
    done = subprocess.run(
        [*program, client, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "NO_PROXY": "*", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # One of them prints warnings before.
    return json.loads(done.stdout.splitlines()[-1])

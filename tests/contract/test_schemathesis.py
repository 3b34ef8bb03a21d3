"""Schemathesis sends the running server requests that the OpenAPI document allows, and some that it does not."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import pytest
from django.db import connection

from tests.fuzz.population import ROLES, populate
from tests.integration.processes import eventually

ROOT = Path(__file__).parents[2]

#: In each run: all operations, each with a few cases, and not each combination of what a submission may come with.
BOUNDED = {
    "nobody": ("--max-examples=2", "--phases=examples,fuzzing,stateful"),
    "agency": ("--max-examples=3", "--exclude-operation-id=submit"),
    "coordinator": ("--max-examples=5", "--phases=examples,coverage,fuzzing", "--include-operation-id=get_figures"),
}
#: `make fuzz` says how many cases of each operation it wants, and leaves nothing out.
WANTED = os.environ.get("FUZZ_EXAMPLES", "")
#: One client asks here as fast as it can.
UNLIMITED = {
    f"RATE_{name}": "1000000"
    for name in (
        *("TOKENS_PER_CREDENTIAL", "TOKENS_PER_ADDRESS", "TOKEN_FAILURES_PER_CREDENTIAL", "TOKEN_FAILURES_PER_ADDRESS"),
        *("SUBMISSIONS_PER_CREDENTIAL", "SUBMISSIONS_PER_AGENCY", "READS_PER_CREDENTIAL", "READS_PER_AGENCY"),
        *("PUBLIC_PER_ADDRESS", "WRONG_TOKENS_PER_ADDRESS"),
    )
}


@pytest.fixture
def world(transactional_db):
    return populate()


@pytest.fixture
def address(world, free_port, tmp_path):
    """The web server on the database of the tests."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url),
        "DATA_DIR": str(tmp_path),
        "PORT": str(free_port),
        "WEB_PROCESSES": "1",
        **UNLIMITED,
    }
    command = [sys.executable, "-m", "config.web"]
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        at = f"http://127.0.0.1:{free_port}"
        assert eventually(lambda: process.poll() is not None or answers(at), within=120)
        assert process.poll() is None, (tmp_path / "web.log").read_text()
        yield at
    finally:
        process.terminate()
        process.wait(60)


def answers(at):
    try:
        with urlopen(f"{at}/healthz") as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.verify
def test_document_and_answers_agree_for_each_caller(world, address, tmp_path):
    for role in ROLES:
        bounds = (f"--max-examples={WANTED}", "--continue-on-failure") if WANTED else BOUNDED[role]
        found = asked(address, world, role, bounds, tmp_path)
        assert found.returncode == 0, f"{role}: {found.stdout[-6000:]}"
        assert "generated" in found.stdout


def asked(address, world, role, bounds, folder):
    headers = [f"--header={name}: {value}" for name, value in world.headers(role).items()]
    facts = {
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "PYTHONPATH": str(ROOT),
        "FUZZ_ROLE": role,
        "FUZZ_FINDING": str(world.finding),
        "FUZZ_SUBMISSION": world.submission,
        "FUZZ_EFFECT": str(world.effect),
        "FUZZ_CLIENT": world.agency.issued.client_id,
        "FUZZ_SECRET": world.agency.issued.client_secret,
        "FUZZ_MINUTE": f"{datetime.now(UTC) - timedelta(minutes=10):%Y-%m-%dT%H:%M}",
    }
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "run", f"{address}/api/schema/", "--checks=all", "--seed=1", *headers, *bounds]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | facts,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

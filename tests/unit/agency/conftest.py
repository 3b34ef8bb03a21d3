"""An agency, set up at a federation of the test."""

import json
from contextlib import ExitStack, closing
from datetime import date

import click.testing
import msgspec
import pytest

from p2p_agency import settings
from p2p_agency.cli import main
from p2p_agency.client import Client
from p2p_agency.outbox import Outbox
from p2p_agency.reference import Reference
from p2p_agency.settings import Settings
from p2p_agency.watch import Watch
from tests.unit.agency import federation as federations
from tests.unit.agency.collecting import World
from tests.unit.agency.watched import REPORT


@pytest.fixture(scope="session")
def one_federation():
    with federations.running() as running:
        yield running


@pytest.fixture
def federation(one_federation):
    """The same server for all tests, as if it were new."""
    fresh = federations.Federation(address=one_federation.address)
    one_federation.__dict__.update(fresh.__dict__)
    return one_federation


@pytest.fixture
def given(federation, tmp_path):
    """Settings, and what is known of the federation since the year 2020."""
    path, outbox = tmp_path / "settings.toml", tmp_path / "outbox.sqlite"
    know(tmp_path, indicators={"DOWNLOADS": "Downloads", "HELP_VISITS": "Visits"})
    return Settings(path, federation.address, "NO-KRIPOS.1", "secret", outbox=outbox)


@pytest.fixture
def machine(given):
    """The settings of a machine that is set up."""
    names = ("address", "client_id", "client_secret")
    settings.store(given.path, {name: getattr(given, name) for name in names})
    return given.path


def know(folder, **members):
    known = Reference(**{"read_on": date(2020, 1, 1), "indicators": {"DOWNLOADS": "Downloads"}, **members})
    (folder / "reference.json").write_bytes(msgspec.json.encode(known))


@pytest.fixture
def client(given):
    return Client(given)


@pytest.fixture
def outbox(given):
    opened = Outbox(given.outbox)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def said():
    return []


@pytest.fixture
def started(folder, given, said):
    with ExitStack() as opened:

        def start(quiet=0):
            outbox = opened.enter_context(closing(Outbox(given.outbox)))
            return Watch(folder, given, outbox, quiet=quiet, say=said.append)

        yield start


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("P2P_AGENCY_CONFIG", str(tmp_path / "settings.toml"))

    def run_command(*words, told=None):
        done = click.testing.CliRunner().invoke(main, words, input=told, catch_exceptions=False)
        return done.exit_code, done.output

    return run_command


@pytest.fixture
def agency(run, federation):
    code, output = run("init", told=f"{federation.address}\nNO-KRIPOS.1\nsecret\n")
    assert (code, "accepts this credential" in output) == (0, True)
    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"indicator": "DOWNLOADS", "reports": [REPORT]}))
    return str(path)


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = World(tmp_path, monkeypatch)
    world.start()
    return world

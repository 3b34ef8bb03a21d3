"""An agency, set up at a federation of the test."""

from datetime import date

import msgspec
import pytest

from p2p_agency import settings
from p2p_agency.client import Client
from p2p_agency.outbox import Outbox
from p2p_agency.reference import Reference
from p2p_agency.settings import Settings
from tests.unit.agency import federation as federations


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

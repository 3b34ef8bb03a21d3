"""An agency, set up at a federation of the test."""

import pytest

from p2p_agency.client import Client
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
    return Settings(
        tmp_path / "settings.toml",
        federation.address,
        "NO-KRIPOS.1",
        "secret",
        indicators=("DOWNLOADS", "HELP_VISITS"),
        outbox=tmp_path / "outbox.sqlite",
    )


@pytest.fixture
def client(given):
    return Client(given)

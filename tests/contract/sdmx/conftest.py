"""A press, and a reader of the SDMX roots."""

import pytest

from tests.contract.public.press import Press
from tests.factories import IndicatorFactory


@pytest.fixture
def press(db) -> Press:
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    return Press()


@pytest.fixture
def ask(client):
    """Reads an address below /sdmx/ as it stands, query and all, and returns the answer."""

    def read(address, *, accept="*/*", **headers):
        return client.get(f"/sdmx/{address}", headers={"Accept": accept, **headers})

    return read

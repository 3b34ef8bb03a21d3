"""What the tests of the public surface share: a press, and a reader without an account."""

import json
from math import inf
from urllib.parse import urlencode

import pytest

from api import caching, health
from tests.contract.public.press import Press
from tests.factories import IndicatorFactory


@pytest.fixture
def press(db) -> Press:
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    return Press()


@pytest.fixture
def read(client):
    """Reads an address of the API and returns the answer; parameters are those of a month of days, or others."""

    def ask(path="aggregates", *, headers=None, method="get", **given):
        if path in ("aggregates", "coverage"):
            given = {"indicator": "DOWNLOADS", "frequency": "D", "start": "2026-11-01", "end": "2026-11-30"} | given
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return getattr(client, method)(f"/api/v1/{path}/?{query}", headers=headers or {})

    return ask


@pytest.fixture
def observed(read):
    """Reads aggregates as a mapping from period, country and network to value."""

    def ask(**given):
        answer = read(**given)
        assert answer.status_code == 200, answer.content
        return {
            (row["period"], row["country"], row["network"]): row["value"]
            for row in json.loads(answer.content)["observations"]
        }

    return ask


@pytest.fixture
def answers(client, monkeypatch):
    """Asks for addresses, with nothing held from before: status, headers and bytes of each."""

    def ask(addresses):
        caching.response_cache.clear()
        monkeypatch.setattr(health.readiness, "_at", -inf)
        found = {address: client.get(address) for address in addresses}
        return {
            address: (answer.status_code, dict(answer.headers) | {"X-Request-ID": ""}, b"".join(answer))
            for address, answer in found.items()
        }

    return ask

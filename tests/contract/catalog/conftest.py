"""A press that has published at each frequency, and a reader of the catalogue."""

import warnings
from datetime import timedelta

import pytest
from rdflib import Graph, Namespace, URIRef

from api import caching
from federation.files import manifest, writing
from tests.contract.public.press import Press
from tests.factories import IndicatorFactory

DCAT = Namespace("http://www.w3.org/ns/dcat#")
HERE = "http://testserver"
#: What is public at each frequency.
PERIODS = {
    "N": ["2026-11-24T11:00"],
    "H": ["2026-09-01T00:00", "2026-11-24T09:00", "2026-11-24T11:00"],
    "D": ["2026-09-01", "2026-11-23"],
    "W": ["2026-W40", "2026-W47"],
    "M": ["2026-01", "2026-10"],
    "A": ["2024", "2025"],
}


@pytest.fixture
def press(db) -> Press:
    IndicatorFactory.create(name="Downloads of police files", notes=["A download is not a person and not an offence."])
    IndicatorFactory.create(number=2, code="HELP_VISITS", name="Visits to help services")
    made = Press()
    # Everything is published on one day, at any time of the test.
    made.began = made.began.replace(hour=12) - timedelta(days=1)
    return made


@pytest.fixture
def published(press: Press) -> Press:
    """Each frequency of one indicator, and of the other nothing."""
    for frequency, labels in PERIODS.items():
        by_network = {} if frequency in "NH" else {"NO/BITTORRENT": 5}
        press.publish(frequency, {label: {"NO": 5, "EUROPE": 5, **by_network} for label in labels})
    return press


@pytest.fixture
def files(published, settings, tmp_path):
    """The files of all data, written to a folder."""
    backend = {"BACKEND": "federation.files.storage.Folder", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"files": backend}
    manifest.clear_cache()
    yield writing.write().files
    manifest.clear_cache()


@pytest.fixture
def read(client):
    """Reads the catalogue as it is now."""

    def ask(path="/catalog.ttl", form="turtle", **how):
        caching.response_cache.clear()
        answer = client.get(path, **how)
        assert answer.status_code == 200, answer.content
        return parsed(answer.content, form)

    return ask


def parsed(content, form):
    """Return the graph that is written there."""
    with warnings.catch_warnings():
        # rdflib's own reader of JSON-LD uses what rdflib advises against.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=content, format=form)


def part(key):
    """Return the address of a part of the catalogue."""
    return URIRef(f"{HERE}/catalog#{key}")

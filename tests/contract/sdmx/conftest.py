"""A press, and a reader of the SDMX roots."""

import pytest
from lxml import etree

from countries.models import Network
from p2p_core import codes
from tests.contract.public.press import NOBODY, Press
from tests.contract.sdmx.structures_messages import BASES, GENERATIONS, namespace_of
from tests.factories import IndicatorFactory, NetworkFactory


def began() -> Press:
    """A press for the first indicator, and all networks."""
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    Network.objects.bulk_create(
        NetworkFactory.build(number=number, code=code) for code, number in codes.NETWORKS.items()
    )
    return Press()


@pytest.fixture
def press(db) -> Press:
    return began()


@pytest.fixture
def ask(client):
    """Reads an address below /sdmx/ as it stands, query and all, and returns the answer."""

    def read(address, *, accept="*/*", **headers):
        return client.get(f"/sdmx/{address}", headers={"Accept": accept, **headers})

    return read


@pytest.fixture
def schema(client, db, tmp_path):
    """Returns the schema of messages that a query is answered with, built on the standard's own, and its namespace."""

    def built(root, path):
        answer = client.get(f"/sdmx/{root}/schema/{path}")
        content_type = f"application/vnd.sdmx.schema+xml;version={'2.1' if root == '2.1' else '3.0.0'}"
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type), answer.content
        at = f"https://registry.sdmx.org/schemas/{GENERATIONS[root]}"
        assert answer.content.count(at.encode()) == 2
        (tmp_path / "own.xsd").write_bytes(answer.content.replace(at.encode(), str(BASES[root]).encode()))
        namespace = etree.fromstring(answer.content).get("targetNamespace")
        (tmp_path / "both.xsd").write_text(
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
            f'<xs:import namespace="{namespace_of(root, "message")}" schemaLocation="{BASES[root]}/SDMXMessage.xsd"/>'
            f'<xs:import namespace="{namespace}" schemaLocation="own.xsd"/></xs:schema>'
        )
        return etree.XMLSchema(etree.parse(str(tmp_path / "both.xsd"))), namespace

    return built


@pytest.fixture
def view(press):
    """Days by network of two countries, a month, an hour, and help visits of a day."""
    IndicatorFactory.create(number=2, code="HELP_VISITS")
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 10, "SE": 5}, "2026-11-02": {"NO": 20}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    press.publish("M", {"2026-10": {"NO": 300, "EUROPE": 305}})
    press.publish("H", {"2026-11-01T10:00": {"NO": 5}})
    press.indicator = 2
    press.publish("D", {"2026-11-01": {"SE": 15}})
    return press

"""Names and texts with characters that XML cannot write: every format stays well-formed."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from lxml import etree

from tests.contract.catalog.conftest import parsed
from tests.contract.public.addresses import PUBLIC
from tests.contract.public.press import Press
from tests.contract.site.conftest import TODAY, day
from tests.factories import AgencyFactory, AnnotationFactory, HelpServiceFactory, IndicatorFactory, NetworkFactory

pytestmark = pytest.mark.django_db

#: All that PostgreSQL stores in a text and XML 1.0 has no way to write, not even escaped.
FORBIDDEN = "".join(chr(code) for code in range(1, 32) if chr(code) not in "\t\n\r") + "\ufffe\uffff"
ODD = f"A{FORBIDDEN}Z"
SHOWN = "A" + "\N{REPLACEMENT CHARACTER}" * len(FORBIDDEN) + "Z"

PICTURE = "/countries/no/chart.svg"
#: Each form that is written as XML and has such texts; those of SDMX by the root.
XML = [
    *(PICTURE, "/catalog.rdf"),
    *(f"/sdmx/2.1/{rest}" for rest in ("structure", "availableconstraint/P2P?references=all")),
    *(
        f"/sdmx/3.0/{rest}"
        for rest in ("structure?format=xml", "availability/dataflow/P2PEU/P2P?references=all&format=xml")
    ),
]


@pytest.fixture(autouse=True, scope="module")
def stored(module_db):
    """One of each row that has a text which the public reads, each with every character that XML cannot write."""
    IndicatorFactory.create(name=ODD, description=ODD, notes=[ODD])
    AgencyFactory.create(code="NO-A", name=ODD)
    NetworkFactory.create(name=ODD)
    HelpServiceFactory.create(name=ODD, description=ODD)
    AnnotationFactory.create(start=TODAY - timedelta(days=2), text=ODD, is_break=True)
    for ago in range(4, 0, -1):
        Press().publish("D", {day(ago): {"NO": 10, "NO/BITTORRENT": 10, "EUROPE": 10}})


@pytest.mark.parametrize("address", XML)
def test_text_is_written_with_a_mark_in_place_of_each(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    written = etree.fromstring(answer.getvalue())
    assert SHOWN in "".join(written.itertext())


@pytest.mark.parametrize(("form", "suffix"), [("turtle", "ttl"), ("json-ld", "jsonld"), ("xml", "rdf")])
def test_each_writing_of_the_catalogue_says_the_same(client, form, suffix):
    found = parsed(client.get(f"/catalog.{suffix}").getvalue(), form)
    assert any(SHOWN in str(text) for text in found.objects())
    assert not any(set(FORBIDDEN) & set(str(text)) for text in found.objects())


def text_of(answer):
    """What an answer says; of a workbook its XML, and of a picture nothing."""
    if answer["Content-Type"].endswith("spreadsheetml.sheet"):
        with ZipFile(BytesIO(answer.getvalue())) as workbook:
            parts = [workbook.read(name) for name in workbook.namelist()]
        assert all(etree.fromstring(part) is not None for part in parts)
        return b"".join(parts).decode()
    return "" if answer["Content-Type"] == "image/png" else answer.getvalue().decode()


@pytest.mark.parametrize("address", sorted({one for some in PUBLIC.values() for one in some} | {PICTURE}))
def test_no_public_answer_has_one(client, address):
    answer = client.get(address)
    said = text_of(answer)
    assert not set(FORBIDDEN) & set(said)
    if address != "/api/schema/":  # Its patterns name them.
        assert r"\u0002" not in said
        assert r"\ufffe" not in said.lower()
    if answer["Content-Type"].partition(";")[0].endswith("xml"):
        etree.fromstring(said.encode())

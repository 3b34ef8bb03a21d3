"""The data page gives search engines the content of the catalogue, and researchers that of the documents."""

import html
import json
import re
from io import BytesIO

import pandas
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF

from api import caching, release
from api.site import readings
from config.env import ROOT
from countries import reference
from countries.models import Indicator
from tests.contract.site.conftest import day
from tests.factories import AgencyFactory

DCAT = Namespace("http://www.w3.org/ns/dcat#")
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def blocks(visit):
    """Reads what the page says in the words of schema.org, by kind."""

    def read(address="/data/"):
        caching.response_cache.clear()
        (block,) = BLOCK.findall(visit(address).content.decode())
        document = json.loads(block)
        assert document["@context"] == "https://schema.org/"
        found = {}
        for one in document["@graph"]:
            found.setdefault(one["@type"], []).append(one)
        return found

    return read


@pytest.fixture
def catalogue(client):
    def read():
        caching.response_cache.clear()
        return Graph().parse(data=client.get("/catalog.ttl").content, format="turtle")

    return read


def test_each_data_set_is_described_as_in_the_catalogue(published, blocks, catalogue):
    told, graph = blocks(), catalogue()
    assert {one["@id"] for one in told["Dataset"]} == {str(one) for one in graph.subjects(RDF.type, DCAT.Dataset)}
    for one in told["Dataset"]:
        node = URIRef(one["@id"])
        period = graph.value(node, DCTERMS.temporal)
        same = {
            "name": graph.value(node, DCTERMS.title),
            "description": graph.value(node, DCTERMS.description),
            "identifier": graph.value(node, DCTERMS.identifier),
            "url": graph.value(node, DCAT.landingPage),
            "datePublished": graph.value(node, DCTERMS.issued),
            "dateModified": graph.value(node, DCTERMS.modified),
            "temporalCoverage": f"{graph.value(period, DCAT.startDate)}/{graph.value(period, DCAT.endDate)}",
        }
        assert {key: one[key] for key in same} == {key: str(value) for key, value in same.items()}
        assert set(one["keywords"]) == {str(word) for word in graph.objects(node, DCAT.keyword)}
        downloads = {(part["contentUrl"], part["encodingFormat"]) for part in one["distribution"]}
        assert downloads == {
            (
                str(graph.value(part, DCAT.accessURL)),
                str(graph.value(part, DCAT.mediaType)).partition("media-types/")[2],
            )
            for part in graph.objects(node, DCAT.distribution)
        }


def test_block_has_what_search_engines_ask_for(published, blocks, catalogue):
    told = blocks()
    wanted = {
        "name", "description", "url", "license", "creator", "publisher", "temporalCoverage", "spatialCoverage",
        "variableMeasured", "distribution", "isAccessibleForFree", "includedInDataCatalog", "keywords", "dateModified",
    }  # fmt: skip
    (one,), (held_in,), (publisher,) = (told[kind] for kind in ("Dataset", "DataCatalog", "Organization"))
    assert wanted <= one.keys()
    assert 50 <= len(one["description"]) <= 5000
    assert one["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert one["spatialCoverage"] == {"@type": "Place", "name": "Europe"}
    assert one["isAccessibleForFree"] is True
    assert one["includedInDataCatalog"] == {"@id": held_in["@id"]}
    assert held_in["dataset"] == [{"@id": one["@id"]}]
    assert one["creator"] == one["publisher"] == held_in["publisher"] == {"@id": publisher["@id"]}
    assert publisher["name"] == str(catalogue().value(URIRef(publisher["@id"]), FOAF.name))


def test_block_is_the_same_in_each_language_and_says_what_is_invented(published, blocks):
    assert blocks("/fi/data/") == blocks()
    AgencyFactory.create(code="FI-DEMO", invented=True)
    reference.snapshots.clear()
    told = blocks()
    for one in [*told["Dataset"], *told["DataCatalog"]]:
        assert one["name"].startswith("Invented numbers: ")
        assert "its agencies are made up" in one["description"]


def test_block_cannot_be_ended_by_what_stands_in_it(published, blocks, visit):
    name = "</script><script>alert(1)</script><!-- & \u2028"
    Indicator.objects.update(name=name)
    assert blocks()["Dataset"][0]["name"].startswith(name)
    assert "alert(1)</script>" not in visit("/data/").content.decode()


def test_page_is_another_once_the_catalogue_is(published, visit, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)
    before = visit("/data/")["ETag"]
    published.publish("M", {"2025-01": {"NO": 5}})
    assert visit("/data/")["ETag"] != before


def test_page_and_catalogue_are_others_with_another_release(published, client, monkeypatch):
    before = [client.get(address)["ETag"] for address in ("/data/", "/catalog.ttl")]
    caching.response_cache.clear()
    monkeypatch.setattr(release, "digest", lambda: "another")
    after = [client.get(address)["ETag"] for address in ("/data/", "/catalog.ttl")]
    assert not set(before) & set(after)


@pytest.mark.parametrize("address", ["/data/", "/method/"])
def test_page_says_how_wrong_a_number_may_be(published, visit, address):
    said = visit(address).content.decode()
    assert "off by less than 5, and by less than 5 more for each agency" in said
    assert "do not add up days, countries or networks" in said


def test_page_leads_to_the_catalogue(published, visit):
    page = visit("/nb/data/").content.decode()
    assert '<link rel="alternate" type="text/turtle" href="/catalog.ttl">' in page
    assert all(f'<a href="/catalog.{suffix}">' in page for suffix in ("ttl", "jsonld", "rdf"))


def test_notebook_of_the_documents_is_that_of_the_page(published, visit):
    page = visit("/data/").content.decode()
    (shown,) = (html.unescape(code) for code in re.findall(r"<code>(import sdmx.*?)</code>", page, re.DOTALL))
    (told,) = re.findall(r"```python\n(import sdmx.*?)\n```", (ROOT / "docs/how-to/notebook.md").read_text(), re.DOTALL)
    first, last, _ = readings.example_times()
    for example, filled in (
        ("http://localhost:8000", "http://testserver"),
        ("2026-11-01", str(first)),
        ("2026-11-28", str(last)),
    ):
        told = told.replace(example, filled)
    assert shown == told
    assert len(shown.splitlines()) == 10


def test_the_example_of_pandas_reads_namibia(published, visit, client, monkeypatch):
    published.publish("D", {day(1): {"NA": 15, "NO": 20}})
    page = visit("/data/").content.decode()
    (example,) = (html.unescape(code) for code in re.findall(r"<code>(import pandas.*?)</code>", page, re.DOTALL))
    read_csv = pandas.read_csv

    def read_answer(address, **options):
        return read_csv(BytesIO(client.get(address.removeprefix("http://testserver")).content), **options)

    monkeypatch.setattr(pandas, "read_csv", read_answer)
    names = {}
    exec(example.replace("NO,SE,DK", "NA,NO"), names)
    table = names["data"].pivot(index="TIME_PERIOD", columns="COUNTRY", values="OBS_VALUE")
    assert table.loc[day(1)].to_dict() == {"NA": 15, "NO": 20}

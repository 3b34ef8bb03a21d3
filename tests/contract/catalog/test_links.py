"""The links of the catalogue: each answers every caller, with the promised type and periods."""

import csv
import hashlib
from urllib.parse import urlsplit

import pytest
from rdflib.namespace import DCTERMS, FOAF, RDF

from api.caching import response_cache
from api.catalog.terms import SPDX
from federation.files import writing
from tests.contract.catalog.conftest import DCAT, HERE, PERIODS, part


def kind(media_type):
    """A media type with its version, without its other parameters."""
    name, *parameters = (one.strip() for one in media_type.split(";"))
    return name, {one for one in parameters if one.startswith("version=")}


def links(catalogue):
    """Each address that the catalogue leads to, and the media type that comes back, if that is said."""
    for distribution in catalogue.subjects(RDF.type, DCAT.Distribution):
        media_type = str(catalogue.value(distribution, DCAT.mediaType)).partition("media-types/")[2]
        yield str(catalogue.value(distribution, DCAT.accessURL)), media_type
    for verb in (DCAT.landingPage, DCAT.endpointDescription, DCTERMS.conformsTo, FOAF.homepage):
        for address in set(catalogue.objects(None, verb)):
            yield str(address), ""


def followed(client, found, accept):
    """Return what did not answer as it was promised."""
    wrong = []
    for address, promised in found:
        answer = client.get(address.removeprefix(HERE), headers={"accept": accept})
        answered = kind(answer.get("Content-Type", ""))
        if answer.status_code != 200 or (promised and answered != kind(promised)):
            wrong.append(f"{address}: {answer.status_code} {answered}")
    return wrong


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])
def test_every_address_answers_as_promised_for_each_accept_header(published, read, client, accept):
    found = {link for link in links(read()) if link[0].startswith(f"{HERE}/")}
    # Of five data sets each two forms of the API and five of SDMX, and pages beside.
    assert len(found) == 41
    assert followed(client, sorted(found), accept) == []


def test_each_form_has_an_address_of_its_own_to_download_from_unless_it_comes_in_pages(published, read):
    catalogue, addresses = read(), set()
    for distribution in catalogue.subjects(RDF.type, DCAT.Distribution):
        address = catalogue.value(distribution, DCAT.accessURL)
        addresses.add(address)
        saved = list(catalogue.objects(distribution, DCAT.downloadURL))
        assert saved == ([] if distribution.endswith("-json") else [address])
    assert len(addresses) == 5 * 7


def test_addresses_of_data_lie_below_the_service_that_gives_them(published, read, client):
    catalogue = read()
    for distribution in catalogue.subjects(RDF.type, DCAT.Distribution):
        root = catalogue.value(catalogue.value(distribution, DCAT.accessService), DCAT.endpointURL)
        assert str(catalogue.value(distribution, DCAT.accessURL)).startswith(str(root))
    paths = client.get("/api/schema/").json()["paths"]
    assert any(path.startswith(urlsplit(str(catalogue.value(part("rest"), DCAT.endpointURL))).path) for path in paths)


@pytest.mark.parametrize("frequency", "HDWMA")
def test_answers_that_it_leads_to_hold_the_periods_that_it_names(published, read, client, frequency):
    catalogue, found = read(), {}
    for form in ("csv", "sdmx-csv-1.0", "sdmx-csv-2.0"):
        address = str(catalogue.value(part(f"DOWNLOADS-{frequency}-{form}"), DCAT.accessURL))
        answer = client.get(address.removeprefix(HERE))
        rows = list(csv.DictReader(b"".join(answer).decode().splitlines()))
        assert {(row["INDICATOR"], row["FREQ"]) for row in rows} == {("DOWNLOADS", frequency)}
        # To the hour, as SDMX writes it with its seconds.
        found[form] = sorted({row["TIME_PERIOD"][:13] for row in rows})
        assert ("lastNObservations=744" in address) == (frequency == "H" and form != "csv")
    labels = [one[:13] for one in PERIODS[frequency]]
    assert found["sdmx-csv-1.0"] == found["sdmx-csv-2.0"] == labels
    # Of hours the API gives those of the last month, and SDMX as many as those would be.
    assert found["csv"] == (labels[1:] if frequency == "H" else labels)


@pytest.mark.parametrize("frequency", "HDWMA")
def test_forms_of_the_api_are_what_their_titles_say(published, read, client, frequency):
    catalogue = read()
    title = str(catalogue.value(part(f"DOWNLOADS-{frequency}"), DCTERMS.title))
    cells = {}
    for form in ("csv", "json"):
        address = str(catalogue.value(part(f"DOWNLOADS-{frequency}-{form}"), DCAT.accessURL)).removeprefix(HERE)
        answer = client.get(address)
        if form == "csv":
            found = csv.DictReader(b"".join(answer).decode().splitlines())
            cells[form] = {(row["COUNTRY"], row["NETWORK"]) for row in found}
        else:
            cells[form] = {(row["country"], row["network"]) for row in answer.json()["observations"]}
    by_network = {("NO", "BITTORRENT")} if "country and network" in title else {("NO", "_T")}
    assert ("network" in title) == (frequency != "H")
    assert cells == {"csv": by_network, "json": by_network}


def test_files_of_all_data_are_listed_with_size_and_checksum(files, read, client):
    catalogue = read()
    assert {"DOWNLOADS-D.parquet", "DOWNLOADS-A.csv.xz"} <= {file.address for file in files}
    for file in files:
        node = part(file.address)
        assert catalogue.value(node, DCAT.downloadURL) == catalogue.value(node, DCAT.accessURL)
        answer = client.get(str(catalogue.value(node, DCAT.downloadURL)).removeprefix(HERE), follow=True)
        content = b"".join(answer)
        assert int(catalogue.value(node, DCAT.byteSize)) == len(content)
        checksum = catalogue.value(node, SPDX.checksum)
        assert str(catalogue.value(checksum, SPDX.checksumValue)) == hashlib.sha256(content).hexdigest()


def test_catalogue_changes_with_the_files(published, files, client):
    before = client.get("/catalog.ttl")["ETag"]
    published.publish("A", {"2020": {"NO": 5}})
    writing.write()
    response_cache.clear()
    assert client.get("/catalog.ttl")["ETag"] != before

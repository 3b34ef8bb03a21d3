"""The catalogue: DCAT-AP in three forms with the same content, which is the published data."""

from datetime import UTC, date, datetime, timedelta

import pyshacl
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, FOAF, RDF, SH, SKOS

from api import caching
from config.env import ROOT
from countries import reference, registry
from countries.models import Indicator
from federation.models.published import Version
from tests.contract.catalog.conftest import DCAT, HERE, PERIODS, parsed, part
from tests.factories import AgencyFactory

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
FORMS = {"/catalog.ttl": "turtle", "/catalog.jsonld": "json-ld", "/catalog.rdf": "xml"}
SHAPES = ROOT.parent / "shared/data/dcat-ap-3.0.1-SHACL.ttl"


def texts(catalogue, verb):
    return [str(text) for text in catalogue.objects(None, verb)]


# --- its form ---


@pytest.fixture(scope="module")
def shapes():
    if not SHAPES.exists():
        pytest.skip(f"the shapes of DCAT-AP are not in {SHAPES.parent.name}")
    found = Graph().parse(SHAPES)
    # The file names two properties of a service that it does not hold, and pyshacl stops at such.
    for shape, named in list(found.subject_objects(SH.property)):
        if (named, SH.path, None) not in found:
            found.remove((shape, SH.property, named))
    return found


def faults(catalogue, shapes):
    # Nothing is inferred and nothing is fetched: the catalogue itself says what kind of thing each term is.
    fine, report, text = pyshacl.validate(catalogue, shacl_graph=shapes, inference="none", advanced=False)
    assert fine == (not list(report.subjects(RDF.type, SH.ValidationResult)))
    return [] if fine else text.splitlines()


@pytest.mark.parametrize(("path", "form"), FORMS.items())
def test_each_form_has_the_shape_of_dcat_ap(published, read, shapes, path, form):
    assert faults(read(path, form), shapes) == []


def test_catalogue_with_files_of_all_data_has_the_shape_of_dcat_ap(files, read, shapes):
    catalogue = read()
    assert (part("DOWNLOADS-D.parquet"), RDF.type, DCAT.Distribution) in catalogue
    assert faults(catalogue, shapes) == []


def test_catalogue_of_nothing_has_the_shape_of_dcat_ap(press, read, shapes):
    catalogue = read()
    assert faults(catalogue, shapes) == []
    assert list(catalogue.subjects(RDF.type, DCAT.Dataset)) == []


def test_shapes_notice_what_is_missing(published, read, shapes):
    catalogue = read()
    catalogue.remove((part("catalog"), DCTERMS.publisher, None))
    catalogue.remove((None, RDF.type, DCTERMS.Frequency))
    assert sum("Constraint Violation" in line for line in faults(catalogue, shapes)) == 6


def test_all_forms_say_the_same(published, read):
    turtle, *others = (read(path, form) for path, form in FORMS.items())
    assert len(turtle) > 500
    assert all(isomorphic(turtle, other) for other in others)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/turtle", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/*", "application/ld+json"),
        ("application/rdf+xml, text/turtle;q=0.9", "application/rdf+xml"),
        ("text/html;q=0.5, application/ld+json", "application/ld+json"),
        ("text/turtle;q=0, */*", "application/ld+json"),
    ],
)
def test_accept_chooses_the_form(press, client, accept, media_type):
    answer = client.get("/catalog", headers={"accept": accept} if accept else {})
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, media_type)
    assert answer["Vary"] == "Accept, Accept-Encoding"
    form = FORMS[answer["Content-Location"]]
    assert (part("catalog"), RDF.type, DCAT.Catalog) in parsed(answer.content, form)


def test_forms_are_cached_separately(press, client):
    for _ in range(2):
        for media_type in ("text/turtle", "application/ld+json", "application/rdf+xml"):
            answer = client.get("/catalog", headers={"accept": media_type})
            assert answer["Content-Type"].startswith(media_type)
    assert client.get("/catalog", headers={"accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("accept", ["application/json", "image/png", "text/turtle;q=0"])
def test_other_forms_are_refused(press, client, accept):
    answer = client.get("/catalog", headers={"accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert "text/turtle, application/ld+json, application/rdf+xml" in answer.json()["detail"]
    assert "Accept" in answer["Vary"]


def test_browser_is_led_to_the_page_for_people(press, client):
    answer = client.get("/catalog", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer["Location"], answer["Vary"]) == (303, "/data/", "Accept, Accept-Encoding")


@pytest.mark.parametrize(("path", "form"), FORMS.items())
@pytest.mark.parametrize("accept", ["text/html", "image/png"])
def test_address_decides_the_form_and_accept_is_ignored(press, read, path, form, accept):
    assert (part("catalog"), RDF.type, DCAT.Catalog) in read(path, form, headers={"accept": accept})


def test_parameters_are_refused(press, client):
    assert client.get("/catalog.ttl?format=rdf").json()["code"] == "unknown_parameter"


# --- as an answer ---


@pytest.mark.parametrize("path", ["/catalog", *FORMS])
def test_is_public_and_can_be_asked_for_again_by_its_tag(published, client, path):
    answer = client.get(path)
    assert answer["Cache-Control"].startswith("public, max-age=")
    assert answer["Access-Control-Allow-Origin"] == "*"
    again = client.get(path, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    head = client.head(path)
    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(answer.headers))
    assert client.options(path).status_code == 204
    packed = client.get(path, headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(answer.content) / 4


def test_forms_have_tags_of_their_own(press, client):
    assert len({client.get(path)["ETag"] for path in FORMS}) == 3


@pytest.fixture
def tag(client):
    def ask():
        caching.response_cache.clear()
        return client.get("/catalog.ttl")["ETag"]

    return ask


def test_publication_of_what_is_there_leaves_it_as_it_is(published, tag):
    before = tag()
    published.publish("D", {PERIODS["D"][-1]: {"NO": 500}})
    assert tag() == before


def test_new_period_or_day_or_word_makes_it_another(published, tag, settings):
    tags = [tag()]
    published.publish("M", {"2026-11": {"NO": 5}})
    tags.append(tag())
    newest = Version.objects.order_by("number").last()
    Version.objects.filter(number=newest.number).update(known_at=newest.known_at + timedelta(days=1))
    tags.append(tag())
    settings.CONTACT_EMAIL = "data@example.org"
    tags.append(tag())
    indicator = Indicator.objects.get(number=1)
    indicator.notes = ["Another note."]
    registry.save(indicator, by="a test")
    tags.append(tag())
    assert len(set(tags)) == len(tags)


# --- what it says ---


def test_lists_a_data_set_for_each_indicator_and_frequency_that_has_periods(published, read):
    catalogue = read()
    named = {part(f"DOWNLOADS-{frequency}") for frequency in "HDWMA"}
    assert set(catalogue.subjects(RDF.type, DCAT.Dataset)) == named
    assert set(catalogue.objects(part("catalog"), DCAT.dataset)) == named
    assert set(catalogue.subjects(DCAT.inSeries, part("DOWNLOADS"))) == named
    assert list(catalogue.objects(part("catalog"), DCAT.resource)) == [part("DOWNLOADS")]
    for service in catalogue.subjects(RDF.type, DCAT.DataService):
        assert set(catalogue.objects(service, DCAT.servesDataset)) == named


def test_has_what_a_portal_wants_of_each_data_set(published, read):
    catalogue = read()
    wanted = [
        DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.contactPoint, DCAT.theme, DCAT.keyword,
        DCTERMS.spatial, DCTERMS.temporal, DCTERMS.accrualPeriodicity, DCTERMS.accessRights, DCTERMS.provenance,
        DCTERMS.conformsTo, DCAT.landingPage, DCTERMS.issued, DCTERMS.modified, DCTERMS.identifier, DCAT.version,
    ]  # fmt: skip
    for dataset in catalogue.subjects(RDF.type, DCAT.Dataset):
        assert [verb for verb in wanted if (dataset, verb, None) not in catalogue] == []
    wanted = [DCAT.accessURL, DCAT.mediaType, DCTERMS["format"], DCTERMS.license, DCTERMS.rights, DCAT.accessService]
    for distribution in catalogue.subjects(RDF.type, DCAT.Distribution):
        assert [verb for verb in wanted if (distribution, verb, None) not in catalogue] == []


def test_terms_are_those_of_the_european_tables(published, read):
    catalogue = read()
    table = "http://publications.europa.eu/resource/authority"
    assert set(catalogue.objects(None, DCAT.theme)) == {URIRef(f"{table}/data-theme/JUST")}
    assert set(catalogue.objects(None, DCTERMS.spatial)) == {URIRef(f"{table}/continent/EUROPE")}
    frequencies = {"H": "HOURLY", "D": "DAILY", "W": "WEEKLY", "M": "MONTHLY", "A": "ANNUAL"}
    for letter, code in frequencies.items():
        said = catalogue.value(part(f"DOWNLOADS-{letter}"), DCTERMS.accrualPeriodicity)
        assert said == URIRef(f"{table}/frequency/{code}")
    assert set(catalogue.objects(None, DCTERMS["format"])) == {
        URIRef(f"{table}/file-type/{code}") for code in ("JSON", "CSV", "SDMX")
    }


@pytest.mark.parametrize("frequency", "HDWMA")
def test_time_covered_is_what_coverage_says(published, read, client, frequency):
    catalogue = read()
    period = catalogue.value(part(f"DOWNLOADS-{frequency}"), DCTERMS.temporal)
    start, end = (catalogue.value(period, verb).toPython() for verb in (DCAT.startDate, DCAT.endDate))
    first, last = (
        label(frequency, moment) for moment in (start, end if frequency != "H" else end - timedelta(hours=1))
    )
    span = {"start": PERIODS[frequency][0], "end": PERIODS[frequency][-1]}
    rows = client.get("/api/v1/coverage/", {"indicator": "DOWNLOADS", "frequency": frequency, **span}).json()[
        "coverage"
    ]
    assert (first, last) == (rows[0]["period"], rows[-1]["period"])
    beyond = {
        "D": date(2026, 11, 23),
        "W": date(2026, 11, 22),
        "A": date(2025, 12, 31),
    }
    assert end == beyond.get(frequency, end)


def label(frequency, moment):
    form = {"H": "%Y-%m-%dT%H:00", "D": "%Y-%m-%d", "W": "%G-W%V", "M": "%Y-%m", "A": "%Y"}[frequency]
    return moment.strftime(form)


def test_modified_is_the_day_of_the_newest_version(published, read):
    day = datetime(2026, 11, 20, 9, tzinfo=UTC)
    Version.objects.update(known_at=day)
    number = published.publish("D", {PERIODS["D"][0]: {"NO": 10}})
    Version.objects.filter(number=number).update(known_at=day + timedelta(days=2))
    catalogue = read()
    said = {
        key: (str(catalogue.value(part(key), DCTERMS.issued)), str(catalogue.value(part(key), DCTERMS.modified)))
        for key in ("DOWNLOADS-D", "DOWNLOADS-M", "catalog")
    }
    assert said == {
        "DOWNLOADS-D": ("2026-11-20", "2026-11-22"),
        "DOWNLOADS-M": ("2026-11-20", "2026-11-20"),
        "catalog": ("2026-11-20", "2026-11-22"),
    }


def test_invented_numbers_say_so_in_each_title_and_text(published, read):
    mark = "its agencies are made up"
    catalogue = read()
    assert not [text for text in texts(catalogue, DCTERMS.title) if text.startswith("Invented numbers")]
    assert not [text for text in texts(catalogue, DCTERMS.description) if mark in text]
    AgencyFactory.create(code="FI-DEMO", invented=True)
    reference.snapshots.clear()
    catalogue = read()
    for kind in (DCAT.Catalog, DCAT.DatasetSeries, DCAT.Dataset, DCAT.Distribution, DCAT.DataService):
        for thing in catalogue.subjects(RDF.type, kind):
            assert str(catalogue.value(thing, DCTERMS.title)).startswith("Invented numbers: "), thing
            assert mark in str(catalogue.value(thing, DCTERMS.description)), thing
    assert mark in str(catalogue.value(part("rights"), DCTERMS.description))


def test_publisher_is_who_the_settings_say(published, read, settings):
    catalogue = read()
    assert str(catalogue.value(part("publisher"), FOAF.homepage)) == f"{HERE}/about/"
    assert (part("contact"), VCARD.hasEmail, None) not in catalogue
    settings.PUBLISHER_NAME = "Office <& Co>"
    settings.PUBLISHER_URL = "https://example.org/"
    settings.CONTACT_EMAIL = "data@example.org"
    catalogue = read("/catalog.rdf", "xml")
    assert str(catalogue.value(part("publisher"), FOAF.name)) == "Office <& Co>"
    assert str(catalogue.value(part("publisher"), FOAF.homepage)) == "https://example.org/"
    assert str(catalogue.value(part("contact"), VCARD.hasEmail)) == "mailto:data@example.org"
    for dataset in catalogue.subjects(RDF.type, DCAT.Dataset):
        assert catalogue.value(dataset, DCTERMS.publisher) == part("publisher")
        assert catalogue.value(dataset, DCAT.contactPoint) == part("contact")


def test_addresses_are_those_of_the_host_that_was_asked(published, client, settings):
    settings.ALLOWED_HOSTS = ["a.example", "b.example"]
    for host, secure in (("a.example", False), ("b.example", True)):
        page = client.get("/catalog.ttl", headers={"host": host}, secure=secure).content.decode()
        assert f"http{'s' * secure}://{host}/catalog#catalog" in page
        assert "testserver" not in page


def test_terms_of_others_have_names(published, read):
    catalogue = read()
    for concept in catalogue.subjects(RDF.type, SKOS.Concept):
        assert catalogue.value(concept, SKOS.prefLabel)

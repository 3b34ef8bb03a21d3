"""The catalogue as a graph in DCAT-AP 3.0.1: the catalogue, a series for each indicator, the data sets and their forms.

Each item has an address, so that two versions can be compared item by item.
"""

from datetime import date, datetime
from typing import Any, Final

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, XSD
from rdflib.term import Node

from api import datasets
from api.catalog import terms
from api.catalog.terms import ADMS, DCAT, DCATAP, SPDX, VCARD, Term
from api.datasets import FORMS, SERVICES, Dataset, Form, Inventory, Service
from countries.reference import Indicator
from federation.files.manifest import DataFile
from federation.published.terms import RIGHTS, TITLE
from p2p_core import flow, instants

_ENGLISH: Final = "en"


def graph(inventory: Inventory, origin: str) -> Graph:
    """The catalogue at an origin such as ``https://example.org``."""
    found = Graph(bind_namespaces="none")
    for prefix, namespace in terms.PREFIXES.items():
        found.bind(prefix, namespace)
    _Catalogue(found, inventory, origin).write()
    return found


class _Catalogue:
    """Writes the parts of the catalogue into a graph, each under an address of its own below ``/catalog``."""

    def __init__(self, graph: Graph, inventory: Inventory, origin: str) -> None:
        self._graph, self._inventory, self._origin = graph, inventory, origin
        self._invented = inventory.invented

    def write(self) -> None:
        self._write_catalogue()
        self._write_publisher()
        for service in SERVICES:
            self._write_service(service)
        for indicator, found in self._inventory.by_indicator():
            self._write_series(indicator, found)
            for dataset in found:
                self._write_dataset(dataset)

    # --- the parts ---------------------------------------------------------------------------------------------------

    def _write_catalogue(self) -> None:
        catalogue = self._part("catalog")
        found = self._inventory.datasets
        self._add(catalogue, RDF.type, DCAT.Catalog)
        self._name(catalogue, self._title(TITLE), self._about(datasets.ABOUT))
        self._add(catalogue, DCTERMS.publisher, self._part("publisher"))
        self._add(catalogue, FOAF.homepage, self._data_page())
        self._add(catalogue, DCAT.themeTaxonomy, terms.THEMES)
        self._add(catalogue, DCTERMS.spatial, terms.EUROPE)
        self._license(catalogue)
        self._date(catalogue, [one.span.issued.date() for one in found], [one.modified for one in found])
        for service in SERVICES:
            self._add(catalogue, DCAT.service, self._part(service.key))
        for indicator, _ in self._inventory.by_indicator():
            self._add(catalogue, DCAT.resource, self._part(indicator.code))
        for dataset in found:
            self._add(catalogue, DCAT.dataset, self._part(dataset.key))
        # The data sets and their forms point to these two.
        for key, kind, text in (
            ("provenance", DCTERMS.ProvenanceStatement, datasets.PROVENANCE),
            ("rights", DCTERMS.RightsStatement, self._about(RIGHTS)),
        ):
            self._add(self._part(key), RDF.type, kind)
            self._add(self._part(key), DCTERMS.description, _english(text))

    def _write_publisher(self) -> None:
        publisher, agent, contact = self._inventory.publisher, self._part("publisher"), self._part("contact")
        about = terms.page(publisher.page or f"{self._origin}/about/", publisher.name)
        self._add(agent, RDF.type, FOAF.Agent, FOAF.Organization)
        self._add(agent, FOAF.name, Literal(publisher.name))
        self._add(agent, FOAF.homepage, about)
        self._add(agent, DCTERMS.type, terms.SUPRANATIONAL)
        self._add(contact, RDF.type, VCARD.Kind, VCARD.Organization)
        self._add(contact, VCARD.fn, Literal(publisher.name))
        self._add(contact, VCARD.hasURL, URIRef(about.address))
        if publisher.email:
            self._add(contact, VCARD.hasEmail, URIRef(f"mailto:{publisher.email}"))

    def _write_service(self, service: Service) -> None:
        node = self._part(service.key)
        self._add(node, RDF.type, DCAT.DataService)
        self._name(node, self._title(service.title), self._about(datasets.ABOUT))
        self._describe(node)
        self._add(node, DCAT.endpointURL, self._address(service.root))
        self._add(node, DCAT.endpointDescription, self._address(service.description))
        self._add(node, DCTERMS.conformsTo, terms.standard(service.standard, service.title))
        for form in FORMS:
            if form.service is service:
                self._add(node, DCTERMS["format"], terms.file_type(form.file_type, form.file_type))
        for dataset in self._inventory.datasets:
            self._add(node, DCAT.servesDataset, self._part(dataset.key))

    def _write_series(self, indicator: Indicator, found: list[Dataset]) -> None:
        node = self._part(indicator.code)
        self._add(node, RDF.type, DCAT.DatasetSeries)
        self._name(node, self._title(indicator.name), datasets.description(indicator, invented=self._invented))
        self._add(node, DCTERMS.publisher, self._part("publisher"))
        self._add(node, DCAT.contactPoint, self._part("contact"))
        self._add(node, DCTERMS.spatial, terms.EUROPE)
        self._date(node, [one.span.issued.date() for one in found], [one.modified for one in found])

    def _write_dataset(self, dataset: Dataset) -> None:
        node, period, code = self._part(dataset.key), self._part(f"{dataset.key}-period"), dataset.frequency.authority
        self._add(node, RDF.type, DCAT.Dataset)
        self._name(node, dataset.title, dataset.description)
        self._describe(node)
        self._date(node, [dataset.span.issued.date()], [dataset.modified])
        self._add(node, DCTERMS.identifier, Literal(str(node)))
        self._add(node, DCAT.inSeries, self._part(dataset.indicator.code))
        self._add(node, DCTERMS.spatial, terms.EUROPE)
        self._add(node, DCTERMS.temporal, period)
        self._add(period, RDF.type, DCTERMS.PeriodOfTime)
        for verb, moment in zip((DCAT.startDate, DCAT.endDate), dataset.extent, strict=True):
            kind: Any = XSD.dateTime if isinstance(moment, datetime) else XSD.date
            self._add(period, verb, Literal(moment, datatype=kind))
        self._add(node, DCTERMS.accrualPeriodicity, terms.frequency(code, code.lower()))
        self._add(node, DCAT.temporalResolution, Literal(dataset.frequency.resolution, datatype=XSD.duration))
        self._add(node, DCTERMS.provenance, self._part("provenance"))
        self._add(node, DCTERMS.conformsTo, self._structure())
        self._add(node, DCAT.version, Literal(flow.VERSION))
        self._add(node, ADMS.versionNotes, _english(datasets.VERSIONS))
        for form in FORMS:
            self._add(node, DCAT.distribution, self._distribution(dataset, form))
        for file in dataset.files:
            self._add(node, DCAT.distribution, self._file(dataset, file))

    def _distribution(self, dataset: Dataset, form: Form) -> URIRef:
        node, address = self._part(f"{dataset.key}-{form.key}"), self._address(dataset.address(form))
        self._add(node, RDF.type, DCAT.Distribution)
        self._name(node, f"{dataset.title}: {form.title}", self._about(dataset.contents(form)))
        self._add(node, DCAT.accessURL, address)
        if not form.paged:
            self._add(node, DCAT.downloadURL, address)
        self._add(node, DCAT.accessService, self._part(form.service.key))
        self._add(node, DCAT.mediaType, terms.media_type(form.media_type))
        self._add(node, DCTERMS["format"], terms.file_type(form.file_type, form.file_type))
        self._add(node, DCATAP.availability, terms.STABLE)
        if form.service is not datasets.REST:
            self._add(node, DCTERMS.conformsTo, self._structure())
        self._license(node)
        self._date(node, [dataset.span.issued.date()], [dataset.modified])
        return node

    def _file(self, dataset: Dataset, file: DataFile) -> URIRef:
        """A file of all data. Its address always leads to the newest one, whose size and checksum are given."""
        node, checksum = self._part(file.address), self._part(f"{file.address}-checksum")
        form, address = datasets.FILE_FORMS[file.media_type], self._address(f"files/{file.address}")
        self._add(node, RDF.type, DCAT.Distribution)
        self._name(node, dataset.title_of(file), self._about(datasets.ALL_DATA))
        self._add(node, DCAT.accessURL, address)
        self._add(node, DCAT.downloadURL, address)
        self._add(node, DCAT.mediaType, terms.media_type(form.media_type))
        self._add(node, DCTERMS["format"], terms.file_type(form.file_type, form.file_type))
        self._add(node, DCAT.byteSize, Literal(str(file.size), datatype=XSD.nonNegativeInteger))
        self._add(node, SPDX.checksum, checksum)
        self._add(checksum, RDF.type, SPDX.Checksum)
        self._add(checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256)
        # A reader that checks the shape of the catalogue looks nothing up.
        self._add(SPDX.checksumAlgorithm_sha256, RDF.type, SPDX.ChecksumAlgorithm)
        self._add(checksum, SPDX.checksumValue, Literal(file.sha256, datatype=XSD.hexBinary))
        self._add(node, DCATAP.availability, terms.STABLE)
        self._license(node)
        self._date(node, [dataset.span.issued.date()], [instants.parse(file.known_at).date()])
        return node

    # --- what several parts have -------------------------------------------------------------------------------------

    def _describe(self, node: URIRef) -> None:
        """Add what data sets and services share."""
        self._add(node, DCTERMS.publisher, self._part("publisher"))
        self._add(node, DCAT.contactPoint, self._part("contact"))
        self._add(node, DCAT.theme, terms.JUSTICE)
        self._add(node, DCAT.keyword, *map(_english, datasets.KEYWORDS))
        self._add(node, DCTERMS.accessRights, terms.PUBLIC)
        self._add(node, DCAT.landingPage, self._data_page())

    def _name(self, node: URIRef, title: str, description: str) -> None:
        self._add(node, DCTERMS.title, _english(title))
        self._add(node, DCTERMS.description, _english(description))

    def _license(self, node: URIRef) -> None:
        self._add(node, DCTERMS.license, terms.CC_BY)
        self._add(node, DCTERMS.rights, self._part("rights"))
        self._add(node, DCTERMS.language, terms.ENGLISH)

    def _date(self, node: URIRef, issued: list[date], modified: list[date]) -> None:
        """Add the first and the last date, if there are any."""
        if issued:
            self._add(node, DCTERMS.issued, Literal(min(issued)))
            self._add(node, DCTERMS.modified, Literal(max(modified)))

    def _structure(self) -> Term:
        return terms.standard(self._address(datasets.STRUCTURE), f"The SDMX structure {flow.STRUCTURE}")

    def _data_page(self) -> Term:
        return terms.page(f"{self._origin}/data/", "How to read the data with programs")

    def _title(self, title: str) -> str:
        return datasets.title_with_notice(title, invented=self._invented)

    def _about(self, text: str) -> str:
        return datasets.with_notice(text, invented=self._invented)

    def _part(self, key: str) -> URIRef:
        return URIRef(f"{self._origin}/catalog#{key}")

    def _address(self, path: str) -> URIRef:
        return URIRef(f"{self._origin}/{path}")

    def _add(self, node: URIRef, verb: URIRef, *things: Node | Term) -> None:
        for thing in things:
            self._graph.add((node, verb, thing.within(self._graph) if isinstance(thing, Term) else thing))


def _english(text: str) -> Literal:
    return Literal(text, lang=_ENGLISH)

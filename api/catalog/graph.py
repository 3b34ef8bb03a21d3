"""The catalogue as a graph, in DCAT-AP 3.0.1: a catalogue, a series for each indicator, its data sets, their forms.

Nothing in it is without an address, so that two readings can be compared thing by thing.
"""

from datetime import date, datetime
from typing import Any, Final

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, XSD
from rdflib.term import Node

from api import datasets
from api.catalog import terms
from api.catalog.terms import ADMS, DCAT, DCATAP, VCARD, Term
from api.datasets import FORMS, SERVICES, Dataset, Form, Offer, Service
from countries.reference import Indicator
from p2p_core import flow

_ENGLISH: Final = "en"


def graph(offer: Offer, origin: str) -> Graph:
    """Return the catalogue of what is offered at an origin such as ``https://example.org``."""
    written = Graph(bind_namespaces="none")
    for prefix, namespace in terms.PREFIXES.items():
        written.bind(prefix, namespace)
    _Catalogue(written, offer, origin).write()
    return written


class _Catalogue:
    """Writes the parts of the catalogue into a graph, each under an address of its own below ``/catalog``."""

    def __init__(self, written: Graph, offer: Offer, origin: str) -> None:
        self._graph, self._offer, self._origin = written, offer, origin
        self._invented = offer.invented

    def write(self) -> None:
        self._write_catalogue()
        self._write_publisher()
        self._write_provenance()
        for service in SERVICES:
            self._write_service(service)
        for indicator, found in self._offer.indicators():
            self._write_series(indicator, found)
            for dataset in found:
                self._write_dataset(dataset)

    # --- the parts ---------------------------------------------------------------------------------------------------

    def _write_catalogue(self) -> None:
        catalogue = self._part("catalog")
        found = self._offer.datasets
        self._say(catalogue, RDF.type, DCAT.Catalog)
        self._call(catalogue, datasets.marked(datasets.TITLE, invented=self._invented), self._about(datasets.ABOUT))
        self._say(catalogue, DCTERMS.publisher, self._part("publisher"))
        self._say(catalogue, FOAF.homepage, self._data_page())
        self._say(catalogue, DCAT.themeTaxonomy, terms.THEMES)
        self._say(catalogue, DCTERMS.spatial, terms.EUROPE)
        self._license(catalogue)
        self._date(catalogue, [one.span.issued.date() for one in found], [datasets.modified(one) for one in found])
        for service in SERVICES:
            self._say(catalogue, DCAT.service, self._part(service.key))
        for indicator, _ in self._offer.indicators():
            self._say(catalogue, DCAT.resource, self._part(indicator.code))
        for dataset in found:
            self._say(catalogue, DCAT.dataset, self._part(dataset.key))

    def _write_publisher(self) -> None:
        publisher, agent, contact = self._offer.publisher, self._part("publisher"), self._part("contact")
        about = terms.page(publisher.page or f"{self._origin}/about/", publisher.name)
        self._say(agent, RDF.type, FOAF.Agent, FOAF.Organization)
        self._say(agent, FOAF.name, Literal(publisher.name))
        self._say(agent, FOAF.homepage, about)
        self._say(agent, DCTERMS.type, terms.SUPRANATIONAL)
        self._say(contact, RDF.type, VCARD.Kind, VCARD.Organization)
        self._say(contact, VCARD.fn, Literal(publisher.name))
        self._say(contact, VCARD.hasURL, URIRef(about.address))
        if publisher.email:
            self._say(contact, VCARD.hasEmail, URIRef(f"mailto:{publisher.email}"))

    def _write_provenance(self) -> None:
        for key, kind, text in (
            ("provenance", DCTERMS.ProvenanceStatement, datasets.PROVENANCE),
            ("rights", DCTERMS.RightsStatement, self._about(datasets.RIGHTS)),
        ):
            self._say(self._part(key), RDF.type, kind)
            self._say(self._part(key), DCTERMS.description, _english(text))

    def _write_service(self, service: Service) -> None:
        node = self._part(service.key)
        self._say(node, RDF.type, DCAT.DataService)
        self._call(node, datasets.marked(service.title, invented=self._invented), self._about(datasets.ABOUT))
        self._describe(node)
        self._say(node, DCAT.endpointURL, self._here(service.root))
        self._say(node, DCAT.endpointDescription, self._here(service.described))
        self._say(node, DCTERMS.conformsTo, terms.standard(service.standard, service.title))
        for form in FORMS:
            if form.service is service:
                self._say(node, DCTERMS["format"], terms.file_type(form.file_type, form.file_type))
        for dataset in self._offer.datasets:
            self._say(node, DCAT.servesDataset, self._part(dataset.key))

    def _write_series(self, indicator: Indicator, found: list[Dataset]) -> None:
        node = self._part(indicator.code)
        title = datasets.marked(indicator.name, invented=self._invented)
        self._say(node, RDF.type, DCAT.DatasetSeries)
        self._call(node, title, datasets.described(indicator, invented=self._invented))
        self._say(node, DCTERMS.publisher, self._part("publisher"))
        self._say(node, DCAT.contactPoint, self._part("contact"))
        self._say(node, DCTERMS.spatial, terms.EUROPE)
        self._date(node, [one.span.issued.date() for one in found], [datasets.modified(one) for one in found])

    def _write_dataset(self, dataset: Dataset) -> None:
        node = self._part(dataset.key)
        self._say(node, RDF.type, DCAT.Dataset)
        self._call(node, dataset.title, dataset.description)
        self._describe(node)
        self._date(node, [dataset.span.issued.date()], [datasets.modified(dataset)])
        self._say(node, DCTERMS.identifier, Literal(str(node)))
        self._say(node, DCAT.inSeries, self._part(dataset.indicator.code))
        self._say(node, DCTERMS.spatial, terms.EUROPE)
        self._say(node, DCTERMS.temporal, self._period(dataset))
        self._say(node, DCTERMS.accrualPeriodicity, _frequency(dataset))
        self._say(node, DCAT.temporalResolution, Literal(dataset.frequency.resolution, datatype=XSD.duration))
        self._say(node, DCTERMS.provenance, self._part("provenance"))
        self._say(node, DCTERMS.conformsTo, self._structure())
        self._say(node, DCAT.version, Literal(flow.VERSION))
        self._say(node, ADMS.versionNotes, _english(datasets.VERSIONS))
        for form in FORMS:
            self._say(node, DCAT.distribution, self._distribution(dataset, form))

    def _distribution(self, dataset: Dataset, form: Form) -> URIRef:
        node, address = self._part(f"{dataset.key}-{form.key}"), self._here(dataset.address(form))
        self._say(node, RDF.type, DCAT.Distribution)
        self._call(node, f"{dataset.title}: {form.title}", self._about(dataset.how(form)))
        self._say(node, DCAT.accessURL, address)
        if not form.paged:
            self._say(node, DCAT.downloadURL, address)
        self._say(node, DCAT.accessService, self._part(form.service.key))
        self._say(node, DCAT.mediaType, terms.media_type(form.media_type))
        self._say(node, DCTERMS["format"], terms.file_type(form.file_type, form.file_type))
        self._say(node, DCATAP.availability, terms.STABLE)
        if form.service is not datasets.REST:
            self._say(node, DCTERMS.conformsTo, self._structure())
        self._license(node)
        self._date(node, [dataset.span.issued.date()], [datasets.modified(dataset)])
        return node

    # --- what several parts have -------------------------------------------------------------------------------------

    def _describe(self, node: URIRef) -> None:
        """Say what data sets and services share."""
        self._say(node, DCTERMS.publisher, self._part("publisher"))
        self._say(node, DCAT.contactPoint, self._part("contact"))
        self._say(node, DCAT.theme, terms.JUSTICE)
        self._say(node, DCAT.keyword, *map(_english, datasets.KEYWORDS))
        self._say(node, DCTERMS.accessRights, terms.PUBLIC)
        self._say(node, DCAT.landingPage, self._data_page())

    def _call(self, node: URIRef, title: str, description: str) -> None:
        self._say(node, DCTERMS.title, _english(title))
        self._say(node, DCTERMS.description, _english(description))

    def _license(self, node: URIRef) -> None:
        self._say(node, DCTERMS.license, terms.CC_BY)
        self._say(node, DCTERMS.rights, self._part("rights"))
        self._say(node, DCTERMS.language, terms.ENGLISH)

    def _date(self, node: URIRef, issued: list[date], modified: list[date]) -> None:
        """Say when it came and when it changed last, if anything of it did."""
        if issued:
            self._say(node, DCTERMS.issued, Literal(min(issued)))
            self._say(node, DCTERMS.modified, Literal(max(modified)))

    def _period(self, dataset: Dataset) -> URIRef:
        node = self._part(f"{dataset.key}-period")
        start, end = dataset.covered
        self._say(node, RDF.type, DCTERMS.PeriodOfTime)
        self._say(node, DCAT.startDate, _moment(start))
        self._say(node, DCAT.endDate, _moment(end))
        return node

    def _structure(self) -> Term:
        return terms.standard(self._here(datasets.STRUCTURE), f"The SDMX structure {flow.STRUCTURE}")

    def _data_page(self) -> Term:
        return terms.page(f"{self._origin}/data/", "How to read the data with programs")

    def _about(self, text: str) -> str:
        return datasets.told(text, invented=self._invented)

    def _part(self, key: str) -> URIRef:
        return URIRef(f"{self._origin}/catalog#{key}")

    def _here(self, path: str) -> URIRef:
        return URIRef(f"{self._origin}/{path}")

    def _say(self, node: URIRef, verb: URIRef, *things: Node | Term) -> None:
        for thing in things:
            self._graph.add((node, verb, thing.within(self._graph) if isinstance(thing, Term) else thing))


def _english(text: str) -> Literal:
    return Literal(text, lang=_ENGLISH)


def _moment(moment: date | datetime) -> Literal:
    kind: Any = XSD.dateTime if isinstance(moment, datetime) else XSD.date
    return Literal(moment, datatype=kind)


def _frequency(dataset: Dataset) -> Term:
    code = dataset.frequency.authority
    return terms.frequency(code, code.lower())

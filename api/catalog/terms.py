"""The terms of others that the catalogue points to: the EU's authority tables, licences, media types.

The catalogue has the kind and the name of each term, because a reader who has only the catalogue does not know them.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Namespace

# rdflib knows the second edition of DCAT, which has no series.
DCAT: Final = Namespace("http://www.w3.org/ns/dcat#")
DCATAP: Final = Namespace("http://data.europa.eu/r5r/")
ADMS: Final = Namespace("http://www.w3.org/ns/adms#")
SPDX: Final = Namespace("http://spdx.org/rdf/terms#")
VCARD: Final = Namespace("http://www.w3.org/2006/vcard/ns#")
#: The prefixes in the written graph. The other prefixes of rdflib are left out. The languages of XML need a prefix too.
PREFIXES: Final[dict[str, object]] = {
    "adms": ADMS, "dcat": DCAT, "dcatap": DCATAP, "dct": DCTERMS, "foaf": FOAF, "rdf": RDF, "rdfs": RDFS, "skos": SKOS,
    "spdx": SPDX, "vcard": VCARD, "xml": "http://www.w3.org/XML/1998/namespace", "xsd": XSD,
}  # fmt: skip

_AUTHORITY: Final = "http://publications.europa.eu/resource/authority/"
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"


class Term(NamedTuple):
    """A term: its address, what kind of thing it is, and its English name."""

    address: str
    kind: URIRef
    name: str

    def within(self, graph: Graph) -> URIRef:
        """Add the term to a graph, with its kind and name."""
        node = URIRef(self.address)
        graph.add((node, RDF.type, self.kind))
        graph.add((node, _NAMED_BY.get(self.kind, RDFS.label), Literal(self.name, lang="en")))
        return node


_NAMED_BY: Final = {SKOS.Concept: SKOS.prefLabel, SKOS.ConceptScheme: DCTERMS.title, FOAF.Document: DCTERMS.title}


def _table(name: str, kind: URIRef) -> Callable[[str, str], Term]:
    return lambda code, label: Term(f"{_AUTHORITY}{name}/{code}", kind, label)


frequency: Final = _table("frequency", DCTERMS.Frequency)
file_type: Final = _table("file-type", DCTERMS.MediaTypeOrExtent)

ENGLISH: Final = _table("language", DCTERMS.LinguisticSystem)("ENG", "English")
EUROPE: Final = _table("continent", DCTERMS.Location)("EUROPE", "Europe")
JUSTICE: Final = _table("data-theme", SKOS.Concept)("JUST", "Justice, legal system and public safety")
THEMES: Final = Term(f"{_AUTHORITY}data-theme", SKOS.ConceptScheme, "Data theme")
PUBLIC: Final = _table("access-right", DCTERMS.RightsStatement)("PUBLIC", "public")
STABLE: Final = _table("planned-availability", SKOS.Concept)("STABLE", "stable")
CC_BY: Final = _table("licence", DCTERMS.LicenseDocument)("CC_BY_4_0", "Creative Commons Attribution 4.0 International")
SUPRANATIONAL: Final = Term(
    "http://purl.org/adms/publishertype/SupraNationalAuthority", SKOS.Concept, "Supra-national authority"
)


def media_type(name: str) -> Term:
    """A media type as IANA's list writes it. Those of SDMX are not in the list, and keep their version."""
    return Term(f"{_MEDIA}{name}", DCTERMS.MediaType, name)


def standard(address: str, name: str) -> Term:
    return Term(address, DCTERMS.Standard, name)


def page(address: str, name: str) -> Term:
    return Term(address, FOAF.Document, name)

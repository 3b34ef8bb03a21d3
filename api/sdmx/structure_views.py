"""Answers to structure queries, in both generations of the standard, and what of it there is not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats, parameters
from api.caching import PublicView, Rendered, Stamp
from api.problems import Problem
from api.sdmx import negotiation, structure_json, structure_queries, structure_xml_21, structure_xml_30, structures
from api.sdmx.artefacts import Artefact
from api.sdmx.negotiation import Offer
from api.sdmx.resolution import Query, answered
from api.sdmx.structure_xml import Head
from countries import queries

#: Counted up when the form of these answers changes, so that no cache takes an old one for a new one.
_FORM: Final = 1
_XML, _JSON = ("application/xml", "text/xml"), ("application/json",)
_ML, _SJ = "application/vnd.sdmx.structure+xml", "application/vnd.sdmx.structure+json"
OLDER: Final = (Offer("xml21", _ML, ("2.1",), _XML), Offer("json10", _SJ, ("1.0.0", "1.0"), _JSON))
NEWER: Final = (Offer("xml30", _ML, ("3.0.0", "3.0"), _XML), Offer("json20", _SJ, ("2.0.0", "2.0"), _JSON))

_WRITERS: Final[dict[str, Callable[[Iterable[Artefact], Head], bytes]]] = {
    "xml21": structure_xml_21.writer.message,
    "xml30": structure_xml_30.writer.message,
    "json10": structure_json.writer_10.message,
    "json20": structure_json.writer_20.message,
}


def written(artefacts: Iterable[Artefact], offer: Offer, head: Head) -> bytes:
    """Return artefacts as a message in a form."""
    return _WRITERS[offer.form](artefacts, head)


def head(known: structures.Structures, address: str) -> Head:
    """Return the head of a message that is written now."""
    return Head(f"STRUCTURES_{known.reference}", formats.instant(datetime.now(UTC)), known.invented, address)


@dataclass(frozen=True, slots=True)
class StructureAnswer:
    """The artefacts asked for; they hang on the version of the reference data alone."""

    query: Query
    offer: Offer
    address: str

    def stamp(self) -> Stamp:
        return self._stamp(queries.reference_version())

    def render(self) -> Rendered:
        known = structures.structures()
        content = written(self.found(known), self.offer, head(known, self.address))
        return Rendered(self._stamp(known.reference), content, {"Content-Type": self.offer.content_type})

    def found(self, known: structures.Structures) -> list[Artefact]:
        """Return the artefacts; refuse if there are none."""
        artefacts = answered(self.query, known)
        if not artefacts:
            raise Problem("unknown_structure")
        return artefacts

    def _stamp(self, reference: int) -> Stamp:
        return Stamp(f"{reference}.{self.offer.form}{_FORM}", caching.REFERENCE)


class _StructuresView(PublicView):
    """Whatever of a root has no view of its own."""

    schema = None
    grammar: ClassVar[structure_queries.Grammar]
    offers: ClassVar[tuple[Offer, ...]]
    #: What stands before the type of structure in the path.
    before: ClassVar[str] = ""
    #: What else the standard has at this root.
    others: ClassVar[frozenset[str]]
    #: What has views of its own where the path goes on.
    longer: ClassVar[frozenset[str]]

    def get(self, request: HttpRequest, rest: str) -> HttpResponseBase:
        root = request.build_absolute_uri(request.path.removesuffix(rest))
        query = self._query(request, self._segments(rest))
        offer = negotiation.agreed(request, self.offers)

        def ask() -> StructureAnswer:
            answer = StructureAnswer(query, offer, f"{root}{self.before}")
            answer.found(structures.structures())
            return answer

        return self.respond(request, offer.form, ask)

    def _segments(self, rest: str) -> list[str]:
        first, *others = rest.removesuffix("/").split("/")
        if not all((first, *others)):
            raise Problem("bad_sdmx_query", detail="No part of the path can be empty; leave out those at its end.")
        if first in self.others:
            raise Problem("not_implemented")
        if first in self.longer:
            raise Problem("bad_sdmx_query", detail="The path ends too early: after this it says of what.")
        return [first, *others]

    def _query(self, request: HttpRequest, segments: list[str]) -> Query:
        # The type first: what is not there has no parameters either.
        self.grammar.kinds(segments[0] if segments else self.grammar.every)
        given = parameters.read(request, optional=self.grammar.parameters)
        if "asOf" in given:
            raise Problem("not_implemented", detail="Structures have no past here: leave asOf out.")
        return self.grammar.read(segments, given)


class OlderView(_StructuresView):
    """Structures of REST 1.5: the type of structure is the resource."""

    grammar = structure_queries.OLDER
    offers = OLDER
    others = frozenset({"metadata"})
    longer = frozenset({"data", "availableconstraint", "schema"})


class NewerView(_StructuresView):
    """Structures of REST 2.x: the resource is structure."""

    grammar = structure_queries.NEWER
    offers = NEWER
    before = "structure/"
    others = frozenset({"metadata", "registration"})
    longer = frozenset({"data", "availability", "schema"})

    def _segments(self, rest: str) -> list[str]:
        first, *others = super()._segments(rest)
        if first != "structure":
            raise Problem(
                "not_found", detail="SDMX has no such resource; there are structure, schema, data, availability."
            )
        return others

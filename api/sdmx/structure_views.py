"""Answers to structure queries, in both generations of the standard, and what of it there is not."""

from dataclasses import dataclass
from typing import ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, parameters
from api.caching import PublicView, Rendered, Stamp
from api.problems import Problem
from api.sdmx import negotiation, structure_queries, structures
from api.sdmx.artefacts import Artefact
from api.sdmx.negotiation import Offer
from api.sdmx.resolution import Query, answered
from api.sdmx.structure_messages import NEWER, OLDER, head, written
from countries.reference import Reference


@dataclass(frozen=True, slots=True)
class StructureAnswer:
    """The artefacts asked for; they hang on the version of the reference data alone."""

    query: Query
    offer: Offer
    address: str

    def stamp(self) -> Stamp:
        return self._stamp(Reference.current().version)

    def render(self) -> Rendered:
        known = structures.structures()
        headers = {"Content-Type": self.offer.content_type, "Last-Modified": known.last_modified()}
        content = written(self.found(known), self.offer, head(known, self.address))
        return Rendered(self._stamp(known.reference), content, headers)

    def found(self, known: structures.Structures) -> list[Artefact]:
        """Return the artefacts; refuse if there are none."""
        artefacts = answered(self.query, known)
        if not artefacts:
            raise Problem("unknown_structure")
        return artefacts

    def _stamp(self, reference: int) -> Stamp:
        return Stamp(f"{reference}.{self.offer.form}", caching.REFERENCE)


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
        segments = self._segments(rest)
        # The type first: what is not there has no parameters either.
        self.grammar.kinds(segments[0] if segments else self.grammar.every)
        given = parameters.read(request, optional=self.grammar.parameters)
        if "asOf" in given:
            raise Problem("not_implemented", detail="Structures have no past here: leave asOf out.")
        query = self.grammar.read(segments, given)
        offer = negotiation.agreed(request, self.offers, given)

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
            detail = f"SDMX has {first}; here there are structures, schemas, data and their availability only."
            raise Problem("not_implemented", detail=detail)
        if first in self.longer:
            raise Problem("bad_sdmx_query", detail="The path ends too early: after this it says of what.")
        return [first, *others]


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

"""Answers to schema queries: what data of a dataflow, structure or agreement may look like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, parameters
from api.caching import PublicView, Rendered, Stamp
from api.problems import Problem
from api.sdmx import flows, negotiation, schema, structure_json, structure_queries, structures
from api.sdmx.artefacts import Agreement, FlowStructure
from api.sdmx.negotiation import Offer
from api.sdmx.resolution import Query, answered
from api.sdmx.schema import FLAT, Shape
from api.sdmx.structure_messages import JSON_10, JSON_20, ML_21, ML_30, head, written
from api.sdmx.targets import CONTEXTS
from countries.reference import Reference

_OF_METADATA: Final = frozenset({"metadatastructure", "metadataflow", "metadataprovisionagreement"})
_XSD: Final = "application/vnd.sdmx.schema+xml"
_PLAIN: Final = ("application/xml", "text/xml")
_XSD_21: Final = Offer("xsd", _XSD, ("2.1",), _PLAIN)
_XSD_30: Final = Offer("xsd", _XSD, ("3.0.0", "3.0"), _PLAIN)
_GENERATIONS: Final = {_XSD_21: "v2_1", _XSD_30: "v3_0"}


@dataclass(frozen=True, slots=True)
class SchemaAnswer:
    """What data may look like; it hangs on the version of the reference data alone."""

    query: Query
    observation: str
    offer: Offer
    address: str

    def stamp(self) -> Stamp:
        return self._stamp(Reference.current().version)

    def render(self) -> Rendered:
        known = structures.structures()
        headers = {"Content-Type": self.offer.content_type, "Last-Modified": known.last_modified()}
        return Rendered(self._stamp(known.reference), self._content(known), headers)

    def named(self, known: structures.Structures) -> FlowStructure | Agreement:
        """Return what the schema is for; refuse if it is not there."""
        for artefact in answered(self.query, known):
            if isinstance(artefact, FlowStructure | Agreement):
                return artefact
        raise Problem("unknown_structure")

    def _content(self, known: structures.Structures) -> bytes:
        named = self.named(known)
        if self.offer in _GENERATIONS:
            return schema.xsd(Shape(named.flow, named.urn, _GENERATIONS[self.offer], self.observation), known)
        artefacts = schema.parts(named.flow, known)
        said = head(known, self.address)
        if self.offer == JSON_20:
            # Clients look there for what they have read.
            return structure_json.writer_20.message(artefacts, said, linked=True)
        return written(artefacts, self.offer, said)

    def _stamp(self, reference: int) -> Stamp:
        return Stamp(f"{reference}.{self.offer.form}.schema", caching.REFERENCE)


class _SchemaView(PublicView):
    """The schema of messages in one generation of the standard."""

    schema = None
    grammar: ClassVar[structure_queries.Grammar]
    offers: ClassVar[tuple[Offer, ...]]
    parameters: ClassVar[tuple[str, ...]]

    def get(self, request: HttpRequest, rest: str) -> HttpResponseBase:
        segments = rest.removesuffix("/").split("/")
        given = parameters.read(request, optional=self.parameters)
        query, observation = self._query(segments), _observation(given)
        offer = negotiation.agreed(request, self.offers, given)
        root = request.build_absolute_uri(request.path.removesuffix(f"schema/{rest}"))

        def ask() -> SchemaAnswer:
            answer = SchemaAnswer(query, observation, offer, root)
            answer.named(structures.structures())
            return answer

        return self.respond(request, offer.form, ask)

    def _query(self, segments: list[str]) -> Query:
        context = segments[0]
        if context in _OF_METADATA:
            raise Problem("not_implemented", detail="There are no metadata sets here.")
        several = any(self.grammar.every == one or self.grammar.between in one for one in segments[1:])
        if context not in CONTEXTS or not 3 <= len(segments) <= 4 or several:
            told = f"The path is one of {', '.join(CONTEXTS)}, then one agency, one id and perhaps one version."
            raise Problem("bad_sdmx_query", detail=told)
        return self.grammar.read(segments, {})


def _observation(given: Mapping[str, str]) -> str:
    """Return the dimension of observations that is asked for; refuse what is the standard's and not offered."""
    if "asOf" in given:
        raise Problem("not_implemented", detail="Structures have no past here: leave asOf out.")
    for name in ("explicitMeasure", "deletion"):
        if given.get(name, "false").lower() != "false":
            raise Problem("not_implemented", detail=f"Leave {name} out.")
    observation = given.get("dimensionAtObservation", flows.TIME)
    if observation not in (flows.TIME, FLAT):
        code = "not_implemented" if observation in flows.P2P_VINTAGE.dimensions else "bad_parameter"
        raise Problem(code, detail=f"Use {flows.TIME} or {FLAT}.", parameter="dimensionAtObservation")
    return observation


class OlderSchemaView(_SchemaView):
    """Schemas of SDMX-ML 2.1."""

    grammar = structure_queries.OLDER
    offers = (_XSD_21, ML_21._replace(plain=()), JSON_10)
    parameters = ("dimensionAtObservation", "explicitMeasure", "format")


class NewerSchemaView(_SchemaView):
    """Schemas of SDMX-ML 3.0."""

    grammar = structure_queries.NEWER
    offers = (_XSD_30, ML_30._replace(plain=()), JSON_20)
    parameters = ("dimensionAtObservation", "deletion", "asOf", "format")

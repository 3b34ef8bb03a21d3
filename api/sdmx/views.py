"""Answers to queries of both roots: data, what of them exists, structures, and schemas of data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from api import caching
from api.caching import PublicAnswer, PublicView, Representation, Validator
from api.sdmx import (
    availability,
    data_csv,
    data_json,
    data_xml,
    negotiation,
    queries,
    slices,
    structure_json,
    structure_xml,
    structures,
    v21,
    v30,
)
from api.sdmx.blocks import Block
from api.sdmx.queries import AvailabilityQuery, DataQuery, Dialect, SchemaQuery, StructureQuery
from api.sdmx.readings import Reading
from api.sdmx.slices import Version
from api.sdmx.structures import Artefact, Structures
from api.throttling import costs
from countries.reference import Reference
from p2p_core import flow, instants
from p2p_core.flow import Format

#: Answers of so many observations are cached; longer ones are written as they are read.
_CACHED: Final = 20_000

_WRITERS: Final[dict[Format, Callable[[DataQuery, Iterable[Block], str, Structures], Iterator[bytes]]]] = {
    flow.XML_DATA_21: partial(data_xml.write, v21.DIALECT.namespace),
    flow.XML_DATA_30: partial(data_xml.write, v30.DIALECT.namespace),
    flow.CSV_10: partial(data_csv.write, data_csv.HEAD_10),
    flow.CSV_20: partial(data_csv.write, data_csv.HEAD_20),
    flow.JSON_DATA: data_json.write,
}


@dataclass(frozen=True, slots=True)
class Data:
    """The observations asked for, in a format."""

    query: DataQuery
    form: Format

    def validator(self) -> Validator:
        return self._validator(*_version(self.query))

    def render(self) -> Representation:
        version, reference = _version(self.query)
        reading = _reading(self.query, version, reference)
        size = reading.check_size()
        known = structures.under(reference)
        pieces = _WRITERS[self.form](self.query, reading.blocks(), reading.prepared, known)
        content = costs.LongAnswer(pieces, size) if size > _CACHED else b"".join(pieces)
        headers = _headers(self.form, known, reading.published)
        headers |= {"Version": str(version.number), "Known-At": reading.prepared} if version.number else {}
        headers |= {"Invented": "true"} if known.invented else {}
        return Representation(self._validator(version, reference), content, headers)

    def _validator(self, version: Version, reference: Reference) -> Validator:
        return slices.validator(self.query, version, reference.version, f"sdmx{self.form.word}")


@dataclass(frozen=True, slots=True)
class Availability:
    """What an answer with data would have, as a message of structures."""

    query: AvailabilityQuery
    form: Format
    dialect: Dialect

    def validator(self) -> Validator:
        return self._validator(*_version(self.query.data))

    def render(self) -> Representation:
        version, reference = _version(self.query.data)
        reading = _reading(self.query.data, version, reference)
        known = structures.under(reference)
        found = availability.artefacts(self.query, availability.find(reading), self.dialect.constraint, known)
        content = message(found, self.form, self.dialect, known)
        return Representation(
            self._validator(version, reference), content, _headers(self.form, known, reading.published)
        )

    def _validator(self, version: Version, reference: Reference) -> Validator:
        return slices.validator(self.query.data, version, reference.version, f"available{self.form.word}")


@dataclass(frozen=True, slots=True)
class Found:
    """Structures, or the schema of data that follow them; they depend on the version of the reference data alone."""

    query: StructureQuery | SchemaQuery
    form: Format
    dialect: Dialect
    #: Where all structures are, of which stubs say where the whole is.
    address: str

    def validator(self) -> Validator:
        return self._validator(Reference.current().version)

    def render(self) -> Representation:
        known = structures.structures()
        return Representation(self._validator(known.reference), self.content(known), _headers(self.form, known))

    def content(self, known: Structures) -> bytes:
        """Return the message or the schema; refuse what does not exist."""
        if isinstance(self.query, StructureQuery):
            return message(structures.select(self.query, known), self.form, self.dialect, known, self.address)
        [named] = structures.select(self.query.structure, known)
        if self.form in (flow.XSD_21, flow.XSD_30):
            return structure_xml.schema(named, self.query.at_observation, self.dialect.namespace, known)
        return message(structures.of_data(named.flow, known), self.form, self.dialect, known)

    def _validator(self, reference: int) -> Validator:
        return Validator(f"{reference}.{self.form.word}", caching.REFERENCE)


def _version(query: DataQuery) -> tuple[Version, Reference]:
    """Return the version that answers a query, and the reference data."""
    reference = Reference.current()
    return slices.version_of(query, reference.indicator_numbers), reference


def _reading(query: DataQuery, version: Version, reference: Reference) -> Reading:
    return Reading(query, version, slices.of(query, reference.indicator_numbers, version))


def _headers(form: Format, known: Structures, milliseconds: int = 0) -> dict[str, str]:
    return {"Content-Type": form.content_type, "Last-Modified": known.last_modified(milliseconds)}


def message(
    artefacts: Iterable[Artefact], form: Format, dialect: Dialect, known: Structures, address: str = ""
) -> bytes:
    """Return structures as a message, dated by the last change of any, so that each server writes the same."""
    name, prepared = f"STRUCTURES_{known.reference}", instants.write(known.changed)
    if form == flow.JSON:
        meta = {"id": name, "test": known.invented, "prepared": prepared}
        return structure_json.message(artefacts, meta, address)
    head = structure_xml.header(name, prepared, invented=known.invented)
    return structure_xml.Writer(dialect.namespace, address).message(artefacts, head)


class _View(PublicView):
    """Queries of one kind in a dialect."""

    schema = None
    dialect: Dialect = v30.DIALECT

    def answer(
        self,
        request: HttpRequest,
        formats: tuple[Format, ...],
        read: Callable[[Mapping[str, str], Format], PublicAnswer],
    ) -> HttpResponseBase:
        """Answer in the format asked for, from what is cached or by reading the query."""
        given = queries.parameters(request)
        form = negotiation.agreed(request, formats, given)
        return self.respond(request, form.word, lambda: read(given, form))


class DataView(_View):
    """Queries for data."""

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        dialect = self.dialect
        return self.answer(request, dialect.formats_of_data, lambda given, form: Data(dialect.data(path, given), form))


class AvailabilityView(_View):
    """Queries for what data exist, in the formats that a dialect has for structures."""

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        dialect = self.dialect
        return self.answer(
            request,
            dialect.formats_of_structures,
            lambda given, form: Availability(dialect.availability(path, given), form, dialect),
        )


class StructuresView(_View):
    """Queries for structures: all addresses of a root that have no other view."""

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        dialect = self.dialect
        address = request.build_absolute_uri(request.path.removesuffix(path)) + dialect.before_type

        def read(given: Mapping[str, str], form: Format) -> PublicAnswer:
            query = dialect.structures(path, given)
            structures.select(query, structures.structures())
            return Found(query, form, dialect, address)

        return self.answer(request, dialect.formats_of_structures, read)


class SchemaView(_View):
    """Queries for the schema of data messages."""

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        dialect = self.dialect

        def read(given: Mapping[str, str], form: Format) -> PublicAnswer:
            query = dialect.schema(path, given)
            structures.select(query.structure, structures.structures())
            return Found(query, form, dialect, "")

        return self.answer(request, dialect.formats_of_schemas, read)


class RootView(PublicView):
    """Leads from a root, which is no document, to the page that says how to read the data."""

    schema = None

    def get(self, _request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=303, headers={"Location": reverse("site:data"), "Cache-Control": caching.REFERENCE})

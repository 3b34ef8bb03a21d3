"""Answers to queries of both roots: data, which data exist, structures, and schemas of data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date

from api import caching, formats
from api.caching import PublicAnswer, PublicView, Representation, Validator
from api.sdmx import observations, queries, sdmx_csv, sdmx_json, sdmx_ml, structures, v21, v30
from api.sdmx.observations import Observations
from api.sdmx.queries import AvailabilityQuery, DataQuery, Dialect, StructureQuery
from api.sdmx.structures import Artefact, Structures
from api.throttling import costs
from countries.reference import Reference
from federation.database import clock
from p2p_core import flow, instants
from p2p_core.flow import Format

#: Answers with more observations are not cached. They are sent while they are read.
_CACHED: Final = 20_000

_WRITERS: Final[dict[Format, Callable[[DataQuery, Observations, Structures], Iterator[bytes]]]] = {
    flow.XML_DATA_21: partial(sdmx_ml.write_data, v21.DIALECT.namespace),
    flow.XML_DATA_30: partial(sdmx_ml.write_data, v30.DIALECT.namespace),
    flow.CSV_10: partial(sdmx_csv.write_data, 1),
    flow.CSV_20: partial(sdmx_csv.write_data, 2),
    flow.JSON_DATA: sdmx_json.write_data,
}


def _look_up(query: DataQuery, variant: str) -> tuple[Validator, Observations, Reference]:
    """What answers a query now, before any of it is read."""
    reference = Reference.current()
    version = observations.version_of(query, reference)
    slices = observations.slices_of(query, reference, version)
    # The view of a day exists after the day has ended.
    day = f"{clock.now():%Y-%j}." if query.of_vintages and not version.settled else ""
    tag = f"{version.number}.{version.after or 0}.{reference.version}.{day}{variant}"
    validator = Validator(tag, caching.PAST if version.settled else caching.CURRENT)
    return validator, Observations(query, version, slices), reference


@dataclass(frozen=True, slots=True)
class DataAnswer:
    """Observations in a format."""

    query: DataQuery
    form: Format

    def validator(self) -> Validator:
        return _look_up(self.query, f"sdmx{self.form.word}")[0]

    def render(self) -> Representation:
        validator, found, reference = _look_up(self.query, f"sdmx{self.form.word}")
        for one in found.slices:
            one.refuse_withheld()
        size = found.check_size()
        known = structures.structures_of(reference)
        pieces = _WRITERS[self.form](self.query, found, known)
        content = costs.LongAnswer(pieces, size) if size > _CACHED else b"".join(pieces)
        headers = _headers(self.form, known, found.published_at)
        headers |= formats.view_headers(found.version.number, found.prepared, invented=known.invented)
        if withheld := found.withheld:
            headers["Withheld"] = formats.withheld_header(withheld, "SDMX-ML and SDMX-JSON")
        return Representation(validator, content, headers)


@dataclass(frozen=True, slots=True)
class AvailabilityAnswer:
    """Says what an answer with data would contain, as a message of structures."""

    query: AvailabilityQuery
    form: Format
    dialect: Dialect

    def validator(self) -> Validator:
        return _look_up(self.query.data, f"available{self.form.word}")[0]

    def render(self) -> Representation:
        validator, found, reference = _look_up(self.query.data, f"available{self.form.word}")
        known = structures.structures_of(reference)
        available = observations.find_available(found)
        artefacts = structures.availability_structures(self.query, available, self.dialect.constraint, known)
        content = message(artefacts, self.form, self.dialect, known)
        return Representation(validator, content, _headers(self.form, known, found.published_at))


@dataclass(frozen=True, slots=True)
class StructureAnswer:
    """Structures, or the schema of their data. Both depend only on the version of the reference data."""

    query: StructureQuery
    form: Format
    dialect: Dialect
    #: Stubs say that the whole structures are below this address.
    address: str

    def validator(self) -> Validator:
        return self._validator(Reference.current())

    def render(self) -> Representation:
        reference = Reference.current()
        known = structures.structures_of(reference)
        found = structures.select(self.query, known)
        if self.query.at_observation and self.form in (flow.XSD_21, flow.XSD_30):
            content = sdmx_ml.write_schema(found[0], self.query.at_observation, self.dialect.namespace, known)
        elif self.query.at_observation:
            content = message(structures.data_structures(found[0].flow, known), self.form, self.dialect, known)
        else:
            content = message(found, self.form, self.dialect, known, self.address)
        return Representation(self._validator(reference), content, _headers(self.form, known))

    def _validator(self, reference: Reference) -> Validator:
        return Validator(f"{reference.version}.{self.form.word}", caching.REFERENCE)


def _headers(form: Format, known: Structures, milliseconds: int = 0) -> dict[str, str]:
    """``milliseconds`` since 1970 are the last change of something beside the structures."""
    modified = http_date(max(known.changed.timestamp(), milliseconds / 1000))
    return {"Content-Type": form.content_type, "Last-Modified": modified}


def message(
    artefacts: Iterable[Artefact], form: Format, dialect: Dialect, known: Structures, address: str = ""
) -> bytes:
    """A message of structures, dated by the last change of any, so that each server writes the same."""
    name, prepared = f"STRUCTURES_{known.reference}", instants.write(known.changed)
    if form == flow.JSON:
        meta = {"id": name, "test": known.invented, "prepared": prepared}
        return sdmx_json.write_structures(artefacts, meta, address)
    return sdmx_ml.write_structures(dialect.namespace, address, artefacts, (name, prepared), invented=known.invented)


class _View(PublicView):
    """Queries of one kind in a dialect."""

    schema = None
    dialect: Dialect = v30.DIALECT

    def answer(
        self,
        request: HttpRequest,
        choices: tuple[Format, ...],
        read: Callable[[Mapping[str, str], Format], PublicAnswer],
    ) -> HttpResponseBase:
        """Answer in the agreed format, from the cache or by reading the query."""
        given = queries.parameters(request)
        form = queries.agreed_format(request, choices, given)
        return self.respond(request, form.word, lambda: read(given, form))


class DataView(_View):
    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        one = self.dialect
        return self.answer(request, one.formats_of_data, lambda given, form: DataAnswer(one.data(path, given), form))


class AvailabilityView(_View):
    """Queries for what data exist, in the formats that a dialect has for structures."""

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        one = self.dialect
        return self.answer(
            request,
            one.formats_of_structures,
            lambda given, form: AvailabilityAnswer(one.availability(path, given), form, one),
        )


class StructuresView(_View):
    """Queries for structures (all paths below a root that have no other view), or for schemas of data."""

    of_schemas = False

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        one = self.dialect
        address = request.build_absolute_uri(request.path.removesuffix(path)) + one.structures_path
        choices, parse = one.formats_of_structures, one.structures
        if self.of_schemas:
            choices, parse = one.formats_of_schemas, one.schema

        def read(given: Mapping[str, str], form: Format) -> PublicAnswer:
            query = parse(path, given)
            structures.select(query, structures.structures_of(Reference.current()))
            return StructureAnswer(query, form, one, address)

        return self.answer(request, choices, read)


class RootView(PublicView):
    """Redirects from a root, which is no document, to the page that says how to read the data."""

    schema = None

    def get(self, _request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=303, headers={"Location": reverse("site:data"), "Cache-Control": caching.REFERENCE})

"""Data queries of both roots."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.caching import PublicView, Rendered, Stamp
from api.sdmx import data_csv, data_json, data_xml, generations, negotiation, questions, slices, structures
from api.sdmx.blocks import Moments
from api.sdmx.concepts import INVENTED
from api.sdmx.flows import ATTRIBUTES, CODELISTS
from api.sdmx.generations import Generation
from api.sdmx.negotiation import Offer
from api.sdmx.questions import Question
from api.sdmx.readings import Reading
from api.throttling import costs
from countries.reference import Reference

#: Answers of so many observations are held; longer ones are written as they are read.
_HELD: Final = 20_000

_XML: Final = ("application/xml", "text/xml")
_CSV, _JSON = "application/vnd.sdmx.data+csv", "application/vnd.sdmx.data+json"
OFFERS_2: Final = (
    Offer("xml", "application/vnd.sdmx.structurespecificdata+xml", ("2.1",), _XML),
    Offer("genericxml", "application/vnd.sdmx.genericdata+xml", ("2.1",)),
    Offer("csv", _CSV, ("1.0.0", "1.0"), ("text/csv",)),
    Offer("json", _JSON, ("1.0.0", "1.0"), ("application/json",)),
    Offer("draftjson", "application/vnd.sdmx.draft-sdmx-json+json", ("1.0.0", "1.0")),
)
OFFERS_3: Final = (
    Offer("xml", "application/vnd.sdmx.data+xml", ("3.0.0", "3.0"), _XML),
    Offer("csv", _CSV, ("2.0.0", "2.0"), ("text/csv",)),
    Offer("json", _JSON, ("2.0.0", "2.0"), ("application/json",)),
)

Writer = Callable[[Reading, str], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Data:
    """The observations asked for, in one of the formats."""

    question: Question
    offer: Offer
    write: Writer

    def stamp(self) -> Stamp:
        reference = Reference.current()
        return self._stamp(slices.version_of(self.question, reference.indicator_numbers), reference.version)

    def render(self) -> Rendered:
        reference = Reference.current()
        version = slices.version_of(self.question, reference.indicator_numbers)
        found = slices.of(self.question, reference.indicator_numbers, version)
        reading = Reading(self.question, version, found, Moments())
        size = reading.check_size()
        known = structures.under(reference)
        pieces = self.write(reading, INVENTED.text if known.invented else "")
        content = costs.LongAnswer(pieces, size) if size > _HELD else b"".join(pieces)
        headers = {
            "Content-Type": self.offer.content_type,
            "Last-Modified": known.last_modified(reading.published),
        }
        if version.number:
            headers |= {"Version": str(version.number), "Known-At": reading.prepared}
        if known.invented:
            headers["Invented"] = "true"
        return Rendered(self._stamp(version, reference.version), content, headers)

    def _stamp(self, version: slices.Version, reference: int) -> Stamp:
        return slices.stamp(self.question, version, reference, f"sdmx{self.offer.form}")


def _specific(root: str, reading: Reading, invented: str) -> Iterator[bytes]:
    return data_xml.structure_specific(root, _header(reading, invented), reading.datasets())


def _generic(reading: Reading, invented: str) -> Iterator[bytes]:
    return data_xml.generic(_header(reading, invented), reading.datasets())


def _header(reading: Reading, invented: str) -> data_xml.Message:
    return data_xml.Message(reading.question.flow, reading.question.shape, reading.prepared, invented)


def _csv(write: Callable[..., Iterator[bytes]], reading: Reading, _: str) -> Iterator[bytes]:
    return write(reading.question.flow, reading.question.shape, reading.datasets())


def _json(version: str, reading: Reading, invented: str) -> Iterator[bytes]:
    question = reading.question
    message = data_json.Message(version, question.flow, question.shape, reading.prepared, _names(), invented)
    return message.write(reading.datasets())


def _names() -> data_json.Names:
    known = structures.structures()
    lists = CODELISTS | {attribute.id: attribute.codelist for attribute in ATTRIBUTES if attribute.codelist}
    return {name: {item.id: item.name for item in known.codelist(codes).items} for name, codes in lists.items()}


_WRITERS_2: Final[Mapping[str, Writer]] = {
    "xml": partial(_specific, "v2_1"),
    "genericxml": _generic,
    "csv": partial(_csv, data_csv.version_1),
    "json": partial(_json, "1.0"),
    "draftjson": partial(_json, "draft"),
}
_WRITERS_3: Final[Mapping[str, Writer]] = {
    "xml": partial(_specific, "v3_0"),
    "csv": partial(_csv, data_csv.version_2),
    "json": partial(_json, "2.0.0"),
}


class _DataView(PublicView):
    """Data queries of a generation, in the forms that it has."""

    schema = None
    generation: ClassVar[Generation]
    offers: ClassVar[tuple[Offer, ...]]
    writers: ClassVar[Mapping[str, Writer]]

    def get(self, request: HttpRequest, path: str) -> HttpResponseBase:
        given = questions.parameters(request)
        offer = negotiation.agreed(request, self.offers, given)

        def ask() -> Data:
            target = self.generation.target(path)
            question = self.generation.question(given, target.flow, target.key)
            return Data(question, offer, self.writers[offer.form])

        return self.respond(request, offer.form, ask)


class DataView2(_DataView):
    """Data by SDMX-REST 1.5: `data/{flow}[/{key}[/{provider}]]`."""

    generation, offers, writers = generations.OLDER, OFFERS_2, _WRITERS_2


class DataView3(_DataView):
    """Data by SDMX-REST 2.x: `data/{context}/{agency}/{id}/{version}[/{key}]`."""

    generation, offers, writers = generations.NEWER, OFFERS_3, _WRITERS_3

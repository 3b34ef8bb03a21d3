"""Structures as messages, in the forms that each generation of the standard has for them."""

from collections.abc import Callable, Iterable
from typing import Final

from api.sdmx import structure_json, structure_xml_21, structure_xml_30
from api.sdmx.artefacts import Artefact, Head
from api.sdmx.negotiation import Offer
from api.sdmx.structures import Structures
from federation.rules import instants

_XML, _JSON = ("application/xml", "text/xml"), ("application/json",)
_ML, _SJ = "application/vnd.sdmx.structure+xml", "application/vnd.sdmx.structure+json"
ML_21: Final = Offer("xml", _ML, ("2.1",), _XML)
JSON_10: Final = Offer("json", _SJ, ("1.0.0", "1.0"), _JSON)
ML_30: Final = Offer("xml", _ML, ("3.0.0", "3.0"), _XML)
JSON_20: Final = Offer("json", _SJ, ("2.0.0", "2.0"), _JSON)
OLDER: Final = (ML_21, JSON_10)
NEWER: Final = (ML_30, JSON_20)

_WRITERS: Final[dict[str, Callable[[Iterable[Artefact], Head], bytes]]] = {
    ML_21.content_type: structure_xml_21.writer.message,
    JSON_10.content_type: structure_json.writer_10.message,
    ML_30.content_type: structure_xml_30.writer.message,
    JSON_20.content_type: structure_json.writer_20.message,
}


def written(artefacts: Iterable[Artefact], offer: Offer, head: Head) -> bytes:
    """Return artefacts as a message in a form."""
    return _WRITERS[offer.content_type](artefacts, head)


def head(known: Structures, address: str) -> Head:
    """Return the head of a message: as of when the structures changed, so that all who write it write the same."""
    return Head(f"STRUCTURES_{known.reference}", instants.write(known.changed), known.invented, address)

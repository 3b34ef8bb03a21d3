"""`GET /catalog`: the catalogue, in the form that was asked for by its name or by ``Accept``."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from api import caching, datasets, negotiation, parameters
from api.caching import PublicView, Representation, Validator
from api.datasets import Offer
from api.problems import Problem

_HTML: Final = "text/html"


class Writing(NamedTuple):
    """A way of writing a graph: its media type, the end of its address, and rdflib's name of it."""

    media_type: str
    suffix: str
    name: str

    @property
    def content_type(self) -> str:
        """The media type, of a text with its encoding."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


TURTLE: Final = Writing("text/turtle", "ttl", "turtle")
JSON_LD: Final = Writing("application/ld+json", "jsonld", "json-ld")
RDF_XML: Final = Writing("application/rdf+xml", "rdf", "pretty-xml")
WRITINGS: Final = {one.media_type: one for one in (TURTLE, JSON_LD, RDF_XML)}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The catalogue of an origin as an answer; it changes with the day, with an hour that is new, or with its words."""

    writing: Writing
    origin: str

    def validator(self) -> Validator:
        return self._validator(datasets.offer())

    def render(self) -> Representation:
        # Only a process that is asked for a graph loads the library that writes it.
        from api.catalog.graph import graph

        offer = datasets.offer()
        # Compact: said of JSON-LD, and left aside by the others.
        written = graph(offer, self.origin).serialize(format=self.writing.name, encoding="utf-8", auto_compact=True)
        headers = {
            "Content-Type": self.writing.content_type,
            "Content-Location": f"/catalog.{self.writing.suffix}",
        }
        return Representation(self._validator(offer), written, headers)

    def _validator(self, offer: Offer) -> Validator:
        mark = blake2b(offer.mark.encode(), digest_size=12).hexdigest()
        return Validator(f"{mark}.{self.writing.suffix}", caching.REFERENCE)


class CatalogView(PublicView):
    """`/catalog` in the form that is liked most, Turtle if all are; a browser is led to the page for people."""

    schema = None
    vary = "Accept, Accept-Encoding"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        liked = negotiation.preferred(request, (*WRITINGS, _HTML))
        if liked == _HTML:
            return self._led_to_the_page()
        if not liked:
            raise Problem("not_acceptable", detail=f"Accept {', '.join(WRITINGS)}.")
        return self.written(request, WRITINGS[liked])

    def written(self, request: HttpRequest, writing: Writing) -> HttpResponseBase:
        """Answer with the catalogue in a form."""

        def ask() -> Catalogue:
            parameters.read(request)
            return Catalogue(writing, f"{request.scheme}://{request.get_host()}")

        return self.respond(request, writing.media_type, ask)

    def _led_to_the_page(self) -> HttpResponse:
        headers = {"Location": reverse("site:data"), "Vary": self.vary, "Cache-Control": caching.REFERENCE}
        return HttpResponse(status=303, headers=headers)


class WrittenView(CatalogView):
    """`/catalog.ttl` and the others: the address names the format, and Accept is ignored."""

    vary = "Accept-Encoding"
    writing = TURTLE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.written(request, self.writing)

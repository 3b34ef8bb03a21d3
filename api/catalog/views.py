"""`GET /catalog`: the catalogue, in the syntax that the address or ``Accept`` names."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from api import caching, negotiation, parameters
from api.caching import PublicView, Representation, Validator
from api.datasets import Inventory
from api.problems import Problem

_HTML: Final = "text/html"


class Syntax(NamedTuple):
    """A syntax of the graph: its media type, the end of its address, and rdflib's name for it."""

    media_type: str
    suffix: str
    name: str

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


TURTLE: Final = Syntax("text/turtle", "ttl", "turtle")
JSON_LD: Final = Syntax("application/ld+json", "jsonld", "json-ld")
RDF_XML: Final = Syntax("application/rdf+xml", "rdf", "pretty-xml")
SYNTAXES: Final = {one.media_type: one for one in (TURTLE, JSON_LD, RDF_XML)}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The catalogue of an origin as an answer."""

    syntax: Syntax
    origin: str

    def validator(self) -> Validator:
        return self._validator(Inventory.load())

    def render(self) -> Representation:
        # Only a process that needs a graph loads the library that writes it.
        from api.catalog.graph import graph

        inventory = Inventory.load()
        # `auto_compact` is for JSON-LD; the others ignore it.
        content = graph(inventory, self.origin).serialize(format=self.syntax.name, encoding="utf-8", auto_compact=True)
        headers = {
            "Content-Type": self.syntax.content_type,
            "Content-Location": f"/catalog.{self.syntax.suffix}",
        }
        return Representation(self._validator(inventory), content, headers)

    def _validator(self, inventory: Inventory) -> Validator:
        mark = blake2b(inventory.fingerprint.encode(), digest_size=12).hexdigest()
        return Validator(f"{mark}.{self.syntax.suffix}", caching.REFERENCE)


class CatalogView(PublicView):
    """`/catalog` in the syntax that Accept prefers, or Turtle if it prefers none.

    Browsers are redirected to the data page.
    """

    schema = None
    vary = "Accept, Accept-Encoding"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        preferred = negotiation.media_type(request, (*SYNTAXES, _HTML))
        if preferred == _HTML:
            headers = {"Location": reverse("site:data"), "Vary": self.vary, "Cache-Control": caching.REFERENCE}
            return HttpResponse(status=303, headers=headers)
        if not preferred:
            raise Problem("not_acceptable", detail=f"Expected in Accept: {', '.join(SYNTAXES)}.")
        return self.catalogue(request, SYNTAXES[preferred])

    def catalogue(self, request: HttpRequest, syntax: Syntax) -> HttpResponseBase:
        def read() -> Catalogue:
            parameters.read(request)
            return Catalogue(syntax, f"{request.scheme}://{request.get_host()}")

        return self.respond(request, syntax.media_type, read)


class SyntaxView(CatalogView):
    """`/catalog.ttl` and the others: the address names the format, and Accept is ignored."""

    vary = "Accept-Encoding"
    syntax = TURTLE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.catalogue(request, self.syntax)

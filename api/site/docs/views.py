"""The pages of the documentation. They are in English only, so their addresses name no language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from html import escape
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from api import caching
from api.caching import Representation, Validator
from api.site import pages
from api.site.base import PageView
from api.site.docs import search
from api.site.docs.library import KINDS, LOCAL, OF_READERS, Kind, library
from api.site.pages import PageContent, Sources
from p2p_core.scopes import READ_OWN, SUBMIT

#: How deep the headings are that the contents of a page list.
_LISTED = 3


class EnglishPage(PageView):
    """A page of words. It needs the database only for the help services around them, so it can do without."""

    translated = False

    def context(self, request: HttpRequest, **address: str) -> Mapping[str, Any]:
        """What the template shows. Raise 404 if the address leads to nothing."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **address: str) -> HttpResponseBase:
        sources = Sources(others=lambda: [library().digest])
        content = partial(self.context, request, **address)
        return self.page(request, lambda: PageContent(sources, content, caching.REFERENCE))

    def offline_context(self, request: HttpRequest) -> Mapping[str, Any]:
        return self.context(request, **self.kwargs)


class DocumentPage(EnglishPage):
    """A document, or the list of the documents of one kind."""

    template = "docs/document"

    def get(self, request: HttpRequest, **address: str) -> HttpResponseBase:
        # Refused before it is cached.
        self.context(request, **address)
        return super().get(request, **address)

    def context(self, request: HttpRequest, **address: str) -> Mapping[str, Any]:
        name = address.get("name", "")
        document = library().documents.get(name)
        if document is None:
            if not (kind := KINDS.get(name)) or not library().documents:
                raise Http404
            return _navigation(kind) | {"title": kind.title, "description": kind.sentence}
        content, html = document.content, document.content.html
        if name in OF_READERS:
            # The examples can be copied: they ask the site that shows them.
            html = html.replace(LOCAL, escape(pages.origin(request)))
        return _navigation(document.kind) | {
            "document": document,
            "html": html,
            "title": content.title,
            "description": content.introduction,
            "contents": [one for one in content.headings if one.level <= _LISTED],
        }


class SearchPage(EnglishPage):
    """The sections that have the words of `q`."""

    template = "docs/search"

    def get(self, request: HttpRequest, **address: str) -> HttpResponseBase:
        if not library().documents:
            raise Http404
        return super().get(request, **address)

    def context(self, request: HttpRequest, **_address: str) -> Mapping[str, Any]:
        question = request.GET.get("q", "")[: search.MAX_LENGTH]
        return _navigation(None) | {"question": question, "results": search.index().search(question)}


class ApiPage(EnglishPage):
    """The addresses of the API, in a viewer that can send each example."""

    template = "api"

    def context(self, request: HttpRequest, **_address: str) -> Mapping[str, Any]:  # noqa: ARG002
        return {"scopes": f"{SUBMIT} {READ_OWN}"}


def _navigation(kind: Kind | None) -> dict[str, Any]:
    """What leads from a page of the documentation to the others."""
    return {
        "kind": kind,
        "kinds": KINDS.values(),
        "of_kind": library().of(kind) if kind else (),
        "longest": search.MAX_LENGTH,
    }


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str

    def validator(self) -> Validator:
        return Validator(blake2b(self.content, digest_size=12).hexdigest(), caching.REFERENCE)

    def render(self) -> Representation:
        return Representation(self.validator(), self.content, {"Content-Type": self.media_type})


class PicturePage(PageView):
    """A picture of a document."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        content = library().pictures.get(f"{name}.png")
        if content is None:
            raise Http404
        return caching.respond(request, "picture", "Accept-Encoding", lambda: _File(content, "image/png"))


class ScriptPage(PageView):
    """A script of a document, as a text that a browser shows."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        content = library().scripts.get(f"{name}.py")
        if content is None:
            raise Http404
        plain = "text/plain; charset=utf-8"
        return caching.respond(request, "script", "Accept-Encoding", lambda: _File(content, plain))

"""The page on the method as sections for the search. It is a page of the site, not a document."""

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from api.site.docs.markdown import Section

_HEADINGS: Final = ("h1", "h2")


class _Sections(HTMLParser):
    """Each heading of `main` with the text below it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str], list[str]]] = []
        self._is_main = False
        self._is_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_main |= tag == "main"
        if self._is_main and tag in _HEADINGS:
            self.found.append((dict(attrs).get("id") or "", [], []))
            self._is_title = True

    def handle_endtag(self, tag: str) -> None:
        self._is_main &= tag != "main"
        self._is_title &= tag not in _HEADINGS

    def handle_data(self, data: str) -> None:
        if self._is_main and self.found and data.strip():
            _, title, text = self.found[-1]
            (title if self._is_title else text).append(" ".join(data.split()))


def address() -> str:
    with translation.override("en"):
        return reverse("site:method")


def read() -> Sequence[Section]:
    """The first section has the title of the page."""
    parser = _Sections()
    with translation.override("en"):
        parser.feed(render_to_string("site/method.html", {"language": "en"}))
    parser.close()
    return [Section(anchor, " ".join(title), " ".join(text)) for anchor, title, text in parser.found]

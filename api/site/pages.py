"""A page as an answer that can be held: what it hangs on, and how it is written out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from babel.core import get_global
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from api.caching import Rendered, Stamp
from api.site import built, languages
from countries import queries
from countries.queries import HelpServiceRow, IndicatorRow
from federation import published
from federation.published import Selection

HTML = "text/html; charset=utf-8"
SVG = "image/svg+xml"
_ENDS = {HTML: "html", SVG: "svg"}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a page shows beside words: some windows, periods that move with the clock, and whatever marks itself."""

    indicator: IndicatorRow | None = None
    windows: Iterable[str] = ()
    selections: Callable[[], Iterable[Selection]] = tuple
    others: Callable[[], Iterable[str]] = tuple

    def marks(self) -> list[str]:
        """Return what changes whenever one of them does."""
        return [*self._marks_of_numbers(), *self.others()]

    def _marks_of_numbers(self) -> list[str]:
        if self.indicator is None:
            return []
        found = [published.window_version(self.indicator.number, length) for length in self.windows]
        marks = [f"{version}-{published.seconds(end)}" for version, end in filter(None, found)]
        return marks + [
            f"{published.version(selection) or 0}-{published.seconds(selection.end)}" for selection in self.selections()
        ]


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the language of its address."""

    template: str
    sources: Sources
    context: Callable[[], Mapping[str, Any]]
    frame: Mapping[str, Any]
    lasts: str
    media_type: str = HTML

    def stamp(self) -> Stamp:
        marks = [edition(), str(queries.reference_version()), *self.sources.marks()]
        # Hashed, as a page of many numbers would have a tag longer than some proxies take.
        return Stamp(blake2b(".".join(marks).encode(), digest_size=12).hexdigest(), self.lasts)

    def render(self) -> Rendered:
        # Looked up before the numbers are read: should they change in between, the page is only asked for once more.
        stamp = self.stamp()
        context = {**self.frame, **everywhere(), **self.context()}
        headers = {"Content-Type": self.media_type, "Content-Language": translation.get_language() or "en"}
        template = f"site/{self.template}.{_ENDS[self.media_type]}"
        return Rendered(stamp, render_to_string(template, context).encode(), headers)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of a page takes from its address."""
    return {
        "language": translation.get_language(),
        "languages": languages.choices(request),
        "host": f"{request.scheme}://{request.get_host()}",
        "path": request.path,
        "query": request.GET,
    }


def everywhere() -> dict[str, Any]:
    """Return what every page shows: where to find help, and whether numbers are made up."""
    return {
        "nearest_help": _nearest_help(translation.get_language() or "en"),
        "invented": has_invented(),
        "map_script": has_map_script(),
        "chart_script": has_chart_script(),
    }


def has_invented() -> bool:
    """Whether there are invented agencies, so that numbers may be made up."""
    return any(row.invented for row in queries.agencies())


def has_map_script() -> bool:
    """Whether the map's script has been built; without it the pages are whole, with tables in its place."""
    return "map.js" in built.files()


def has_chart_script() -> bool:
    """Whether the charts' script has been built; without it they are read by eye, or in their tables."""
    return "country.js" in built.files()


def _nearest_help(language: str) -> HelpServiceRow | None:
    """Return the service of the country where a language is mostly spoken, or the first that speaks it first."""
    services = queries.help_services(language=language)
    country = get_global("likely_subtags").get(language, "").rpartition("_")[2]
    own = [row for row in services if row.country == country]
    first = [row for row in services if row.languages[:1] == (language,)]
    return next(iter([*own, *first, *services]), None)


_HERE = Path(__file__).parent


@cache
def edition() -> str:
    """Return what changes with each release of the pages, so that no cache takes an old page for a new one."""
    digest = blake2b(digest_size=6)
    digest.update(repr(built.files()).encode())
    for file in sorted(_HERE.rglob("*")):
        if file.suffix in {".html", ".svg", ".css", ".js", ".mo", ".py"}:
            digest.update(file.read_bytes())
    return digest.hexdigest()

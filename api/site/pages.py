"""A page as a cached answer: what it depends on, and how it is written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from babel.core import get_global
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

from api import caching
from api.caching import Representation, Validator
from api.site import languages
from api.site.templatetags import assets
from countries.reference import HelpService, Indicator, Reference, cached_help_services, services_for
from federation import published
from federation.published import Selection
from p2p_core import periods

HTML = "text/html; charset=utf-8"
SVG = "image/svg+xml"
_ENDS = {HTML: "html", SVG: "svg"}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a page shows beside words: windows, periods that move with the clock, and parts with a mark of their own."""

    indicator: Indicator | None = None
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
        marks = [f"{version}-{periods.epoch(end)}" for version, end in filter(None, found)]
        return marks + [_mark(selection) for selection in self.selections()]


def _mark(selection: Selection) -> str:
    """Return the version of some periods, and which they are: either end moves with the clock."""
    start, end = periods.epoch(selection.start), periods.epoch(selection.end)
    return f"{published.version(selection) or 0}-{start}-{end}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What an address shows at the moment: of which sources, as which context of its template, for how long."""

    sources: Sources
    context: Callable[[], Mapping[str, Any]]
    lasts: str = caching.CURRENT


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A page in the language of its address, which is read each time: what it means may change with the clock."""

    template: str
    shown: Callable[[], Shown]
    frame: Mapping[str, Any]
    media_type: str = HTML

    def validator(self) -> Validator:
        validator, _ = self._read()
        return validator

    def render(self) -> Representation:
        # Looked up before the numbers are read: should they change in between, the page is only asked for once more.
        validator, shown = self._read()
        context = {**self.frame, **everywhere(), **shown.context()}
        return Representation(validator, *render(self.template, context, self.media_type))

    def _read(self) -> tuple[Validator, Shown]:
        # The version before anything that it numbers, for the same reason.
        reference = Reference.current().version
        shown = self.shown()
        marks = [str(reference), *shown.sources.marks()]
        # Hashed, as a page of many numbers would have a tag longer than some proxies take.
        return Validator(blake2b(".".join(marks).encode(), digest_size=12).hexdigest(), shown.lasts), shown


def render(template: str, context: Mapping[str, Any], media_type: str = HTML) -> tuple[bytes, dict[str, str]]:
    """Return a page written out, and the headers that say what it is."""
    headers = {"Content-Type": media_type, "Content-Language": translation.get_language() or "en"}
    return render_to_string(f"site/{template}.{_ENDS[media_type]}", dict(context)).encode(), headers


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of a page takes from its address."""
    return {
        "language": translation.get_language(),
        "languages": languages.choices(request),
        "host": origin(request),
        "path": request.path,
        "query": request.GET,
    }


def origin(request: HttpRequest) -> str:
    """Return the scheme and host of a page's address."""
    return f"{request.scheme}://{request.get_host()}"


def indicators() -> dict[str, Indicator]:
    """Return what is counted, by code, in the words of the page's language."""
    language = translation.get_language() or "en"
    return {row.code: row.in_language(language) for row in Reference.current().indicators}


def everywhere() -> dict[str, Any]:
    """Return what every page shows: where to find help, and whether numbers are made up."""
    reference = Reference.current()
    return _around(reference.help_services) | {"invented": reference.invented}


def at_hand() -> dict[str, Any]:
    """Return the same of a page without numbers, while the database is away."""
    return _around(cached_help_services())


def _around(services: Sequence[HelpService]) -> dict[str, Any]:
    return {
        "nearest_help": _nearest_help(services, translation.get_language() or "en"),
        "map_script": has_map_script(),
        "chart_script": has_chart_script(),
    }


def has_map_script() -> bool:
    """Whether the map's script has been built; without it the pages are whole, with tables in its place."""
    return "map.js" in assets.files()


def has_chart_script() -> bool:
    """Whether the charts' script has been built; without it they are read by eye, or in their tables."""
    return "country.js" in assets.files()


def _nearest_help(services: Sequence[HelpService], language: str) -> HelpService | None:
    """Return the service of the country where a language is mostly spoken, or the first that speaks it first."""
    found = services_for(services, language=language)
    country = get_global("likely_subtags").get(language, "").rpartition("_")[2]
    own = [row for row in found if row.country == country]
    first = [row for row in found if row.languages[:1] == (language,)]
    return next(iter([*own, *first, *found]), None)

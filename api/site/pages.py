"""A page as a cached answer: the state on which it depends, and its rendering."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from babel.core import get_global
from django.conf import settings
from django.http import HttpRequest, QueryDict
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
TEXT = "text/plain; charset=utf-8"
XML = "application/xml"
_ENDS = {HTML: "html", SVG: "svg", TEXT: "txt", XML: "xml"}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a page shows beside words: windows, periods that move with the clock, and parts with their own marks."""

    indicator: Indicator | None = None
    windows: Iterable[str] = ()
    selections: Callable[[], Iterable[Selection]] = tuple
    others: Callable[[], Iterable[str]] = tuple

    def marks(self) -> list[str]:
        """Texts that change whenever one of them does."""
        marks = []
        if self.indicator is not None:
            found = [published.window_version(self.indicator.number, length) for length in self.windows]
            marks += [f"{version}-{periods.epoch(end)}" for version, end in filter(None, found)]
            for one in self.selections():
                # Either end moves with the clock.
                start, end = periods.epoch(one.start), periods.epoch(one.end)
                marks.append(f"{published.version(one) or 0}-{start}-{end}")
        return [*marks, *self.others()]


@dataclass(frozen=True, slots=True)
class PageContent:
    """The present content of an address: its sources, the context of its template, its cache policy."""

    sources: Sources
    context: Callable[[], Mapping[str, Any]]
    cache_control: str = caching.CURRENT


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A page in the language of its address.

    The address is read each time, because its meaning may change with the clock.
    """

    template: str
    content: Callable[[], PageContent]
    base_context: Mapping[str, Any]
    media_type: str = HTML

    def validator(self) -> Validator:
        validator, _ = self._read()
        return validator

    def render(self) -> Representation:
        # The state is looked up before the numbers are read. If they change in between, the page is only requested once
        # more.
        validator, content = self._read()
        context = {**self.base_context, **shared_context(), **content.context()}
        return Representation(validator, *render(self.template, context, self.media_type))

    def _read(self) -> tuple[Validator, PageContent]:
        # For the same reason, the version is read before the data to which it belongs.
        reference = Reference.current().version
        content = self.content()
        marks = [str(reference), *content.sources.marks()]
        # The marks are hashed. Otherwise the tag of a page with many numbers would be too long for some proxies.
        return Validator(blake2b(".".join(marks).encode(), digest_size=12).hexdigest(), content.cache_control), content


def render(template: str, context: Mapping[str, Any], media_type: str = HTML) -> tuple[bytes, dict[str, str]]:
    """The content and its headers."""
    headers = {"Content-Type": media_type, "Content-Language": translation.get_language() or "en"}
    return render_to_string(f"site/{template}.{_ENDS[media_type]}", dict(context)).encode(), headers


def base_context(request: HttpRequest) -> dict[str, Any]:
    """The context of the base template, from the address of the page."""
    return {
        "language": translation.get_language(),
        "languages": languages.choices(request),
        "host": origin(request),
        "path": request.path,
        "query": request.GET,
    }


def origin(request: HttpRequest) -> str:
    """Scheme and host."""
    return f"{request.scheme}://{request.get_host()}"


def operator() -> dict[str, str]:
    """Who runs this service and answers for it, and where complaints about its accessibility go."""
    return {
        "name": settings.PUBLISHER_NAME,
        "page": settings.PUBLISHER_URL,
        "mailbox": settings.CONTACT_EMAIL,
        "complaints": settings.ACCESSIBILITY_COMPLAINTS_URL,
    }


def indicators(reference: Reference | None = None) -> dict[str, Indicator]:
    """By code, in the language of the page: those of now, or of a snapshot."""
    language = translation.get_language() or "en"
    return {row.code: row.in_language(language) for row in (reference or Reference.current()).indicators}


def choice_of(given: QueryDict, name: str, known: Collection[str], default: str) -> str:
    """The value of a parameter, or the default if there is none that is known."""
    value = given.get(name, default)
    return value if value in known else default


def has_agencies() -> bool:
    return any(row.active for row in Reference.current().agencies)


def shared_context() -> dict[str, Any]:
    """What every page shows: where to find help, and whether numbers are made up."""
    reference = Reference.current()
    return _help_and_scripts(reference.help_services) | {"invented": reference.invented}


def offline_shared_context() -> dict[str, Any]:
    """The same for a page without numbers, while the database is away."""
    return _help_and_scripts(cached_help_services())


def _help_and_scripts(services: Sequence[HelpService]) -> dict[str, Any]:
    """The nearest help: of the country where the language is mostly spoken, or else the first that speaks it first.

    Without the scripts, which must be built, the pages are whole: tables take their place.
    """
    language = translation.get_language() or "en"
    found = services_for(services, language=language)
    country = get_global("likely_subtags").get(language, "").rpartition("_")[2]
    own = [row for row in found if row.country == country]
    first = [row for row in found if row.languages[:1] == (language,)]
    return {
        "nearest_help": next(iter([*own, *first, *found]), None),
        "map_script": "map.js" in assets.files(),
        "chart_script": "country.js" in assets.files(),
        "offer_script": "offer.js" in assets.files(),
    }

"""The page of help services."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from api import caching
from api.site import pages, readings
from api.site.base import PageView
from api.site.pages import PageContent, Sources
from api.site.templatetags import cldr
from countries.reference import HelpService, Reference, cached_help_services, services_for
from p2p_core import codes


class HelpPage(PageView):
    """Where to find help: by the language of the browser or of the address, or by a country that was chosen.

    The visitor's location decides nothing. While the database is away and no answer is cached, it shows the cached
    services.
    """

    template = "help"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        accepted = _accepted(request)

        def context() -> dict[str, Any]:
            return _context(request.GET, accepted, Reference.current().help_services)

        return self.page(request, lambda: PageContent(Sources(), context, caching.REFERENCE), accepted)

    def offline_context(self, request: HttpRequest) -> dict[str, Any]:
        return _context(request.GET, _accepted(request), cached_help_services()) | {"outdated": True}


def _accepted(request: HttpRequest) -> list[str]:
    """The languages of the browser, in its order, by their first parts."""
    listed = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower())
    primary = (tag.partition("-")[0] for tag, _ in listed)
    return list(dict.fromkeys("nb" if language in {"no", "nn"} else language for language in primary))


def _context(given: QueryDict, accepted: Sequence[str], services: Sequence[HelpService]) -> dict[str, Any]:
    spoken = {language for row in services for language in row.languages}
    # By default the first language of the browser that a service speaks, else that of the page, else all.
    usual = next((one for one in (*accepted, translation.get_language() or "en") if one in spoken), "all")
    language = pages.choice_of(given, "language", {*spoken, "all"}, "") or usual
    named = given.get("country", "").upper()
    country = named if named in codes.COUNTRIES else ""
    shown = services_for(services, country=country or None, language=None if language == "all" else language)
    # Services with this language as their first come before the others.
    shown.sort(key=lambda row: language not in row.languages[:1])
    if country:
        # Those of a country that was chosen come first, in any language.
        own = sorted((row for row in services if row.country == country), key=lambda row: language not in row.languages)
        shown = own + [row for row in shown if not row.country]
    return {
        "choice": {"language": language, "country": country},
        "services": shown,
        "spoken": sorted(spoken, key=cldr.language_name),
        "served": sorted({row.country for row in services if row.country}, key=readings.sort_key),
    }

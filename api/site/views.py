"""The pages. Each reads its address leniently and ignores what it does not know."""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views import View

from api import caching, problems
from api.datasets import Inventory
from api.site import country as country_page
from api.site import country_view, coverage, map_texts, pages, readings, schema_org
from api.site.country_view import names_time
from api.site.pages import PageAnswer, PageContent, Sources
from api.site.templatetags import cldr
from countries.database.routing import on_public_connection
from countries.reference import HelpService, Indicator, Reference, cached_help_services, services_for
from federation import published
from federation.published import Selection
from p2p_core import codes, periods

_SORTS: Final = ("country", "value", "rate")
#: Allows other sites to show the embedded pages, and no other pages.
_FRAMED: Final = {"frame-ancestors": ["*"]}


@method_decorator(login_not_required, name="dispatch")
class PageView(View):
    """A page of one template. ``framed`` pages may be embedded in other sites."""

    http_method_names = ["get", "head", "options"]
    template = ""
    framed = False
    media_type = pages.HTML

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer over a connection that can read only what is public; while the database is away, as a moment ago."""
        answer = super().dispatch
        try:
            found = caching.or_last_answer(lambda: on_public_connection(lambda: answer(request, *args, **kwargs)))
        except problems.AWAY:
            at_hand = self.at_hand(request)
            if at_hand is None:
                raise
            found = at_hand
        if self.framed:
            found.xframe_options_exempt = True  # type: ignore[attr-defined]  # read by Django's middleware
            found._csp_replace = _FRAMED  # type: ignore[attr-defined]  # noqa: SLF001  as its decorators do
        return found

    def at_hand(self, request: HttpRequest) -> HttpResponseBase | None:  # noqa: ARG002  for those that need it
        """Answer without the database, if that can be done."""
        return None

    def page(
        self, request: HttpRequest, content: Callable[[], PageContent], accepted: Sequence[str] | None = None
    ) -> HttpResponseBase:
        """Answer with the page, from the cache if that is still true. Nothing is read before the cache is asked."""
        variant, vary = "page", "Accept-Encoding"
        if accepted is not None:
            variant, vary = " ".join((variant, *accepted)), f"{vary}, Accept-Language"
        return caching.respond(
            request, variant, vary, lambda: PageAnswer(self.template, content, pages.frame(request), self.media_type)
        )


class MapPage(PageView):
    """The map, and the same numbers as a table that the address sorts."""

    template = "map"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        given = request.GET

        def content() -> PageContent:
            indicator = _indicator(given)
            day = None
            if given.get("window") == "day":
                with suppress(periods.PeriodError):
                    day = periods.parse("D", given.get("day", ""))
            window = "day" if day else _chosen(given, "window", published.WINDOWS, "P7D")
            choice = _choice(indicator) | {"window": window, "sort": _chosen(given, "sort", _SORTS, "country")}
            if indicator is None:
                return PageContent(Sources(), lambda: {"choice": choice, "indicator": None})

            def selections() -> list[Selection]:
                chosen = [readings.day_of(indicator, day)] if day else []
                return [readings.minutes(indicator), readings.days(indicator), *chosen]

            sources = Sources(indicator, {"P1D", "P7D", window} - {"day"}, selections)
            misread = names_time(given, ignore="day" if day else "")
            return PageContent(sources, lambda: {"misread": misread, **_map(indicator, choice, day)})

        return self.page(request, content)


def _map(indicator: Indicator, choice: Mapping[str, str], day: datetime | None) -> dict[str, Any]:
    reading = readings.day(indicator, day) if day else readings.window(indicator, choice["window"])
    last_day = readings.window(indicator, "P1D")
    live = readings.hour(readings.minutes(indicator))
    strips, calendar = coverage.read(readings.days(indicator))
    indicators = pages.indicators().values()
    return {
        "indicator": indicator,
        "indicators": indicators,
        "choice": choice,
        "windows": published.WINDOWS,
        "day": day,
        "yesterday": readings.example_times()[1],
        "reading": reading,
        "begun": bool(reading or last_day or readings.window(indicator, "P7D")),
        "nothing_published": map_texts.nothing_published(choice["window"]),
        "places": readings.in_order(reading.places, choice["sort"]) if reading else [],
        "live_total": map_texts.live_total(indicator, last_day.total.value if last_day else None),
        "map_words": map_texts.words(indicators),
        "live": live,
        "live_hour": map_texts.live_hour(live),
        "silences": coverage.silences(strips),
        "waiting": coverage.waiting(calendar),
        "agencies": any(row.active for row in Reference.current().agencies),
    }


class CountryPage(PageView):
    """A country, alone or beside others: its numbers, their trend beside the coverage, and its networks."""

    template = "country"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        country = _country(code)

        def content() -> PageContent:
            indicator = _indicator(request.GET)
            if indicator is None:
                return PageContent(Sources(), lambda: {"choice": _choice(None), "country": country, "indicator": None})
            view = country_view.parse(country, indicator, request.GET, Reference.current())
            windows = () if view.as_of else country_view.HEADLINES
            sources = Sources(indicator, windows, view.selections, lambda: [str(view.misread)])
            return PageContent(sources, partial(country_page.page, view), view.cache_control)

        return self.page(request, content)


class ChartPage(PageView):
    """The trend of the same address as a picture that needs no page."""

    template = "chart"
    media_type = pages.SVG

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        country = _country(code)

        def content() -> PageContent:
            indicator = _indicator(request.GET)
            if indicator is None:
                raise Http404
            view = country_view.parse(country, indicator, request.GET, Reference.current())
            sources = Sources(indicator, (), view.selections, lambda: [str(view.misread)])
            return PageContent(sources, partial(country_page.chart, view, pages.origin(request)), view.cache_control)

        return self.page(request, content)


def _country(code: str) -> str:
    """The country of an address. Only small letters are accepted, so that each country has one address."""
    if code.upper() not in codes.COUNTRIES or code != code.lower():
        raise Http404
    return code.upper()


class CoveragePage(PageView):
    """Which agency reported for which day."""

    template = "coverage"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def content() -> PageContent:
            indicator = _indicator(request.GET)
            if indicator is None:
                return PageContent(Sources(), dict)

            def context() -> dict[str, Any]:
                strips, calendar = coverage.read(readings.days(indicator))
                return {
                    "misread": names_time(request.GET),
                    "indicator": indicator,
                    "indicators": pages.indicators().values(),
                    "choice": _choice(indicator),
                    "strips": strips,
                    "calendar": calendar,
                    "silences": coverage.silences(strips),
                    "waiting": coverage.waiting(calendar),
                    "agencies": any(row.active for row in Reference.current().agencies),
                }

            return PageContent(Sources(indicator, selections=lambda: (readings.days(indicator),)), context)

        return self.page(request, content)


class HelpPage(PageView):
    """Where to find help: by the language of the browser or of the address, or by a country that was chosen.

    The visitor's location decides nothing. While the database is away and no answer is cached, it shows the services
    that are at hand.
    """

    template = "help"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        accepted = _accepted(request)

        def context() -> dict[str, Any]:
            return _help(request.GET, accepted, Reference.current().help_services)

        return self.page(request, lambda: PageContent(Sources(), context, caching.REFERENCE), accepted)

    def at_hand(self, request: HttpRequest) -> HttpResponse:
        listed = _help(request.GET, _accepted(request), cached_help_services())
        context = {**pages.frame(request), **pages.at_hand(), **listed, "outdated": True}
        content, headers = pages.render(self.template, context)
        return HttpResponse(content, headers={**headers, "Cache-Control": "no-store"})


def _accepted(request: HttpRequest) -> list[str]:
    """The languages of the browser, in its order, by their first parts."""
    listed = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower())
    primary = (tag.partition("-")[0] for tag, _ in listed)
    return list(dict.fromkeys("nb" if language in {"no", "nn"} else language for language in primary))


def _help(given: QueryDict, accepted: Sequence[str], services: Sequence[HelpService]) -> dict[str, Any]:
    spoken = {language for row in services for language in row.languages}
    # By default the first language of the browser that a service speaks, else that of the page, else all.
    usual = next((one for one in (*accepted, translation.get_language() or "en") if one in spoken), "all")
    language = _chosen(given, "language", {*spoken, "all"}, "") or usual
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


class TextPage(PageView):
    """A page of words."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def context() -> dict[str, Any]:
            return {"indicators": pages.indicators().values()}

        return self.page(request, lambda: PageContent(Sources(), context, caching.REFERENCE))


class DataPage(PageView):
    """How programs read the numbers, and the data sets in schema.org's terms for search engines."""

    template = "data"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        origin = pages.origin(request)

        def content() -> PageContent:
            # The examples of code name days, and the present minute.
            times, inventory = readings.example_times(), Inventory.load()
            sources = Sources(others=lambda: (*times, inventory.fingerprint))
            examples = dict(zip(("first", "last", "present"), times, strict=True))
            return PageContent(
                sources, lambda: {**examples, "json_ld": schema_org.json_ld(inventory, origin)}, caching.REFERENCE
            )

        return self.page(request, content)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: with a page to browsers, with a problem document to programs."""
    if not reads_pages(request):
        return problems.not_found(request, exception)
    try:
        around = on_public_connection(pages.everywhere)
    except problems.AWAY:
        around = pages.at_hand()
    answer = render(request, "site/not_found.html", {**pages.frame(request), **around}, status=404)
    answer["Cache-Control"] = "no-store"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 likewise, or 503. The page does not need the database, which may be what failed."""
    if not reads_pages(request):
        return problems.server_error(request)
    context = {**pages.at_hand(), "language": translation.get_language(), "request_id": problems.log_failure()}
    status = 503 if problems.is_outage(sys.exc_info()[1]) else 500
    answer = HttpResponse(render_to_string("site/failed.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def reads_pages(request: HttpRequest) -> bool:
    return not request.path.startswith(("/api/", "/admin/")) and "text/html" in request.headers.get("Accept", "")


def _indicator(given: QueryDict) -> Indicator | None:
    found = pages.indicators()
    return found.get(given.get("indicator", ""), found.get(readings.DOWNLOADS))


def _choice(indicator: Indicator | None) -> dict[str, str]:
    return {"indicator": indicator.code if indicator else readings.DOWNLOADS}


def _chosen(given: QueryDict, name: str, known: Collection[str], default: str) -> str:
    value = given.get(name, default)
    return value if value in known else default

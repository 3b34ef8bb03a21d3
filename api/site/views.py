"""The pages. Each reads its question out of the address leniently: what it does not know, it leaves aside."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
from api.site import coverage, map_texts, pages, readings, schema_org
from api.site.country_view import HEADLINES, ask_about, names_time
from api.site.pages import PageAnswer, Shown, Sources
from api.site.templatetags import cldr
from countries.database.routing import on_public_connection
from countries.reference import HelpService, Indicator, Reference, cached_help_services, services_for
from federation import published
from federation.published import Selection
from p2p_core import codes, periods

_SORTS: Final = ("country", "value", "rate")
#: What other sites may do with the embedded pages, and with no others.
_FRAMED: Final = {"frame-ancestors": ["*"]}


@method_decorator(login_not_required, name="dispatch")
class PageView(View):
    """A page of one template; those that are made to be framed say so."""

    http_method_names = ["get", "head", "options"]
    template = ""
    framed = False
    media_type = pages.HTML

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer over a connection that can read what is public only; where the database is away, as a moment ago."""
        answer = super().dispatch
        try:
            found = caching.or_the_last(lambda: on_public_connection(lambda: answer(request, *args, **kwargs)))
        except problems.AWAY:
            at_hand = self.at_hand(request)
            if at_hand is None:
                raise
            found = at_hand
        return self._framed(found)

    def at_hand(self, request: HttpRequest) -> HttpResponseBase | None:  # noqa: ARG002  for those that need it
        """Answer without the database, if that can be done."""
        return None

    def page(
        self, request: HttpRequest, shown: Callable[[], Shown], accepted: Sequence[str] | None = None
    ) -> HttpResponseBase:
        """Answer with the page, from the cache if that is still true. Nothing is read before the cache is asked."""
        variant, vary = "page", "Accept-Encoding"
        if accepted is not None:
            variant, vary = " ".join((variant, *accepted)), f"{vary}, Accept-Language"
        return caching.respond(
            request, variant, vary, lambda: PageAnswer(self.template, shown, pages.frame(request), self.media_type)
        )

    def _framed(self, answer: HttpResponseBase) -> HttpResponseBase:
        if self.framed:
            answer.xframe_options_exempt = True  # type: ignore[attr-defined]  # read by Django's middleware
            answer._csp_replace = _FRAMED  # type: ignore[attr-defined]  # noqa: SLF001  as its decorators do
        return answer


class MapPage(PageView):
    """The map, and the same numbers as a table that is sorted by the address."""

    template = "map"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page(request, partial(_map_of, request.GET))


def _map_of(given: QueryDict) -> Shown:
    indicator = _indicator(given)
    day = _day(given) if given.get("window") == "day" else None
    window = "day" if day else _chosen(given, "window", published.WINDOWS, "P7D")
    asked = _named(indicator) | {"window": window, "sort": _chosen(given, "sort", _SORTS, "country")}
    if indicator is None:
        return Shown(Sources(), lambda: {"asked": asked, "indicator": None})

    def selections() -> list[Selection]:
        chosen = [readings.day_of(indicator, day)] if day else []
        return [readings.minutes(indicator), readings.days(indicator), *chosen]

    sources = Sources(indicator, {"P1D", "P7D", window} - {"day"}, selections)
    return Shown(sources, partial(_map, indicator, asked, day, misread=names_time(given, but="day" if day else "")))


def _map(indicator: Indicator, asked: Mapping[str, str], day: datetime | None, *, misread: bool) -> dict[str, Any]:
    reading = readings.day(indicator, day) if day else readings.window(indicator, asked["window"])
    last_day = readings.window(indicator, "P1D")
    live = readings.hour(readings.minutes(indicator))
    strips, _ = coverage.read(readings.days(indicator))
    indicators = pages.indicators().values()
    return {
        "indicator": indicator,
        "indicators": indicators,
        "asked": asked,
        "windows": published.WINDOWS,
        "day": day,
        "misread": misread,
        "yesterday": readings.example_days()[1],
        "reading": reading,
        "begun": bool(reading or last_day or readings.window(indicator, "P7D")),
        "nothing_published": map_texts.nothing_published(asked["window"]),
        "places": readings.in_order(reading.places, asked["sort"]) if reading else [],
        "live_total": map_texts.live_total(indicator, last_day.total.value if last_day else None),
        "map_words": map_texts.words(indicators),
        "live": live,
        "live_hour": map_texts.live_hour(live),
        "silences": coverage.silences(strips),
        "agencies": any(row.active for row in Reference.current().agencies),
    }


class CountryPage(PageView):
    """A country, alone or beside others: its numbers, their trend with the coverage beside it, its networks."""

    template = "country"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        return self.page(request, partial(_country_of, _country(code), request.GET))


def _country_of(country: str, given: QueryDict) -> Shown:
    indicator = _indicator(given)
    if indicator is None:
        return Shown(Sources(), lambda: {"asked": _named(None), "country": country, "indicator": None})
    view = ask_about(country, indicator, given)
    sources = Sources(indicator, () if view.as_of else HEADLINES, view.selections, lambda: [str(view.misread)])
    return Shown(sources, partial(country_page.page, view), view.lasts())


class ChartPage(PageView):
    """The trend of the same address as a picture that stands for itself."""

    template = "chart"
    media_type = pages.SVG

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        return self.page(request, partial(_chart_of, _country(code), request.GET, pages.origin(request)))


def _chart_of(country: str, given: QueryDict, origin: str) -> Shown:
    indicator = _indicator(given)
    if indicator is None:
        raise Http404
    view = ask_about(country, indicator, given)
    sources = Sources(indicator, (), view.selections, lambda: [str(view.misread)])
    return Shown(sources, partial(country_page.chart, view, origin), view.lasts())


def _country(code: str) -> str:
    """Return the country of an address; each has one only, so in capitals it is another, and that is nobody's."""
    if code.upper() not in codes.COUNTRIES or code != code.lower():
        raise Http404
    return code.upper()


class CoveragePage(PageView):
    """Which agency reported for which day."""

    template = "coverage"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page(request, partial(_coverage_of, request.GET))


def _coverage_of(given: QueryDict) -> Shown:
    indicator = _indicator(given)
    if indicator is None:
        return Shown(Sources(), dict)
    sources = Sources(indicator, selections=lambda: (readings.days(indicator),))
    return Shown(sources, partial(_coverage, indicator, misread=names_time(given)))


def _coverage(indicator: Indicator, *, misread: bool) -> dict[str, Any]:
    strips, calendar = coverage.read(readings.days(indicator))
    return {
        "indicator": indicator,
        "indicators": pages.indicators().values(),
        "asked": _named(indicator),
        "misread": misread,
        "strips": strips,
        "calendar": calendar,
        "silences": coverage.silences(strips),
        "agencies": any(row.active for row in Reference.current().agencies),
    }


class HelpPage(PageView):
    """Where to find help: by the language of the browser or of the address, or by a country that was chosen.

    Where somebody is decides nothing. It comes also while the database is away and nothing is cached: with the services
    that are at hand.
    """

    template = "help"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        accepted = _accepted(request)
        return self.page(request, partial(_help_of, request.GET, accepted), accepted)

    def at_hand(self, request: HttpRequest) -> HttpResponse:
        listed = _help(request.GET, _accepted(request), cached_help_services())
        context = {**pages.frame(request), **pages.at_hand(), **listed, "outdated": True}
        content, headers = pages.render(self.template, context)
        return HttpResponse(content, headers={**headers, "Cache-Control": "no-store"})


def _accepted(request: HttpRequest) -> list[str]:
    """Return the languages of the browser, those that it likes best first, by their first parts."""
    listed = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower())
    primary = (tag.partition("-")[0] for tag, _ in listed)
    return list(dict.fromkeys("nb" if language in {"no", "nn"} else language for language in primary))


def _help_of(given: QueryDict, accepted: Sequence[str]) -> Shown:
    return Shown(Sources(), lambda: _help(given, accepted, Reference.current().help_services), caching.REFERENCE)


def _help(given: QueryDict, accepted: Sequence[str], services: Sequence[HelpService]) -> dict[str, Any]:
    spoken = {language for row in services for language in row.languages}
    language = _chosen(given, "language", {*spoken, "all"}, "") or _preferred(accepted, spoken)
    named = given.get("country", "").upper()
    country = named if named in codes.COUNTRIES else ""
    return {
        "asked": {"language": language, "country": country},
        "services": _services(services, country, language),
        "spoken": sorted(spoken, key=cldr.language_name),
        "served": sorted({row.country for row in services if row.country}, key=readings.sort_key),
    }


def _services(services: Sequence[HelpService], country: str, language: str) -> list[HelpService]:
    """Return the services that speak a language. Those of a country that was chosen come first, and in any language."""
    shown = services_for(services, country=country or None, language=None if language == "all" else language)
    # Those that speak it first, before those that speak it too.
    shown.sort(key=lambda row: language not in row.languages[:1])
    if not country:
        return shown
    own = [row for row in services if row.country == country]
    own.sort(key=lambda row: language not in row.languages)
    return own + [row for row in shown if not row.country]


def _preferred(accepted: Sequence[str], spoken: Collection[str]) -> str:
    """Return the first language of the browser that a service speaks, or that of the page, or all."""
    wanted = (*accepted, translation.get_language() or "en")
    return next((language for language in wanted if language in spoken), "all")


class TextPage(PageView):
    """A page of words."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page(request, lambda: Shown(Sources(), _text, caching.REFERENCE))


def _text() -> dict[str, Any]:
    return {"indicators": pages.indicators().values()}


class DataPage(PageView):
    """How the numbers are read with programs; for those of search engines it says what there is."""

    template = "data"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page(request, partial(_data_of, pages.origin(request)))


def _data_of(origin: str) -> Shown:
    # The examples of code name days, so they change with the day.
    days, inventory = readings.example_days(), Inventory.load()
    sources = Sources(others=lambda: (*days, inventory.fingerprint))
    return Shown(sources, lambda: _data(days, inventory, origin), caching.REFERENCE)


def _data(days: Sequence[str], inventory: Inventory, origin: str) -> dict[str, Any]:
    first, last, today = days
    return {"first": first, "last": last, "today": today, "json_ld": schema_org.json_ld(inventory, origin)}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: with a page to who reads pages, with a problem document to programs."""
    if not _reads_pages(request):
        return problems.not_found(request, exception)
    try:
        around = on_public_connection(pages.everywhere)
    except problems.AWAY:
        around = pages.at_hand()
    answer = render(request, "site/not_found.html", {**pages.frame(request), **around}, status=404)
    answer["Cache-Control"] = "no-store"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 likewise, or 503; the page asks nothing of the database, which may be what failed."""
    if not _reads_pages(request):
        return problems.server_error(request)
    context = {**pages.at_hand(), "language": translation.get_language(), "request_id": problems.log_failure()}
    status = 503 if problems.is_away() else 500
    answer = HttpResponse(render_to_string("site/failed.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _reads_pages(request: HttpRequest) -> bool:
    return not request.path.startswith(("/api/", "/admin/")) and "text/html" in request.headers.get("Accept", "")


def _indicator(given: QueryDict) -> Indicator | None:
    found = pages.indicators()
    return found.get(given.get("indicator", ""), found.get(readings.DOWNLOADS))


def _day(given: QueryDict) -> datetime | None:
    try:
        return periods.parse("D", given.get("day", ""))
    except periods.PeriodError:
        return None


def _named(indicator: Indicator | None) -> dict[str, str]:
    return {"indicator": indicator.code if indicator else readings.DOWNLOADS}


def _chosen(given: QueryDict, name: str, known: Collection[str], default: str) -> str:
    value = given.get(name, default)
    return value if value in known else default

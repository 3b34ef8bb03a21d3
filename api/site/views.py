"""The pages. Each reads its question out of the address leniently: what it does not know, it leaves aside."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views import View

from api import caching, datasets, problems
from api.site import country as country_page
from api.site import coverage, linked, mapwords, pages, readings
from api.site.asked import HEADLINES, ask_about
from api.site.pages import Page, Sources
from api.site.templatetags import written
from countries import codes, queries
from countries.connections import publicly
from countries.queries import HelpServiceRow, IndicatorRow
from federation import published
from federation.published import Selection

_VARIANT: Final = "page"
_SORTS: Final = ("country", "value", "rate")
#: What other sites may do with the embedded pages, and with no others.
_FRAMED: Final = {"frame-ancestors": ["*"]}


@method_decorator(login_not_required, name="dispatch")
class PageView(View):
    """A page of one template; those that are made to be framed say so."""

    http_method_names = ["get", "head", "options"]
    template = ""
    framed = False
    lasts = caching.CURRENT
    media_type = pages.HTML

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer over a connection that can read what is public only; where the database is away, as a moment ago."""
        answer = super().dispatch
        return caching.or_the_last(lambda: publicly(lambda: answer(request, *args, **kwargs)))

    def page(self, request: HttpRequest, sources: Sources, context: Any, lasts: str | None = None) -> HttpResponseBase:
        """Answer with the page, from what is held if that is still true."""

        def ask() -> Page:
            return Page(self.template, sources, context, pages.frame(request), lasts or self.lasts, self.media_type)

        return self._framed(caching.respond(request, _VARIANT, "Accept-Encoding", ask))

    def _framed(self, answer: HttpResponseBase) -> HttpResponseBase:
        if self.framed:
            answer.xframe_options_exempt = True  # type: ignore[attr-defined]  # read by Django's middleware
            answer._csp_replace = _FRAMED  # type: ignore[attr-defined]  # noqa: SLF001  as its decorators do
        return answer


class MapView(PageView):
    """The map, and the same numbers as a table that is sorted by the address."""

    template = "map"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        indicator = _indicator(request)
        day = _day(request) if request.GET.get("window") == "day" else None
        window = "day" if day else _chosen(request, "window", published.WINDOWS, "P7D")
        asked = _named(indicator) | {"window": window, "sort": _chosen(request, "sort", _SORTS, "country")}
        if indicator is None:
            return self.page(request, Sources(), lambda: {"asked": asked, "indicator": None})

        def selections() -> list[Selection]:
            chosen = [readings.day_of(indicator, day)] if day else []
            return [readings.minutes(indicator), readings.days(indicator), *chosen]

        sources = Sources(indicator, {"P1D", window} - {"day"}, selections)
        return self.page(request, sources, partial(_map, indicator, asked, day))


def _map(indicator: IndicatorRow, asked: Mapping[str, str], day: datetime | None) -> dict[str, Any]:
    reading = readings.day(indicator, day) if day else readings.window(indicator, asked["window"])
    last_day = readings.window(indicator, "P1D")
    live = readings.hour(indicator, readings.minutes(indicator))
    strips, _ = coverage.read(readings.days(indicator))
    indicators = queries.indicators()
    return {
        "indicator": indicator,
        "indicators": indicators,
        "asked": asked,
        "windows": published.WINDOWS,
        "day": day,
        "yesterday": readings.example_days()[1],
        "reading": reading,
        "places": readings.in_order(reading.places, asked["sort"]) if reading else [],
        "live_total": mapwords.live_total(indicator.code, last_day.total.value if last_day else None),
        "map_words": mapwords.words(indicators),
        "live": live,
        "live_hour": mapwords.live_hour(live),
        "silences": coverage.silences(strips),
        "agencies": any(row.active for row in queries.agencies()),
    }


class CountryView(PageView):
    """A country, alone or beside others: its numbers, their trend with the coverage beside it, its networks."""

    template = "country"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        country = _country(code)
        indicator = _indicator(request)
        if indicator is None:
            return self.page(request, Sources(), lambda: {"asked": _named(None), "country": country, "indicator": None})
        view = ask_about(country, indicator, request.GET)
        sources = Sources(indicator, () if view.as_of else HEADLINES, view.selections)
        return self.page(request, sources, partial(country_page.page, view), view.lasts())


class ChartView(PageView):
    """The trend of the same address as a picture that stands for itself."""

    template = "chart"
    media_type = pages.SVG

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        indicator = _indicator(request)
        if indicator is None:
            raise Http404
        view = ask_about(_country(code), indicator, request.GET)
        context = partial(country_page.chart, view, pages.frame(request)["host"])
        return self.page(request, Sources(indicator, (), view.selections), context, view.lasts())


def _country(code: str) -> str:
    """Return the country of an address; each has one only, so in capitals it is another, and that is nobody's."""
    if code.upper() not in codes.COUNTRIES or code != code.lower():
        raise Http404
    return code.upper()


class CoverageView(PageView):
    """Which agency reported for which day."""

    template = "coverage"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        indicator = _indicator(request)
        if indicator is None:
            return self.page(request, Sources(), dict)
        sources = Sources(indicator, selections=lambda: (readings.days(indicator),))
        return self.page(request, sources, partial(_coverage, indicator))


def _coverage(indicator: IndicatorRow) -> dict[str, Any]:
    strips, calendar = coverage.read(readings.days(indicator))
    return {
        "indicator": indicator,
        "indicators": queries.indicators(),
        "asked": _named(indicator),
        "strips": strips,
        "calendar": calendar,
        "silences": coverage.silences(strips),
        "agencies": any(row.active for row in queries.agencies()),
    }


class HelpView(PageView):
    """Where to find help: by the language of the browser or of the address, or by a country that was chosen.

    Where somebody is decides nothing.
    """

    template = "help"
    lasts = caching.REFERENCE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        services = queries.help_services()
        spoken = sorted({language for row in services for language in row.languages})
        language = _chosen(request, "language", [*spoken, "all"], "") or _preferred(request, spoken)
        country = request.GET.get("country", "").upper()
        asked = {"language": language, "country": country if country in codes.COUNTRIES else ""}

        def ask() -> Page:
            return Page(self.template, Sources(), partial(_help, asked), pages.frame(request), self.lasts)

        return caching.respond(request, f"{_VARIANT} {language}", "Accept-Encoding, Accept-Language", ask)


def _preferred(request: HttpRequest, spoken: list[str]) -> str:
    """Return the first language of the browser that a service speaks, or that of the page, or all."""
    accepted = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower())
    wanted = [tag.partition("-")[0] for tag, _ in accepted] + [translation.get_language() or "en"]
    alike = ("nb" if language in {"no", "nn"} else language for language in wanted)
    return next((language for language in alike if language in spoken), "all")


def _help(asked: Mapping[str, str]) -> dict[str, Any]:
    services = queries.help_services()
    return {
        "asked": asked,
        "services": _services(asked["country"], asked["language"]),
        "spoken": sorted({language for row in services for language in row.languages}, key=written.language_name),
        "served": sorted({row.country for row in services if row.country}, key=readings.place_of),
    }


def _services(country: str, language: str) -> list[HelpServiceRow]:
    """Return the services that speak a language. Those of a country that was chosen come first, and in any language."""
    shown = queries.help_services(country=country or None, language=None if language == "all" else language)
    # Those that speak it first, before those that speak it too.
    shown.sort(key=lambda row: language not in row.languages[:1])
    if not country:
        return shown
    own = [row for row in queries.help_services(country=country) if row.country]
    own.sort(key=lambda row: language not in row.languages)
    return own + [row for row in shown if not row.country]


class TextView(PageView):
    """A page of words."""

    lasts = caching.REFERENCE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page(request, Sources(), dict)


class DataView(PageView):
    """How the numbers are read with programs; for those of search engines it says what there is."""

    template = "data"
    lasts = caching.REFERENCE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        indicator = _indicator(request)
        # The examples of code name days, so they change with the day.
        selections = (lambda: (readings.days(indicator),)) if indicator else tuple
        sources = Sources(indicator, selections=selections, others=lambda: (datasets.offer().mark,))
        return self.page(request, sources, partial(_data, pages.frame(request)["host"]))


def _data(origin: str) -> dict[str, Any]:
    first, last, today = readings.example_days()
    return {"first": first, "last": last, "today": today, "linked": linked.written(datasets.offer(), origin)}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: with a page to who reads pages, with a problem document to programs."""
    if not _reads_pages(request):
        return problems.not_found(request, exception)
    context = {**pages.frame(request), **publicly(pages.everywhere)}
    answer = render(request, "site/not_found.html", context, status=404)
    answer["Cache-Control"] = "no-store"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 likewise, or 503; the page asks nothing of the database, which may be what failed."""
    if not _reads_pages(request):
        return problems.server_error(request)
    context = {"language": translation.get_language(), "request_id": problems.log_failure()}
    status = 503 if problems.is_away() else 500
    answer = HttpResponse(render_to_string("site/failed.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _reads_pages(request: HttpRequest) -> bool:
    return not request.path.startswith(("/api/", "/admin/")) and "text/html" in request.headers.get("Accept", "")


def _indicator(request: HttpRequest) -> IndicatorRow | None:
    named = queries.indicator(request.GET.get("indicator", readings.DOWNLOADS))
    return named or queries.indicator(readings.DOWNLOADS)


def _day(request: HttpRequest) -> datetime | None:
    try:
        return published.period_named("D", request.GET.get("day", ""))
    except published.PeriodError:
        return None


def _named(indicator: IndicatorRow | None) -> dict[str, str]:
    return (
        {"indicator": indicator.code, "name": indicator.name}
        if indicator
        else {"indicator": readings.DOWNLOADS, "name": ""}
    )


def _chosen(request: HttpRequest, name: str, known: Any, default: str) -> str:
    given = request.GET.get(name, default)
    return given if given in known else default

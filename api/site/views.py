"""The pages. Each reads its address leniently and ignores what it does not know."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse

from api import caching
from api.datasets import Inventory
from api.site import (
    corrections,
    country_view,
    coverage,
    effects,
    map_texts,
    pages,
    participants,
    readings,
    schema_org,
    share,
)
from api.site import country as country_page
from api.site.base import PageView
from api.site.country_view import PastViews, names_time
from api.site.pages import PageContent, Sources
from api.site.readings import ExampleTimes
from countries.reference import Indicator, Reference, last_read
from federation import published
from federation.database import clock
from federation.published import Selection, terms
from p2p_core import codes, periods

_SORTS: Final = ("country", "value", "rate")
#: The day on which people last compared the accessibility statement with the pages.
STATEMENT_OF: Final = date(2026, 12, 1)
#: What the map shows. Its script reads this from the address too.
_WAYS: Final = ("head", "count")


class MapPage(PageView):
    """The map, and the same numbers as a table that the address sorts."""

    template = "map"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        # A cached answer keeps these, but not the whole request.
        given, host = request.GET, pages.origin(request)

        def content() -> PageContent:
            indicator = _indicator(given)
            day = None
            if given.get("window") == "day":
                with suppress(periods.PeriodError):
                    day = periods.parse("D", given.get("day", ""))
            window = "day" if day else pages.choice_of(given, "window", published.WINDOWS, "P7D")
            choice = _choice(indicator) | {"window": window, "sort": pages.choice_of(given, "sort", _SORTS, "rate")}
            choice |= {
                "day": periods.label("D", day) if day else "",
                "per": pages.choice_of(given, "per", _WAYS, "head"),
            }
            if indicator is None:
                return PageContent(Sources(), lambda: {"choice": choice, "indicator": None})

            def selections() -> list[Selection]:
                chosen = [readings.day_of(indicator, day)] if day else []
                return [readings.minutes(indicator), readings.days(indicator), *chosen]

            sources = Sources(indicator, {"P1D", "P7D", window} - {"day"}, selections)
            misread = names_time(given, ignore="day" if day else "")
            return PageContent(sources, lambda: {"misread": misread, **_map(indicator, choice, day, host)})

        return self.page(request, content)


def _map(indicator: Indicator, choice: Mapping[str, str], day: datetime | None, host: str) -> dict[str, Any]:
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
        "yesterday": readings.example_times().last,
        "reading": reading,
        "begun": bool(reading or last_day or readings.window(indicator, "P7D")),
        "nothing_published": map_texts.nothing_published(choice["window"]),
        "country_query": "" if indicator.code == readings.DOWNLOADS else f"?indicator={indicator.code}",
        "share": share.of_map(reading, indicator, choice, host) if reading else None,
        "places": readings.in_order(reading.places, choice["sort"]) if reading else None,
        "live_total": map_texts.live_total(indicator, last_day.total.value if last_day else None),
        "map_words": map_texts.words(indicators),
        "usual_rates": {row.code: row.usual_rate for row in indicators},
        "live": live,
        "live_hour": map_texts.live_hour(live),
        "replay": map_texts.replay(indicator),
        "members": sorted(codes.GROUP_MEMBERS[readings.EUROPE]),
        # About the days until now. Of one day the page says only if it is not public itself.
        "silences": [] if day else coverage.silences(strips),
        "waiting": [period for period in coverage.waiting(calendar) if day in (None, period.start)],
        "agencies": pages.has_agencies(),
    }


class CountriesPage(PageView):
    """The address of all countries: the map lists them."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return _moved(request, reverse("site:map"))


class CountryPage(PageView):
    """A country, alone or beside others: its numbers, their trend beside the coverage, and its networks."""

    template = "country"
    windows: Sequence[str] = country_view.HEADLINES
    context = staticmethod(country_page.page)

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        country, past_views = readings.code_of(code), PastViews()
        if country is None:
            raise Http404
        if code != readings.slug(country):
            return _redirect(request, country)

        given, host = request.GET, pages.origin(request)

        def content() -> PageContent:
            indicator = _indicator(given)
            if indicator is None:
                return self.without_indicator(country)
            view = country_view.parse(country, indicator, given, Reference.current(), past_views)
            sources = Sources(indicator, () if view.as_of else self.windows, view.selections, view.marks)
            return PageContent(sources, partial(self.context, view, host), view.cache_control)

        return self.page(request, content)

    def without_indicator(self, country: str) -> PageContent:
        return PageContent(Sources(), lambda: {"choice": _choice(None), "country": country, "indicator": None})


class ChartPage(CountryPage):
    """The trend of the same address as a picture that needs no page."""

    template = "chart"
    media_type = pages.SVG
    windows = ()
    context = staticmethod(country_page.chart)

    def without_indicator(self, country: str) -> PageContent:  # noqa: ARG002
        raise Http404


def _redirect(request: HttpRequest, country: str) -> HttpResponseBase:
    """To the one address of a country: the same page, in the same language, with the same parameters."""
    match = request.resolver_match
    assert match is not None  # noqa: S101  every request to a view has one
    return _moved(request, reverse(match.view_name, args=[readings.slug(country)]))


def _moved(request: HttpRequest, address: str) -> HttpResponseBase:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(
        f"{address}?{query}" if query else address, headers={"Cache-Control": caching.REFERENCE}
    )


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
                    "runs": coverage.runs(calendar),
                    "silences": coverage.silences(strips),
                    "waiting": coverage.waiting(calendar),
                    "monthly": coverage.monthly(indicator, clock.now().date()),
                    "agencies": pages.has_agencies(),
                }

            return PageContent(Sources(indicator, selections=lambda: (readings.days(indicator),)), context)

        return self.page(request, content)


class CorrectionsPage(PageView):
    """Which numbers changed after their first publication."""

    template = "corrections"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        given = request.GET

        def content() -> PageContent:
            indicator = _indicator(given)
            if indicator is None:
                return PageContent(Sources(), dict)
            choice = corrections.parse(indicator, given)
            return PageContent(
                Sources(others=lambda: [corrections.mark(choice)]),
                lambda: {"misread": names_time(given), **corrections.read(choice)},
            )

        return self.page(request, content)


class EffectsPage(PageView):
    """The registered interventions, and the draws of orders of countries."""

    template = "effects"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        past_views = PastViews()

        def content() -> PageContent:
            view = effects.read(request.GET, past_views)
            sources = Sources(others=lambda: [view.mark()])
            return PageContent(sources, lambda: effects.overview(view))

        return self.page(request, content)


class EffectPage(PageView):
    """One intervention: what became of it, how this was measured, and what else may explain it."""

    template = "effect"

    def get(self, request: HttpRequest, id: str) -> HttpResponseBase:  # noqa: A002  as the address calls it
        past_views, host = PastViews(), pages.origin(request)

        def content() -> PageContent:
            view = effects.read(request.GET, past_views)
            if not effects.is_registered(view, id):
                raise Http404
            sources = Sources(others=lambda: [view.mark()])
            return PageContent(sources, lambda: effects.detail(view, id, host))

        return self.page(request, content)


class TextPage(PageView):
    """A page of words, some of which name the operator of this service."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def context() -> dict[str, Any]:
            return _text_context(Reference.current())

        sources = Sources(others=lambda: pages.operator().values())
        return self.page(request, lambda: PageContent(sources, context, caching.REFERENCE))

    def offline_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        return _text_context(last_read())


def _text_context(known: Reference | None) -> dict[str, Any]:
    described = pages.indicators(known).values() if known else ()
    return {"indicators": described, "operator": pages.operator(), "prepared": STATEMENT_OF}


class ParticipantsPage(PageView):
    """Which agencies take part, since when, what they count with, and how they can be reached."""

    template = "participants"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def context() -> dict[str, Any]:
            listed = participants.read()
            counts = participants.count_by_minute(listed)
            return {"participants": listed, "by_minute": counts, "operator": pages.operator()}

        def marks() -> tuple[str, ...]:
            # A set-up or a detail begins with a day.
            return clock.now().date().isoformat(), str(participants.by_minute()), *pages.operator().values()

        sources = Sources(others=marks)
        return self.page(request, lambda: PageContent(sources, context, caching.REFERENCE))


class DataPage(PageView):
    """How programs read the numbers, and the data sets in schema.org's terms for search engines."""

    template = "data"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        origin = pages.origin(request)

        def content() -> PageContent:
            # The examples name days, and the present minute.
            times, inventory = readings.example_times(), Inventory.load()
            sources = Sources(others=lambda: (*times, inventory.fingerprint))
            files = [file for one in inventory.datasets for file in one.files]

            def context() -> dict[str, Any]:
                json_ld = schema_org.json_ld(inventory, origin)
                licence = {"name": terms.LICENCE_NAME, "address": terms.LICENCE}
                return {"files": files, "json_ld": json_ld, "licence": licence, **_examples(times, origin)}

            return PageContent(sources, context, caching.REFERENCE)

        return self.page(request, content)


def _examples(times: ExampleTimes, host: str) -> dict[str, Any]:
    days = f"indicator=DOWNLOADS&frequency=D&start={times.first}&end={times.last}&country=NO,SE,DK&format=csv"
    frames = (
        (reverse("site:embed-map"), share.MAP_FRAME),
        (reverse("site:embed-country", args=["no"]), share.CHART_FRAME),
    )
    return {
        **times._asdict(),
        "example": f"{host}/api/v1/aggregates/?{days}",
        "frames": [share.iframe(f"{host}{address}", "Police2Peer", size) for address, size in frames],
    }


def _indicator(given: QueryDict) -> Indicator | None:
    found = pages.indicators()
    return found.get(given.get("indicator", ""), found.get(readings.DOWNLOADS))


def _choice(indicator: Indicator | None) -> dict[str, str]:
    return {"indicator": indicator.code if indicator else readings.DOWNLOADS}

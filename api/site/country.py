"""The page of a country, and the same as a picture: what their templates show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from api.site import coverage, drawings, pages, picture, readings, trends
from api.site.country_view import GROUPS, HEADLINES, MAX_OTHERS, CountryView
from api.site.readings import Period
from api.site.trends import Trend
from api.throttling import costs
from countries.reference import Reference
from federation.geometry import Canvas
from p2p_core import codes, instants

#: To draw a value and write it in a table takes as much time as to look through so many observations.
_VALUE: Final = 50


def page(view: CountryView) -> dict[str, Any]:
    version = view.past.version
    trend = trends.read_countries(view.of_countries(version), view.countries)
    networks = trends.read_networks(view.of_networks(version))
    costs.charge(_VALUE * len(trend.periods) * len([*trend.series, *networks.series]))
    strips, calendar = coverage.read(readings.days(view.indicator))
    headlines = [] if view.as_of else [readings.headline(view.indicator, one, view.country) for one in HEADLINES]
    is_short = any(place and place.step for _, _, place in headlines)
    # Shown instead of numbers that are withheld: the newest known period of the country, with its value and rate.
    rows = zip(trend.periods, trend.series[0].values, trend.series[0].rates, strict=True)
    newest = next((row for row in reversed([*rows]) if row[1] is not None), None) if is_short else None
    to_add: list[tuple[str, str]] = []
    if len(view.others) < MAX_OTHERS:
        left = codes.COUNTRIES.keys() - {*view.countries, codes.UNKNOWN}
        groups = [code for code in GROUPS if code not in view.others]
        to_add = [(code, readings.name_of(code)) for code in (*groups, *sorted(left, key=readings.sort_key))]
    return {
        **_common(view, trend, networks.known_at),
        "indicators": pages.indicators().values(),
        "headlines": headlines,
        "newest": newest,
        "silences": [] if view.as_of else coverage.silences(strips),
        "waiting": [] if view.as_of else coverage.waiting(calendar),
        "steps": [(frequency, view.query(frequency=frequency)) for frequency in view.frequencies],
        "ways": [(what, view.query(show=what)) for what in trends.SCALES],
        "others": [
            (readings.name_of(code), view.query(**{"with": [other for other in view.others if other != code]}))
            for code in view.others
        ],
        "to_add": to_add,
        # The form sends these values back unchanged, so that it changes only one thing.
        "kept": [
            (name, value) for name, given in view.pairs() for value in ([given] if isinstance(given, str) else given)
        ],
        "networks": list(zip(networks.series, drawings.multiples(networks, Canvas()), strict=True)),
        "networks_withheld": bool(networks.series) and all(all(series.steps) for series in networks.series),
        "network_step": next((series.step for series in networks.series), ""),
        "network_table": _newest_first(
            networks.periods, [list(zip(series.values, series.steps, strict=True)) for series in networks.series]
        ),
        "month": trends.newest_known(trends.read_networks(view.of_months(version))),
        "agencies": any(row.active for row in Reference.current().agencies),
        "present": view.query(as_of=None, start=None, end=None),
        "whole": view.query(),
    }


def chart(view: CountryView, host: str) -> dict[str, Any]:
    trend = trends.read_countries(view.of_countries(view.past.version), view.countries)
    if not trend.periods:
        raise Http404
    costs.charge(_VALUE * len(trend.periods) * len(trend.series))
    common = _common(view, trend, None)
    address = f"{host}{common['files']['page']}"
    invented = Reference.current().invented
    laid_out = picture.lay_out(view, trend, common["notes"], common["withheld"], address, invented=invented)
    return common | {"picture": laid_out}


def _common(view: CountryView, trend: Trend, known_at: datetime | None) -> dict[str, Any]:
    """What page and picture both show: the view, its drawing, its annotations and its addresses."""
    notes = trends.annotations(view.indicator, trend)
    # If only one country is shown, the table has counts and rates, and the index if the chart shows it.
    columns = [*trends.SCALES[:2], *([view.what] if view.what == trends.INDEXED else [])]
    pairs = [(trend.series[0], what) for what in columns]
    if len(trend.series) > 1:
        pairs = [(series, view.what) for series in trend.series]
    cells = [
        [(what, value, step) for value, step in zip(trend.on_scale(series, what), series.steps, strict=True)]
        for series, what in pairs
    ]
    withheld = {series.name: series.step for series in trend.series}
    # The page says why there are no hours, even if the chosen step is published.
    if not view.has_hours:
        withheld[trend.series[0].name] = trend.series[0].step or view.frequencies[0]
    return {
        "view": view,
        "choice": {"indicator": view.indicator.code},
        "indicator": view.indicator,
        "country": view.country,
        "trend": trend,
        "columns": columns,
        "withheld": [(name, step) for name, step in withheld.items() if step],
        "table": _newest_first(trend.periods, cells),
        "drawing": drawings.draw(trend, view.what, [note.row for note in notes], Canvas()) if trend.periods else None,
        "notes": notes,
        "files": _files(view, trend, known_at) if trend.periods else {},
    }


def _newest_first(periods: Sequence[Period], columns: Sequence[Sequence[Any]]) -> list[tuple[Period, list[Any]]]:
    """The rows of a table, from columns of values by period."""
    return [(period, [column[at] for column in columns]) for at, period in enumerate(periods)][::-1]


def _files(view: CountryView, trend: Trend, known_at: datetime | None) -> Mapping[str, str]:
    """The addresses that always show the same numbers, as page, picture and data."""
    first, last = trend.periods[0].label, trend.periods[-1].label
    seen = view.as_of or max(filter(None, (trend.known_at, known_at)), default=None)
    as_of = instants.write(seen) if seen else None
    fixed = view.query(start=first, end=last, as_of=as_of)
    code = view.country.lower()
    given = {
        "indicator": view.indicator.code,
        "frequency": view.frequency,
        "start": first,
        "end": last,
        "as_of": as_of,
    }

    def api(countries: Sequence[str], **more: str) -> str:
        pairs = {**given, "country": ",".join(countries), **more}
        return f"/api/v1/aggregates/?{urlencode({name: value for name, value in pairs.items() if value}, safe=',:*')}"

    # The API refuses a country that is named and withheld in all periods.
    published = [series.code for series in trend.series if not all(series.steps)]
    return {
        "name": "-".join(["police2peer", *(code.lower() for code in view.countries), first, last]),
        "page": reverse("site:country", args=[code]) + fixed,
        "svg": reverse("site:country-chart", args=[code]) + fixed,
        "csv": api(published, format="csv"),
        "json": api(published, format="json"),
        "networks": api([view.country], network="*", format="csv"),
    }

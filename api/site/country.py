"""The page of a country, and the same as a picture: what their templates show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from api.site import coverage, drawings, pages, picture, readings, trends
from api.site.chart import Canvas
from api.site.country_view import FREQUENCIES, GROUPS, HEADLINES, OTHERS_AT_MOST, CountryView
from api.site.notes import AnnotationText
from api.site.readings import Period
from api.site.trends import Trend
from api.throttling import costs
from countries.reference import Annotation, Reference
from p2p_core import codes, instants

#: To draw a value and to write it in a table takes as long as to look through so many observations.
_VALUE: Final = 50

Rows = list[tuple[Period, list[tuple[str, float | None]]]]


def page(asked: CountryView) -> dict[str, Any]:
    """Return what the page shows."""
    version = asked.past.version
    trend = trends.trend(asked.of_countries(version), asked.countries)
    networks = trends.networks(asked.of_networks(version))
    costs.charge(_VALUE * len(trend.periods) * len([*trend.series, *networks.series]))
    strips, _ = coverage.read(readings.days(asked.indicator))
    return {
        **shown(asked, trend, networks.known_at),
        "indicators": pages.indicators().values(),
        "headlines": [] if asked.as_of else [_headline(asked, length) for length in HEADLINES],
        "silences": [] if asked.as_of else coverage.silences(strips),
        "steps": [(frequency, asked.query(frequency=frequency)) for frequency in FREQUENCIES],
        "ways": [(what, asked.query(show=what)) for what in trends.SHOWN],
        "others": [(readings.name_of(code), _without(asked, code)) for code in asked.others],
        "to_add": _to_add(asked),
        "kept": _kept(asked),
        "networks": list(zip(networks.series, drawings.multiples(networks, Canvas()), strict=True)),
        "network_table": _network_table(networks),
        "month": trends.newest_known(trends.networks(asked.of_months(version))),
        "agencies": any(row.active for row in Reference.current().agencies),
        "present": asked.query(as_of=None, start=None, end=None),
        "whole": asked.query(),
    }


def chart(asked: CountryView, host: str) -> dict[str, Any]:
    """Return what the picture shows."""
    trend = trends.trend(asked.of_countries(asked.past.version), asked.countries)
    if not trend.periods:
        raise Http404
    costs.charge(_VALUE * len(trend.periods) * len(trend.series))
    found = shown(asked, trend, None)
    address = f"{host}{found['files']['page']}"
    laid_out = picture.laid_out(asked, trend, found["notes"], address, invented=Reference.current().invented)
    return {**found, "picture": laid_out}


def shown(asked: CountryView, trend: Trend, known_at: datetime | None) -> dict[str, Any]:
    """Return what page and picture have in common: the view, its drawing, its notes and its addresses."""
    rows = trends.annotations(asked.indicator, trend)
    return {
        "view": asked,
        "asked": {"indicator": asked.indicator.code},
        "indicator": asked.indicator,
        "country": asked.country,
        "trend": trend,
        "columns": _columns(asked),
        "table": _table(asked, trend),
        "drawing": drawings.draw(trend, asked.what, rows, Canvas()) if trend.periods else None,
        "notes": _notes(rows),
        "files": _files(asked, trend, known_at) if trend.periods else {},
    }


def _headline(asked: CountryView, length: str) -> tuple[str, Any, Any]:
    return readings.headline(asked.indicator, length, asked.country)


def _columns(asked: CountryView) -> list[str]:
    """Return what the table of one country shows: its counts and rates, and the index if the chart shows it."""
    return [*trends.SHOWN[:2], *([asked.what] if asked.what == trends.INDEXED else [])]


def _table(asked: CountryView, trend: Trend) -> Rows:
    """Return the periods, newest first, each with what is shown of each series, or all of the only one."""
    if len(trend.series) == 1:
        columns = [(what, trend.shown(trend.series[0], what)) for what in _columns(asked)]
    else:
        columns = [(asked.what, trend.shown(series, asked.what)) for series in trend.series]
    rows = [[(what, column[at]) for what, column in columns] for at in range(len(trend.periods))]
    return list(zip(trend.periods, rows, strict=True))[::-1]


def _network_table(networks: Trend) -> list[tuple[Period, list[int | None]]]:
    rows = [[series.values[at] for series in networks.series] for at in range(len(networks.periods))]
    return list(zip(networks.periods, rows, strict=True))[::-1]


def _notes(rows: Sequence[Annotation]) -> list[AnnotationText]:
    names = {row.code: row.name for row in Reference.current().agencies}
    return [AnnotationText(row, names.get(row.agency or "", "")) for row in rows]


def _without(asked: CountryView, other: str) -> str:
    return asked.query(**{"with": [code for code in asked.others if code != other]})


def _to_add(asked: CountryView) -> list[tuple[str, str]]:
    """Return what can be compared still, by name; nothing once there is enough."""
    if len(asked.others) == OTHERS_AT_MOST:
        return []
    left = codes.COUNTRIES.keys() - {*asked.countries, codes.UNKNOWN}
    groups = [code for code in GROUPS if code not in asked.others]
    return [(code, readings.name_of(code)) for code in (*groups, *sorted(left, key=readings.sort_key))]


def _kept(asked: CountryView) -> list[tuple[str, str]]:
    """Return what a form has to hand on, so that only one thing changes."""
    return [(name, value) for name, given in asked.pairs() for value in ([given] if isinstance(given, str) else given)]


def _files(asked: CountryView, trend: Trend, known_at: datetime | None) -> Mapping[str, str]:
    """Return the addresses that show the same numbers for good, as page, picture and data."""
    first, last = trend.periods[0].label, trend.periods[-1].label
    seen = asked.as_of or max(filter(None, (trend.known_at, known_at)), default=None)
    as_of = instants.write(seen) if seen else None
    fixed = asked.query(start=first, end=last, as_of=as_of)
    code = asked.country.lower()
    given = {
        "indicator": asked.indicator.code,
        "frequency": asked.frequency,
        "start": first,
        "end": last,
        "as_of": as_of,
    }
    return {
        "name": "-".join(["police2peer", *(code.lower() for code in asked.countries), first, last]),
        "page": reverse("site:country", args=[code]) + fixed,
        "svg": reverse("site:country-chart", args=[code]) + fixed,
        "csv": _api(given, country=asked.countries, format="csv"),
        "json": _api(given, country=asked.countries, format="json"),
        "networks": _api(given, country=[asked.country], network="*", format="csv"),
    }


def _api(given: Mapping[str, str | None], *, country: Sequence[str], **more: str) -> str:
    pairs = {**given, "country": ",".join(country), **more}
    return f"/api/v1/aggregates/?{urlencode({name: value for name, value in pairs.items() if value}, safe=',:*')}"

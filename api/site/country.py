"""The page of a country, and the same as a picture: what their templates show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import Http404
from django.utils import timezone

from api.site import coverage, drawings, legends, pages, picture, ranges, readings, share, trends
from api.site.country_view import HEADLINES, MAX_OTHERS, CountryView
from api.site.readings import Period
from api.site.templatetags import cldr
from api.site.trends import Trend, TrendSeries
from api.throttling import costs
from countries.reference import Reference
from federation.geometry import Canvas
from p2p_core import codes, periods
from p2p_core.periods import Frequency

#: Drawing a value and writing it in a table takes as long as looking through this many observations.
_VALUE: Final = 100


def page(view: CountryView, host: str) -> dict[str, Any]:
    trend = _read(view)
    # A panel has no numbers by network.
    networks = None if trend.agencies else trends.read_networks(view.of_networks())
    gaps = {} if trend.agencies else coverage.gaps(view.of_countries(), trend.periods)
    costs.charge(_VALUE * len(trend.periods) * len([*trend.series, *(networks.series if networks else ())]))
    strips, calendar = coverage.read(readings.days(view.indicator))
    lengths = () if view.as_of else HEADLINES
    headlines = [(one, *readings.headline(view.indicator, one, view.country)) for one in lengths]
    # The numbers of a panel are not the country's.
    is_short = not trend.agencies and any(place and place.step for _, _, place in headlines)
    # Shown instead of numbers that are withheld: the newest known period of the country, with its value and rate.
    rows = zip(trend.periods, trend.series[0].values, trend.series[0].rates, strict=True)
    newest = next((row for row in reversed([*rows]) if row[1] is not None), None) if is_short else None
    return {
        **_common(view, trend, networks, host, gaps),
        **_choices(view, trend),
        **(_by_network(view, networks) if networks else {}),
        "indicators": pages.indicators().values(),
        "headlines": headlines,
        "week_reading": next((reading for length, reading, _ in headlines if length == "P7D"), None),
        "newest": newest,
        "silences": [] if view.as_of else coverage.silences(strips),
        "waiting": [] if view.as_of else coverage.waiting(calendar),
        "own_help": [row for row in Reference.current().help_services if row.country == view.country],
        "is_group": view.country in readings.GROUPS,
        "agencies": pages.has_agencies(),
        "present": view.query(as_of=None, start=None, end=None),
        "whole": view.query(),
    }


def _read(view: CountryView) -> Trend:
    """The trend of the panel that the address names, or of all agencies if there is no such panel at this time."""
    if view.panel:
        [selection] = [one for one in view.of_panels() if one.panel == view.panel]
        trend = trends.read_countries(selection, view.countries)
        if trend.agencies and trend.periods:
            return trend
    return trends.read_countries(view.of_countries(), view.countries)


def _choices(view: CountryView, trend: Trend) -> dict[str, Any]:
    """Where a reader can go from the chart, and what the forms send back unchanged, so that each changes one thing."""
    named = not (view.start or view.end or trend.agencies)
    kept = [(name, value) for name, given in view.pairs() for value in (given if isinstance(given, tuple) else [given])]
    return {
        "steps": [(frequency, view.in_steps(frequency)) for frequency in view.frequencies],
        "ranges": [(name, view.in_range(name), named and name == view.range) for name in ranges.RANGES],
        "longest": ranges.MAX_PERIODS if view.is_cut and not trend.agencies else None,
        "panels": [(months, view.in_panel(months)) for months in trends.panels(view.of_panels())],
        "everybody": view.in_panel(None),
        "has_panels": bool(view.of_panels()),
        "left_out": _left_out(view, trend),
        "ways": [(what, view.query(show=what)) for what in trends.SCALES],
        "others": [
            (readings.name_of(code), view.query(**{"with": [other for other in view.others if other != code]}))
            for code in view.others
        ],
        "to_add": _to_add(view),
        "most": MAX_OTHERS - len(view.others),
        "kept": kept,
        "kept_in_range": [(name, value) for name, value in kept if name not in {"range", "start", "end"}],
        **_days(view, trend),
    }


def _left_out(view: CountryView, trend: Trend) -> int:
    """How many agencies that should have reported in the months of a panel are not in it."""
    if trend.months is None:
        return 0
    first, last = trend.months[0], periods.end("M", trend.months[1]) - timedelta(seconds=1)
    start, end = (periods.start_of(view.frequency, moment) for moment in (first, last))
    selection = replace(view.of_countries(), start=start, end=end)
    return max(0, len(coverage.expected(selection)) - len(trend.agencies))


def _days(view: CountryView, trend: Trend) -> dict[str, Any]:
    """The first and last day of a range that can be chosen, and those of the periods shown, as far as they have ended.

    The chart also shows periods that have ended and are not public yet.
    """
    moment = view.as_of or timezone.now()
    if view.first is None or view.last_day is None or not trend.periods:
        return {}
    shown = trend.periods[0].start, trend.periods[-1].last_day
    ended = [shown[1]] if shown[1] < moment else []
    first, last = view.first, min(max([view.last_day, *ended]), moment)
    return {"first_day": first, "last_day": last, "from_day": max(first, shown[0]), "to_day": min(last, shown[1])}


def _to_add(view: CountryView) -> list[tuple[str, str]]:
    """The countries and groups that can be shown beside the others, groups first."""
    if len(view.others) >= MAX_OTHERS:
        return []
    groups = [code for code in readings.GROUPS if code not in view.countries]
    left = codes.COUNTRIES.keys() - {*view.countries, codes.UNKNOWN}
    return [(code, readings.name_of(code)) for code in (*groups, *sorted(left, key=readings.sort_key))]


def _by_network(view: CountryView, networks: Trend) -> dict[str, Any]:
    newest, values = trends.newest_values(networks)
    return {
        "networks": list(zip(networks.series, drawings.multiples(networks, Canvas()), values, strict=True)),
        "networks_newest": newest,
        "networks_withheld": bool(networks.series) and all(all(series.steps) for series in networks.series),
        "network_step": next((series.step for series in networks.series), ""),
        "network_table": _newest_first(
            networks.periods, [list(zip(series.values, series.steps, strict=True)) for series in networks.series]
        ),
        "month": trends.newest_known(trends.read_networks(view.of_months())),
    }


def chart(view: CountryView, host: str) -> dict[str, Any]:
    trend = _read(view)
    if not trend.periods:
        raise Http404
    costs.charge(_VALUE * len(trend.periods) * len(trend.series))
    common = _common(view, trend, None, host, {})
    address = f"{host}{common['share'].page}"
    invented = Reference.current().invented
    laid_out = picture.lay_out(view, trend, common["notes"], common["withheld"], address, invented=invented)
    return common | {"picture": laid_out}


def _common(
    view: CountryView, trend: Trend, networks: Trend | None, host: str, gaps: Mapping[datetime, coverage.Others]
) -> dict[str, Any]:
    """What page and picture both show: the view, its drawing, its annotations and its addresses."""
    notes = trends.annotations(view.indicator, trend, view.as_of)
    # If only one country is shown, the table has counts and rates, and the index if the chart shows it.
    columns = [*trends.SCALES[:2], *([view.what] if view.what == trends.INDEXED else [])]
    pairs = [(trend.series[0], what) for what in columns]
    if len(trend.series) > 1:
        pairs = [(series, view.what) for series in trend.series]
    cells = [_column(trend, series, what) for series, what in pairs]
    steps = [series.step for series in trend.series]
    # At the finest step that is published, the page says why there are no hours.
    if not view.has_hours and view.frequency == view.frequencies[0]:
        steps[0] = steps[0] or view.frequencies[0]
    drawing = drawings.draw(trend, view.what, [note.row for note in notes], Canvas()) if trend.periods else None
    return {
        "view": view,
        "choice": {"indicator": view.indicator.code},
        "indicator": view.indicator,
        "country": view.country,
        "trend": trend,
        "columns": columns,
        "withheld": [
            f"{series.name}: {cldr.withheld(step, series.code)}"
            for series, step in zip(trend.series, steps, strict=True)
            if step
        ],
        "table": [(row, values, gaps.get(row.start, [])) for row, values in _newest_first(trend.periods, cells)],
        "drawing": drawing,
        "legend": legends.marks(trend, drawing) if drawing else [],
        "notes": notes,
        "monthly": _monthly(view, trend),
        "share": share.of_country(view, trend, networks, host) if trend.periods else None,
    }


def _monthly(view: CountryView, trend: Trend) -> list[str]:
    """The agencies that are in none of the periods shown because they report by month only. A panel names its own."""
    if trend.agencies or view.frequency not in {Frequency.DAY, Frequency.WEEK}:
        return []
    return coverage.monthly(view.indicator, (view.as_of or timezone.now()).date())


def _column(trend: Trend, series: TrendSeries, what: str) -> list[tuple[str, float | None, str, int]]:
    """A column of the table: by period the scale, the value, why there is none, and the decimals of a rate."""
    decimals = cldr.rate_decimals(series.decimals, series.rates)
    values = zip(trend.on_scale(series, what), series.steps, series.values, trend.sides(), strict=True)
    return [
        # A period that contains a break has a count, but no index.
        (what, value, step or ("contains_break" if count is not None and side is None else ""), decimals)
        for value, step, count, side in values
    ]


def _newest_first(periods: Sequence[Period], columns: Sequence[Sequence[Any]]) -> list[tuple[Period, list[Any]]]:
    """The rows of a table, from columns of values by period."""
    return [(period, [column[at] for column in columns]) for at, period in enumerate(periods)][::-1]

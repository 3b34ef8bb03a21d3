"""What a reader can take away from the chart or the map: addresses, files, a frame for other sites, a citation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import translation

from api.site import citations, readings, trends
from api.site.citations import Citation
from api.site.country_view import CountryView
from api.site.readings import Reading
from api.site.templatetags import cldr
from api.site.trends import Trend
from countries.reference import Indicator, Reference
from p2p_core import instants, periods

#: The size of a frame in which the map, or the chart of a country, is seen without scrolling.
MAP_FRAME: Final = (600, 740)
CHART_FRAME: Final = (600, 620)


@dataclass(frozen=True, slots=True)
class Share:
    """``address`` always shows the newest numbers, unless the view has an ``as_of``.

    ``page``, the files and the citation always show the same numbers. There is one exception: the file and the citation
    of the map's last 365 days show the newest numbers. The map has no past views. So its ``page`` is the page of Europe
    with the same days. For the last 24 hours and the last 365 days, ``page`` is empty.

    ``svg`` is empty for the map, because the browser draws its picture. ``networks``, the address of the file by
    network, is empty for the map and for panels. ``csv`` and ``xlsx`` are empty for the last 365 days of the map.
    """

    name: str
    address: str
    page: str
    embed: str
    csv: str
    json: str
    xlsx: str
    networks: str
    svg: str
    citation: Citation | None


def of_country(view: CountryView, trend: Trend, networks: Trend | None, host: str) -> Share:
    """Export a trend that has periods, and the numbers by network beside it."""
    first, last = trend.periods[0].label, trend.periods[-1].label
    shown = [trend, networks] if networks else [trend]
    seen = view.as_of or _newest(view, shown)
    as_of = instants.write(seen) if seen else None
    # Without its step, an address of many days could show weeks.
    fixed = view.query(start=first, end=last, as_of=as_of, range=None, frequency=view.frequency)
    code = readings.slug(view.country)
    page = reverse("site:country", args=[code]) + fixed
    name = "-".join(["police2peer", *(one.lower() for one in view.countries), first, last])
    given = {
        "indicator": view.indicator.code,
        "frequency": view.frequency,
        "start": first,
        "end": last,
        "panel": str(view.panel) if trend.agencies else None,
        "as_of": as_of,
    }
    # The API refuses a country that is named and withheld in all periods.
    published = [series.code for series in trend.series if not all(series.steps)]
    moving = view.query().rstrip("?")
    frame = reverse("site:embed-country", args=[code]) + moving
    title = f"{view.indicator.name} · {', '.join(series.name for series in trend.series)}"
    dates = [cldr.period(trend.periods[at].start, trend.frequency) for at in (0, -1)]
    return Share(
        name=name,
        address=f"{host}{reverse('site:country', args=[code])}{moving}",
        page=page,
        embed=iframe(f"{host}{frame}", title, CHART_FRAME),
        csv=_api(given, published, format="csv"),
        json=_api(given, published, format="json"),
        xlsx=_workbook(given, published),
        # A panel has no numbers by network.
        networks="" if trend.agencies else _api(given, [view.country], network="*", format="csv"),
        svg=reverse("site:country-chart", args=[code]) + fixed,
        citation=_citation(
            name, view.indicator, [series.name for series in trend.series], dates, (seen, trend.version), host + page
        ),
    )


def _newest(view: CountryView, shown: Sequence[Trend]) -> datetime | None:
    """When the newest version of what is shown became public.

    Panels count too. They can be newer than the numbers, and a cited view offers the same ones.
    """
    found = [*(one.known_at for one in shown), trends.newest_of_panels(view.of_panels())]
    return max((known_at for known_at in found if known_at), default=None)


def of_map(reading: Reading, indicator: Indicator, choice: Mapping[str, str], host: str) -> Share:
    """Export the numbers of the map. A window has the cells of its days or hours.

    The year is a sum of months and days, and all numbers are rounded, so the cells of days have another sum.
    """
    frequency = "H" if choice["window"] == "P1D" else "D"
    starts = reading.period.start, reading.period.last_day
    first, last = (periods.label(frequency, periods.start_of(frequency, one)) for one in starts)
    as_of = instants.write(reading.known_at) if reading.known_at else None
    given = {"indicator": indicator.code, "frequency": frequency, "start": first, "end": last, "as_of": as_of}
    name = "-".join(["police2peer", indicator.code.lower().replace("_", "-"), first, last]).replace(":", "")
    # As DEFAULTS in web/src/address.js.
    defaults = {"indicator": readings.DOWNLOADS, "window": "P7D", "day": "", "per": "head"}
    chosen = {one: choice[one] for one in defaults if choice.get(one, defaults[one]) != defaults[one]}
    query = f"?{urlencode(chosen)}" if chosen else ""
    dates = [cldr.moment(one) if frequency == "H" else cldr.day(one) for one in (starts[0], _end(reading, frequency))]
    # The API refuses a country that is named and withheld.
    shown = [place.code for place in (*reading.groups.values(), *reading.places) if not place.step]
    files = {form: _api(given, shown, format=form) for form in ("csv", "json")}
    files["xlsx"] = _workbook(given, shown)
    if choice["window"] == "P365D":
        files = {"json": f"/api/v1/aggregates/windows/?{urlencode({'indicator': indicator.code, 'window': 'P365D'})}"}
    page = ""
    # No page shows hours, and the days of a year have another sum than its months.
    if choice["window"] not in {"P1D", "P365D"}:
        fixed = given | {"indicator": "" if indicator.code == readings.DOWNLOADS else indicator.code}
        page = f"{reverse('site:country', args=[readings.slug(readings.EUROPE)])}?{_query(fixed)}"
    return Share(
        name=name,
        address=f"{host}{reverse('site:map')}{query}",
        page=page,
        embed=iframe(f"{host}{reverse('site:embed-map')}{query}", indicator.name, MAP_FRAME),
        csv=files.get("csv", ""),
        json=files["json"],
        xlsx=files.get("xlsx", ""),
        networks="",
        svg="",
        citation=_citation(
            name,
            indicator,
            [reading.total.name],
            dates,
            (reading.known_at, reading.version),
            host + (page or files["json"]),
        ),
    )


def _end(reading: Reading, frequency: str) -> datetime:
    """The end of a window of hours, or the last day of another one."""
    return reading.period.end if frequency == "H" else reading.period.last_day


def _api(given: Mapping[str, str | None], countries: Sequence[str], **more: str) -> str:
    return f"/api/v1/aggregates/?{_query({**given, 'country': ','.join(countries), **more})}"


def _workbook(given: Mapping[str, str | None], countries: Sequence[str]) -> str:
    """A workbook has names and texts in the language of the page, even if the browser prefers another language."""
    return _api(given, countries, format="xlsx", language=translation.get_language() or "en")


def _query(given: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in given.items() if value}, safe=",:*")


def iframe(address: str, title: str, size: tuple[int, int]) -> str:
    width, height = size
    sizes = f'width="{width}" height="{height}" style="max-width:100%"'
    return f'<iframe src="{escape(address)}" title="{escape(title)}" {sizes}></iframe>'


def _citation(
    key: str,
    indicator: Indicator,
    places: Sequence[str],
    dates: Sequence[str],
    seen: tuple[datetime | None, int | None],
    url: str,
) -> Citation | None:
    """A citation, unless nothing has been published yet. One period has one date."""
    known_at, version = seen
    if known_at is None:
        return None
    period = cldr.interval(*dates)
    invented = Reference.current().invented
    return citations.Citation(key, indicator.name, places, period, known_at, version, url, invented)

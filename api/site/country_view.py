"""The view of a country, read leniently from an address."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from api import caching
from api.site import readings, trends
from countries.reference import Indicator, Reference
from federation import published
from federation.errors import AsOfInFutureError
from federation.published import Selection
from federation.published.answers import PastView
from federation.published.detail import PeriodRange
from federation.rules.view import ALL_NETWORKS, Series
from p2p_core import codes, instants, periods

FREQUENCIES: Final = tuple(trends.SPANS)
#: The most other countries: nobody could distinguish more of them in one drawing.
MAX_OTHERS: Final = 5
#: The last day, week and year of a country.
HEADLINES: Final = ("P1D", "P7D", "P365D")
#: The groups with which a country can be compared.
GROUPS: Final = ("EUROPE", "EU27_2020")
#: The parameters of all pages that name a time. If a page shows another time than its address names, it says so.
_TIMES: Final = ("start", "end", "as_of", "day")
_DAYS: Final = {"D": 1, "W": 7, "M": 28}
_PLACES: Final = codes.COUNTRIES | codes.GROUPS


@dataclass(frozen=True, slots=True)
class CountryView:
    """``misread``: a time in the address was not understood, so all times were ignored."""

    country: str
    indicator: Indicator
    frequency: str
    others: tuple[str, ...]
    what: str
    start: datetime | None
    end: datetime | None
    as_of: datetime | None
    #: The version to read: the newest, or the one that was public at ``as_of``.
    past: PastView
    misread: bool
    #: The frequencies at which the country is published, finest first, and whether its hours are.
    frequencies: tuple[str, ...]
    has_hours: bool

    @property
    def countries(self) -> list[str]:
        return [self.country, *self.others]

    @property
    def is_fixed(self) -> bool:
        """Whether the address names a time. Then there may be no numbers to show."""
        return bool(self.as_of or self.start or self.end)

    @property
    def cache_control(self) -> str:
        """A past view does not change, but help services and words beside it may."""
        return caching.REFERENCE if self.past.settled else caching.CURRENT

    def span(self) -> tuple[datetime, datetime]:
        """The first and the last period. What the address leaves open moves with the clock."""
        newest = periods.start_of(self.frequency, self.as_of or timezone.now())
        end = min(self.end or newest, newest)
        usual = periods.start_of(self.frequency, end - trends.SPANS[self.frequency])
        start = self.start if self.start and self.start <= end else usual
        longest = timedelta(days=_DAYS[self.frequency] * trends.LONGEST)
        return max(start, periods.start_of(self.frequency, end - longest)), end

    def selections(self) -> list[Selection]:
        """All periods that the view shows."""
        version = self.past.version
        found = [self.of_countries(version), self.of_networks(version), self.of_months(version)]
        return found if self.as_of else [*found, readings.days(self.indicator)]

    def of_countries(self, version: int) -> Selection:
        """The countries over all networks."""
        numbers = tuple(_PLACES[code] for code in self.countries)
        return Selection(self.indicator.number, self.frequency, *self.span(), numbers, (ALL_NETWORKS,), version)

    def of_networks(self, version: int) -> Selection:
        return self._by_network(self.frequency, self.span(), version)

    def of_months(self, version: int) -> Selection:
        """The months, by network, among which the newest known one is looked for."""
        end = periods.start_of("M", periods.end(self.frequency, self.span()[1]) - timedelta(seconds=1))
        start = periods.start_of("M", end - timedelta(days=92))
        return self._by_network("M", (start, end), version)

    def _by_network(self, frequency: str, span: tuple[datetime, datetime], version: int) -> Selection:
        """The country alone, by network."""
        country, networks = codes.COUNTRIES[self.country], tuple(codes.NETWORKS.values())
        return Selection(self.indicator.number, frequency, *span, (country,), networks, version)

    def pairs(self, **changes: Any) -> list[tuple[str, Any]]:
        """The parameters of its address, with some of them changed. Defaults are left out."""
        given: dict[str, Any] = {
            "indicator": self.indicator.code if self.indicator.code != readings.DOWNLOADS else None,
            "frequency": self.frequency if self.frequency != FREQUENCIES[0] else None,
            "with": self.others,
            "show": self.what if self.what != _default_show(changes.get("with", self.others)) else None,
            "start": periods.label(self.frequency, self.start) if self.start else None,
            "end": periods.label(self.frequency, self.end) if self.end else None,
            "as_of": instants.write(self.as_of) if self.as_of else None,
        }
        return [(name, value) for name, value in (given | changes).items() if value]

    def query(self, **changes: Any) -> str:
        return f"?{urlencode(self.pairs(**changes), doseq=True, safe=':')}"


def parse(country: str, indicator: Indicator, given: QueryDict, reference: Reference) -> CountryView:
    """Read a view from the address. Unknown values are ignored; one bad or future time makes all times ignored."""
    frequency = given.get("frequency", "")
    known = codes.COUNTRIES.keys() | set(GROUPS)
    beside = dict.fromkeys(code.strip().upper() for text in given.getlist("with") for code in text.split(","))
    others = tuple([code for code in beside if code in known and code != country][:MAX_OTHERS])
    what = given.get("show", "")

    newest = PastView(published.NEWEST, settled=False)
    as_of, past = _past_view(given.get("as_of", "")) or (None, newest)
    until = min(filter(None, (as_of or timezone.now(), _period("D", given.get("end", ""), last=True))))
    # The frequencies at which the country is published in the periods of that moment.
    named = [Series(codes.COUNTRIES[country], ALL_NETWORKS)]
    starts = {one.value: periods.start_of(one, until) for one in periods.Frequency}
    spans = {one: PeriodRange(reference, indicator.number, one, start, start) for one, start in starts.items()}
    published_at = [one for one, span in spans.items() if not span.withheld_throughout(named)]
    frequencies = tuple(one for one in FREQUENCIES if one in published_at)
    if frequency not in frequencies:
        frequency = frequencies[0]
    start, end = _period(frequency, given.get("start", "")), _period(frequency, given.get("end", ""), last=True)
    last = periods.start_of(frequency, as_of or timezone.now())
    understood = {"start": start, "end": end, "as_of": as_of}
    misread = any(given.get(name) and understood.get(name) is None for name in _TIMES)
    if misread or (start and start > (min(end, last) if end else last)):
        # The steps also belonged to the times in the address.
        present = given.copy()
        for name in _TIMES:
            present.pop(name, None)
        return replace(parse(country, indicator, present, reference), misread=True)
    return CountryView(
        country=country,
        indicator=indicator,
        frequency=frequency,
        others=others,
        what=what if what in trends.SCALES else _default_show(others),
        start=start,
        end=end,
        as_of=as_of,
        past=past,
        misread=False,
        frequencies=frequencies,
        has_hours=periods.Frequency.HOUR in published_at,
    )


def names_time(given: QueryDict, *, ignore: str = "") -> bool:
    """Whether an address names a time, as some page understands it, in another parameter."""
    return any(given.get(name) for name in _TIMES if name != ignore)


def _default_show(others: Sequence[str]) -> str:
    """Countries of different sizes are compared per head."""
    return trends.HEAD if others else trends.COUNT


def _period(frequency: str, text: str, *, last: bool = False) -> datetime | None:
    """The period that one of any frequency begins or ends in, so that a span outlives a change of the frequency."""
    for form in FREQUENCIES:
        with suppress(periods.PeriodError, ValueError, OverflowError):
            start = periods.parse(form, text)
            moment = periods.end(form, start) - timedelta(seconds=1) if last else start
            return periods.start_of(frequency, max(moment, periods.EARLIEST))
    return None


def _past_view(text: str) -> tuple[datetime, PastView] | None:
    """A past instant, and the version that was public then. A day means its beginning."""
    with suppress(ValueError, AsOfInFutureError):
        moment = instants.parse(text if "T" in text else f"{text}T00:00")
        return (moment, published.past_view(FREQUENCIES[0], moment)) if moment >= periods.EARLIEST else None
    return None

"""What is asked about a country, read leniently out of an address that holds the whole view."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from api import caching
from api.site import readings, trends
from countries.reference import Indicator
from federation import published
from federation.errors import AsOfInFutureError
from federation.published import PastView, Selection
from p2p_core import codes, instants, periods

Seen = tuple[datetime, PastView]

FREQUENCIES: Final = tuple(trends.SPANS)
#: So many others can be told apart in one drawing.
OTHERS_AT_MOST: Final = 5
#: The last day, week and year of a country.
HEADLINES: Final = ("P1D", "P7D", "P365D")
#: What a country can be compared with, besides other countries.
GROUPS: Final = ("EUROPE", "EU27_2020")
#: Nothing was public before; and a span that ends at the beginning of the calendar has no beginning.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: What names a time on one of the pages. A page that shows numbers of another time than its address names says so.
_TIMES: Final = ("start", "end", "as_of", "day")
_DAYS: Final = {"D": 1, "W": 7, "M": 28}


@dataclass(frozen=True, slots=True)
class CountryView:
    """A view of a country. ``misread`` says that a time in its address was not understood, and all were left aside."""

    country: str
    indicator: Indicator
    frequency: str
    others: tuple[str, ...]
    what: str
    start: datetime | None
    end: datetime | None
    as_of: datetime | None
    #: The version to read: the newest, or the one that was public then.
    past: PastView
    misread: bool

    @property
    def countries(self) -> list[str]:
        return [self.country, *self.others]

    @property
    def is_fixed(self) -> bool:
        """Whether its address names a time, and so may name one of which there is nothing."""
        return bool(self.as_of or self.start or self.end)

    def lasts(self) -> str:
        """Return how long it lasts: a past view does not change, but help services and words beside it may."""
        return caching.REFERENCE if self.past.settled else caching.CURRENT

    def span(self) -> tuple[datetime, datetime]:
        """Return the first and last period; what the address leaves open moves with the clock."""
        newest = trends.containing(self.frequency, self.as_of or timezone.now())
        end = min(self.end or newest, newest)
        usual = trends.containing(self.frequency, end - trends.SPANS[self.frequency])
        start = self.start if self.start and self.start <= end else usual
        longest = timedelta(days=_DAYS[self.frequency] * trends.LONGEST)
        return max(start, trends.containing(self.frequency, end - longest)), end

    def selections(self) -> list[Selection]:
        """Return what names all periods that the view shows."""
        version = self.past.version
        found = [self.of_countries(version), self.of_networks(version), self.of_months(version)]
        return found if self.as_of else [*found, readings.days(self.indicator)]

    def of_countries(self, version: int) -> Selection:
        return trends.selection(self.indicator, self.frequency, self.span(), self.countries, version)

    def of_networks(self, version: int) -> Selection:
        return trends.network_selection(self.indicator, self.frequency, self.span(), self.country, version)

    def of_months(self, version: int) -> Selection:
        """Return what names the months among which the newest known one is looked for, by network."""
        end = trends.containing("M", periods.end(self.frequency, self.span()[1]) - timedelta(seconds=1))
        start = trends.containing("M", end - timedelta(days=92))
        return trends.network_selection(self.indicator, "M", (start, end), self.country, version)

    def pairs(self, **changes: Any) -> list[tuple[str, Any]]:
        """Return the address's parameters with some of them changed; what is as usual is left out."""
        given: dict[str, Any] = {
            "indicator": self.indicator.code if self.indicator.code != readings.DOWNLOADS else None,
            "frequency": self.frequency if self.frequency != FREQUENCIES[0] else None,
            "with": self.others,
            "show": self.what if self.what != _usual(changes.get("with", self.others)) else None,
            "start": periods.label(self.frequency, self.start) if self.start else None,
            "end": periods.label(self.frequency, self.end) if self.end else None,
            "as_of": instants.write(self.as_of) if self.as_of else None,
        }
        return [(name, value) for name, value in (given | changes).items() if value]

    def query(self, **changes: Any) -> str:
        """Return the same as the end of an address."""
        return f"?{urlencode(self.pairs(**changes), doseq=True, safe=':')}"


def ask_about(country: str, indicator: Indicator, given: QueryDict) -> CountryView:
    """Read what is asked for; what is not known is left aside."""
    frequency = _among(given.get("frequency"), FREQUENCIES, FREQUENCIES[0])
    others = tuple(_others(given.getlist("with"), country))
    start, end, seen, misread = _times(given, frequency)
    as_of, past = seen or (None, PastView(published.NEWEST, settled=False))
    return CountryView(
        country=country,
        indicator=indicator,
        frequency=frequency,
        others=others,
        what=_among(given.get("show"), trends.SHOWN, _usual(others)),
        start=start,
        end=end,
        as_of=as_of,
        past=past,
        misread=misread,
    )


def names_time(given: QueryDict, *, but: str = "") -> bool:
    """Whether an address names a time, as some page understands it, in another parameter."""
    return any(given.get(name) for name in _TIMES if name != but)


def _times(given: QueryDict, frequency: str) -> tuple[datetime | None, datetime | None, Seen | None, bool]:
    """Return start, end and time of reading, and whether all are left aside as one cannot be read or has not come."""
    seen = _seen(given.get("as_of", ""))
    start, end = _period(frequency, given.get("start", "")), _period(frequency, given.get("end", ""), last=True)
    understood = {"start": start, "end": end, "as_of": seen}
    last = trends.containing(frequency, seen[0] if seen else timezone.now())
    if any(given.get(name) and understood.get(name) is None for name in _TIMES) or (
        start and start > (min(end, last) if end else last)
    ):
        return None, None, None, True
    return start, end, seen, False


def _among(text: str | None, known: Sequence[str], usual: str) -> str:
    return text if text and text in known else usual


def _usual(others: Sequence[str]) -> str:
    """Return what is shown unless the address says: countries of different sizes are compared per head."""
    return trends.HEAD if others else trends.COUNT


def _others(given: Iterable[str], country: str) -> list[str]:
    known = codes.COUNTRIES.keys() | set(GROUPS)
    named = dict.fromkeys(code.strip().upper() for text in given for code in text.split(","))
    return [code for code in named if code in known and code != country][:OTHERS_AT_MOST]


def _period(frequency: str, text: str, *, last: bool = False) -> datetime | None:
    """Return the period that one of any frequency begins or ends in, so that a span outlives a switch of steps."""
    for written in FREQUENCIES:
        with suppress(periods.PeriodError, ValueError, OverflowError):
            start = periods.parse(written, text)
            moment = periods.end(written, start) - timedelta(seconds=1) if last else start
            return trends.containing(frequency, moment)
    return None


def _seen(text: str) -> Seen | None:
    """Return a moment that has passed, or the beginning of a day, and what was public then."""
    with suppress(ValueError, AsOfInFutureError):
        moment = instants.parse(text if "T" in text else f"{text}T00:00")
        return (moment, published.past_view(FREQUENCIES[0], moment)) if moment >= EARLIEST else None
    return None

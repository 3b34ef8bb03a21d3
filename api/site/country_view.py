"""The view of a country, read leniently from an address."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from api import caching
from api.site import ranges, readings, trends
from countries.reference import Indicator, Reference
from federation import published
from federation.errors import AsOfInFutureError
from federation.published import Selection
from federation.published.answers import PastView
from federation.published.detail import PeriodRange
from federation.rules import panels
from federation.rules.view import ALL_NETWORKS, Series
from p2p_core import codes, instants, periods

FREQUENCIES: Final = ranges.STEPS
#: The most other countries: nobody could distinguish more of them in one drawing.
MAX_OTHERS: Final = 5
#: The last day, week and year of a country.
HEADLINES: Final = ("P1D", "P7D", "P365D")
#: The parameters of all pages that name a time. If a page shows another time than its address names, it says so.
_TIMES: Final = ("start", "end", "as_of", "day")
_PLACES: Final = codes.COUNTRIES | codes.GROUPS


class PastViews:
    """Looks up past views for one address, and each settled one only once: it never changes."""

    def __init__(self) -> None:
        self._settled: dict[datetime, PastView] = {}

    def at(self, moment: datetime) -> PastView:
        if moment in self._settled:
            published.at_instant(moment)
            return self._settled[moment]
        found = published.past_view(FREQUENCIES[0], moment)
        if found.settled:
            self._settled[moment] = found
        return found


@dataclass(frozen=True, slots=True)
class CountryView:
    """The page of a country as its address describes it.

    ``misread``: a time in the address was not understood, so all times were ignored.

    ``range`` is the name of a range; with a ``start`` it means nothing. ``has_step``: the address names the step.
    ``panel`` is the length in months of the panel whose numbers are shown instead of those of all agencies.
    """

    country: str
    indicator: Indicator
    frequency: str
    has_step: bool
    range: str
    others: tuple[str, ...]
    what: str
    panel: int | None
    start: datetime | None
    end: datetime | None
    as_of: datetime | None
    #: The version to read: the newest, or the one that was public at ``as_of``.
    past: PastView
    misread: bool
    #: The frequencies at which the country is published, finest first, and whether its hours are.
    frequencies: tuple[str, ...]
    has_hours: bool
    #: The start of the first period that is public now, and a moment of the last public day, if there are any.
    first: datetime | None
    last_day: datetime | None

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
        start, earliest, end = self._bounds()
        return max(start, earliest), end

    @property
    def is_cut(self) -> bool:
        """Whether the range in the address has published periods before the first that is shown."""
        start, earliest, _ = self._bounds()
        return max(start, self.first or earliest) < earliest

    def _bounds(self) -> tuple[datetime, datetime, datetime]:
        """The first period of the range, the earliest with which a trend may begin, and the last period."""
        newest = periods.start_of(self.frequency, self.as_of or timezone.now())
        end = min(self.end or newest, newest)
        # The running period is not public yet, so a range has its length before it, or with the period named last.
        after = end if end == newest else periods.end(self.frequency, end)
        usual = ranges.start_of(self.range, self.frequency, after, self.first or end)
        start = self.start if self.start and self.start <= end else periods.start_of(self.frequency, usual)
        return start, periods.start_of(self.frequency, ranges.earliest_start(self.frequency, after)), end

    def suits(self, name: str, frequency: str) -> bool:
        """Whether a step suits a named range."""
        end = self.end or self.as_of or timezone.now()
        return ranges.suits(name, frequency, end, self.first or end)

    def selections(self) -> list[Selection]:
        """All periods that the view shows."""
        found = [self.of_countries(), self.of_networks(), self.of_months(), *self.of_panels()]
        return found if self.as_of else [*found, readings.days(self.indicator)]

    def marks(self) -> list[str]:
        """What else the page shows that can change without a publication."""
        return [str(self.misread), "".join(self.frequencies), str(self.first)]

    def of_countries(self) -> Selection:
        """The countries over all networks."""
        numbers = tuple(_PLACES[code] for code in self.countries)
        indicator, span = self.indicator.number, self.span()
        networks, version = (ALL_NETWORKS,), self.past.version
        return Selection(indicator, self.frequency, *span, numbers, networks, version, seen=self.as_of)

    def of_panels(self) -> list[Selection]:
        """The panels of the countries, shortest first. Only weeks and months have panels."""
        if self.frequency not in panels.FREQUENCIES:
            return []
        whole = replace(self.of_countries(), start=self.start or periods.EARLIEST)
        return [replace(whole, panel=months) for months in panels.MONTHS]

    def of_networks(self) -> Selection:
        return self._by_network(self.frequency, self.span())

    def of_months(self) -> Selection:
        """The months, by network, among which the newest known one is looked for."""
        end = periods.start_of("M", periods.end(self.frequency, self.span()[1]) - timedelta(seconds=1))
        start = periods.start_of("M", end - timedelta(days=92))
        return self._by_network("M", (start, end))

    def _by_network(self, frequency: str, span: tuple[datetime, datetime]) -> Selection:
        """The country alone, by network."""
        country, networks = _PLACES[self.country], tuple(codes.NETWORKS.values())
        return Selection(self.indicator.number, frequency, *span, (country,), networks, self.past.version)

    def in_steps(self, frequency: str) -> str:
        """The address of the same view in other steps. They keep a range by its name only if they suit it."""
        name = self.range if self.suits(self.range, frequency) else ranges.DEFAULT_RANGES[frequency]
        panel = self.panel if frequency in panels.FREQUENCIES else None
        return replace(self, frequency=frequency, has_step=True, range=name, panel=panel).query(**self._ends())

    def in_range(self, name: str) -> str:
        """The address of the same view in another range. The step is kept only if it suits the range."""
        has_step = self.has_step and self.suits(name, self.frequency)
        return replace(self, has_step=has_step, range=name, start=None, end=None, panel=None).query()

    def in_panel(self, months: int | None) -> str:
        return replace(self, panel=months, has_step=self.has_step or months is not None).query()

    def pairs(self, **changes: Any) -> list[tuple[str, Any]]:
        """The parameters of its address, with some of them changed. Defaults are left out."""
        # Without a step and a range, a view has the finest step and the usual range of it.
        steps = self.frequency if self.has_step else self.frequencies[0]
        is_usual = self.range == ranges.DEFAULT_RANGES[steps]
        # A start without a step has the finest step that suits it, which need not be days.
        is_finest = is_usual and steps == FREQUENCIES[0] and not self.start
        given: dict[str, Any] = {
            "indicator": self.indicator.code if self.indicator.code != readings.DOWNLOADS else None,
            "frequency": steps if self.has_step and not is_finest else None,
            "range": self.range if not (is_usual or self.start or self.panel) else None,
            "with": self.others,
            "show": self.what if self.what != _default_show(changes.get("with", self.others)) else None,
            "panel": self.panel,
            **self._ends(),
            "as_of": instants.write(self.as_of) if self.as_of else None,
        }
        return [(name, value) for name, value in (given | changes).items() if value]

    def _ends(self) -> dict[str, str | None]:
        ends = {"start": self.start, "end": self.end}
        return {name: periods.label(self.frequency, end) if end else None for name, end in ends.items()}

    def query(self, **changes: Any) -> str:
        return f"?{urlencode(self.pairs(**changes), doseq=True, safe=':')}"


def parse(
    country: str, indicator: Indicator, given: QueryDict, reference: Reference, past_views: PastViews | None = None
) -> CountryView:
    """Read a view from the address. Unknown values are ignored; one bad or future time makes all times ignored."""
    known = codes.COUNTRIES.keys() | readings.GROUPS.keys()
    beside = dict.fromkeys(code.strip().upper() for text in given.getlist("with") for code in text.split(","))
    others = tuple([code for code in beside if code in known and code != country][:MAX_OTHERS])
    what = given.get("show", "")

    newest = PastView(published.NEWEST, settled=False)
    as_of, past = past_view(given.get("as_of", ""), past_views or PastViews()) or (None, newest)
    until = min(filter(None, (as_of or timezone.now(), _period("D", given.get("end", ""), last=True))))
    public = readings.public_spans(indicator, FREQUENCIES)
    first, last_day = _public_days(public)
    published_at = _published_at(country, indicator, reference, until)
    frequencies = _offered(published_at, public)
    steps = _steps(given, frequencies, until, first or until)
    frequency = steps["frequency"]
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
        **steps,
        others=others,
        what=what if what in trends.SCALES else _default_show(others),
        start=start,
        end=end,
        as_of=as_of,
        past=past,
        misread=False,
        frequencies=frequencies,
        has_hours=periods.Frequency.HOUR in published_at,
        first=first,
        last_day=last_day,
    )


def _public_days(public: Mapping[str, tuple[datetime, datetime]]) -> tuple[datetime | None, datetime | None]:
    """The start of the first public period, and a moment of the last public day."""
    # A year may begin long before its first numbers.
    finer = {one: span for one, span in public.items() if one != periods.Frequency.YEAR} or public
    first = min((start for start, _ in finer.values()), default=None)
    last_day = max((periods.end(one, last) - timedelta(seconds=1) for one, (_, last) in finer.items()), default=None)
    return first, last_day


def _published_at(country: str, indicator: Indicator, reference: Reference, moment: datetime) -> list[str]:
    """The frequencies at which a country is published in the periods of a moment."""
    named = [Series(_PLACES[country], ALL_NETWORKS)]
    starts = {one.value: periods.start_of(one, moment) for one in periods.Frequency}
    spans = {one: PeriodRange(reference, indicator.number, one, start, start) for one, start in starts.items()}
    return [one for one, span in spans.items() if not span.withheld_throughout(named)]


def _offered(published_at: Sequence[str], public: Mapping[str, object]) -> tuple[str, ...]:
    """The steps of a country, finest first. A step of which no period is public yet is offered only if all are so."""
    allowed = [one for one in FREQUENCIES if one in published_at]
    return tuple([one for one in allowed if one in public] or allowed)


def _steps(given: QueryDict, frequencies: Sequence[str], until: datetime, first: datetime) -> dict[str, Any]:
    """The step, the range and the panel of an address. If it names no step, the range and the panel choose it."""
    frequency, name, months = given.get("frequency", ""), given.get("range", ""), given.get("panel", "")
    named, has_step = name in ranges.RANGES, frequency in frequencies
    start = _period(FREQUENCIES[0], given.get("start", ""))
    of_panels = [one for one in frequencies if one in panels.FREQUENCIES]
    panel = int(months) if months in map(str, panels.MONTHS) and of_panels else None
    if has_step:
        panel = panel if frequency in of_panels else None
    elif panel:
        frequency = ranges.finest(of_panels, panels.start_of_span(until, panel), until, ranges.READABLE_PERIODS)
    elif start:
        frequency = ranges.finest(frequencies, start, until, ranges.MAX_PERIODS)
    elif named:
        begin = ranges.start_of(name, frequencies[0], until, first)
        frequency = ranges.finest(frequencies, begin, until, ranges.READABLE_PERIODS)
    else:
        frequency = frequencies[0]
    name = name if named else ranges.DEFAULT_RANGES[frequency]
    return {"frequency": frequency, "has_step": has_step or bool(panel), "range": name, "panel": panel}


def names_time(given: Mapping[str, str], *, ignore: str = "") -> bool:
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


def past_view(text: str, past_views: PastViews) -> tuple[datetime, PastView] | None:
    """A past instant, and the version that was public then. A day means its beginning."""
    with suppress(ValueError, AsOfInFutureError):
        moment = instants.parse(text if "T" in text else f"{text}T00:00")
        return (moment, past_views.at(moment)) if moment >= periods.EARLIEST else None
    return None

"""Questions about the combined view, read strictly from an address: which numbers, as seen at which time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest

from api import caching, pagination, parameters
from api.problems import Problem
from api.v1 import query_params
from api.v1.query_params import Given
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection
from federation.published.answers import Page
from federation.published.terms import INVENTED
from federation.published.vintages import ALWAYS
from federation.rules import panels
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, periods

ALL: Final = "*"
#: The lengths of panels as they are given.
PANELS: Final = tuple(map(str, panels.MONTHS))

_EPOCH: Final = datetime.fromtimestamp(0, UTC)

_COUNTRIES: Final = codes.COUNTRIES | codes.GROUPS
_NETWORKS: Final = codes.NETWORKS | {codes.TOTAL: ALL_NETWORKS}


def notes(indicator: Indicator, reference: Reference) -> list[str]:
    """What readers must know of the numbers: what they are not, and whether some are invented."""
    return [*indicator.notes, *([INVENTED] if reference.invented else ())]


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a range of periods: its parameters as given and as read, and the reference data.

    A ``start`` or ``end`` that is not given is None here, and in the ``selection`` some period until ``view`` has found
    the right one. A later page has a ``place``: the version of the first page; the period with which the page begins,
    in seconds since 1970; and the time since which the first page was public, in milliseconds since 1970.
    """

    given: Given
    address: str
    reference: Reference
    indicator: Indicator
    selection: Selection
    start: datetime | None = None
    end: datetime | None = None
    as_of: datetime | None = None
    place: tuple[int, int, int] | None = None

    @property
    def first(self) -> datetime | None:
        """The period that the page begins with, if it is not the first page."""
        return datetime.fromtimestamp(self.place[1], UTC) if self.place else None

    def view(self) -> tuple[Selection, str]:
        """What to read, at which version, and for how long caches may keep it. What is not public is refused."""
        selection, lasts = self._at_version()
        if self.start is None or self.end is None:
            selection = self._between(selection, published.extent(selection))
        published.check(selection, self.reference)
        return selection, lasts

    def _at_version(self) -> tuple[Selection, str]:
        if self.place:
            version, _, milliseconds = self.place
            published.at_version(version)
            seen = _EPOCH + timedelta(milliseconds=milliseconds)
            return replace(self.selection, version=version, seen=seen), caching.PAST
        if self.as_of:
            past = published.past_view(self.selection.frequency, self.as_of)
            lasts = caching.PAST if past.settled else caching.CURRENT
            return replace(self.selection, version=past.version, seen=self.as_of), lasts
        return self.selection, caching.LIVE if self.selection.frequency == "N" else caching.CURRENT

    def _between(self, selection: Selection, public: tuple[datetime, datetime] | None) -> Selection:
        """The selection from the first public period to the last. A start or end that was given stays as it is."""
        if public is None:
            # Nobody can name an earlier period.
            before = periods.start_of(selection.frequency, periods.EARLIEST - timedelta(seconds=1))
            public = (periods.end(selection.frequency, before),) * 2
        first, last = public
        start = self.start or (min(first, self.end) if self.end else first)
        return replace(selection, start=start, end=self.end or max(last, start))

    def next_address(self, selection: Selection, page: Page) -> str | None:
        """The address of the next page: the same range at the same version, even if a range was open."""
        if page.version is None or page.known_at is None or page.following is None:
            return None
        ends = {name: periods.label(selection.frequency, getattr(selection, name)) for name in ("start", "end")}
        given = {**self.given, **ends}
        milliseconds = (page.known_at - _EPOCH) // timedelta(milliseconds=1)
        place = page.version, periods.epoch(page.following), milliseconds
        cursor = pagination.encode(parameters.question(given), *place)
        return f"{self.address}?{urlencode({**given, 'cursor': cursor}, safe=',*:')}"


def read(request: HttpRequest, *, optional: Collection[str]) -> Question:
    """Read a question about a range of periods."""
    given = parameters.read(request, required=("indicator", "frequency"), optional=("start", "end", *optional))
    reference = Reference.current()
    indicator = query_params.indicator(given["indicator"], reference)
    start, end = _ends(given)
    selection = _selection(given, indicator.number, start, end)
    place = None
    if "cursor" in given:
        version, first, seen = pagination.decode(parameters.question(given), given["cursor"], length=3)
        in_range = periods.epoch(selection.start) <= first <= periods.epoch(selection.end)
        if not in_range or not 0 < version < published.NEWEST or not 0 <= seen < 1000 * pagination.MOST_SECONDS:
            raise Problem("bad_cursor")
        place = version, first, seen
    return Question(
        given=given,
        address=request.build_absolute_uri(request.path),
        reference=reference,
        indicator=indicator,
        selection=selection,
        start=start,
        end=end,
        as_of=query_params.as_of(given),
        place=place,
    )


@dataclass(frozen=True, slots=True)
class LiveQuestion(Question):
    """A question about the last 60 closed minutes."""

    def view(self) -> tuple[Selection, str]:
        start, end = published.live_minutes()
        selection = replace(self.selection, start=start, end=end)
        published.check(selection, self.reference)
        return selection, caching.LIVE


def read_live(request: HttpRequest) -> LiveQuestion:
    """Read a question about the last minutes; without ``country`` it is about all, groups too."""
    given = parameters.read(request, optional=("indicator", "country", "format", "language"))
    reference = Reference.current()
    indicator = query_params.indicator(given.get("indicator", "DOWNLOADS"), reference)
    start, end = published.live_minutes()
    is_open = given.get("country", ALL) == ALL
    selection = Selection(indicator.number, "N", start, end, countries_or_all(given), (ALL_NETWORKS,), open=is_open)
    return LiveQuestion(
        given=given,
        address=request.build_absolute_uri(request.path),
        reference=reference,
        indicator=indicator,
        selection=selection,
    )


def selection_of_all_time(given: Given, indicator: int) -> Selection:
    """All numbers of an indicator and frequency. Without ``country`` they are of all countries and groups."""
    networks = _numbers(given.get("network", codes.TOTAL), _NETWORKS, codes.NETWORKS, "network", "networks")
    is_open = given.get("country", ALL) == ALL or given.get("network") == ALL
    frequency = query_params.frequency(given["frequency"])
    return Selection(indicator, frequency, *ALWAYS, countries_or_all(given), networks, open=is_open)


def countries_or_all(given: Given) -> tuple[int, ...]:
    """The numbers of the countries and groups asked for, or of all of both."""
    return _countries(given["country"]) if "country" in given else tuple(_COUNTRIES.values())


def _countries(text: str) -> tuple[int, ...]:
    return _numbers(text, _COUNTRIES, codes.COUNTRIES, "country", "countries")


def _ends(given: Given) -> tuple[datetime | None, datetime | None]:
    """The first and the last period, if they are given."""
    frequency = query_params.frequency(given["frequency"])
    ends = (query_params.period(frequency, given[name], name) if name in given else None for name in ("start", "end"))
    start, end = ends
    query_params.refuse_reversed(start, end)
    return start, end


def _selection(given: Given, indicator: int, start: datetime | None, end: datetime | None) -> Selection:
    networks = _numbers(given.get("network", codes.TOTAL), _NETWORKS, codes.NETWORKS, "network", "networks")
    countries = _countries(given.get("country", "EUROPE"))
    is_open = ALL in (given.get("country"), given.get("network"))
    panel = given.get("panel")
    if panel is not None and panel not in PANELS:
        raise Problem("unknown_panel", parameter="panel")
    return Selection(
        indicator,
        given["frequency"],
        start or end or periods.EARLIEST,
        end or start or periods.EARLIEST,
        countries,
        networks,
        panel=int(panel) if panel else None,
        open=is_open,
    )


def _numbers(text: str, known: Mapping[str, int], single: Mapping[str, int], name: str, path: str) -> tuple[int, ...]:
    """The numbers of codes with commas between, or of all single ones for ``*``. ``path`` lists the codes."""
    if text == ALL:
        return tuple(single.values())
    wanted = text.split(",")
    if unknown := [place for place, code in enumerate(wanted, start=1) if code not in known]:
        # The code itself is not repeated: it may be any text.
        which = f"Code {unknown[0]} of {name}" if len(wanted) > 1 else f"The code in {name}"
        detail = f"{which} is not known here. Use codes from /api/v1/{path}/ with commas, or *."
        raise Problem(f"unknown_{name}", detail=detail, parameter=name)
    return tuple(known[code] for code in dict.fromkeys(wanted))

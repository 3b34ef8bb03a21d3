"""Questions about the combined view, read strictly from an address: which numbers, as seen at which time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest

from api import caching, datasets, pagination, parameters
from api.problems import Problem
from api.v1 import query_params
from api.v1.query_params import Given
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection
from federation.rules import panels
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, periods

ALL: Final = "*"
#: The lengths of panels as they are given.
PANELS: Final = tuple(map(str, panels.MONTHS))

_COUNTRIES: Final = codes.COUNTRIES | codes.GROUPS
_NETWORKS: Final = codes.NETWORKS | {codes.TOTAL: ALL_NETWORKS}


def notes(indicator: Indicator, reference: Reference) -> list[str]:
    """What readers must know of the numbers: what they are not, and whether some are invented."""
    return [*indicator.notes, *([datasets.INVENTED] if reference.invented else ())]


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a range of periods: its parameters as given and as read, and the reference data.

    A later page has a ``place``: the version of the first page, and the period with which the page begins, in seconds
    since 1970.
    """

    given: Given
    address: str
    reference: Reference
    indicator: Indicator
    selection: Selection
    as_of: datetime | None = None
    place: tuple[int, int] | None = None

    @property
    def first(self) -> datetime | None:
        """The period that the page begins with, if it is not the first page."""
        return datetime.fromtimestamp(self.place[1], UTC) if self.place else None

    def view(self) -> tuple[Selection, str]:
        """What to read, at which version, and for how long caches may keep it. What is not public is refused."""
        published.check(self.selection, self.reference)
        if self.place:
            published.at_version(self.place[0])
            return replace(self.selection, version=self.place[0]), caching.PAST
        if self.as_of:
            past = published.past_view(self.selection.frequency, self.as_of)
            return replace(self.selection, version=past.version), caching.PAST if past.settled else caching.CURRENT
        return self.selection, caching.LIVE if self.selection.frequency == "N" else caching.CURRENT

    def next_address(self, version: int | None, following: datetime | None) -> str | None:
        """The address of the next page, at the same version."""
        if version is None or following is None:
            return None
        question = parameters.question(self.given)
        cursor = pagination.encode(question, version, periods.epoch(following))
        return f"{self.address}?{urlencode({**self.given, 'cursor': cursor}, safe=',*:')}"


def read(request: HttpRequest, *, optional: Collection[str]) -> Question:
    """Read a question about a range of periods."""
    given = parameters.read(request, required=query_params.RANGE, optional=optional)
    reference = Reference.current()
    indicator = query_params.indicator(given["indicator"], reference)
    selection = _selection(given, indicator.number)
    place = None
    if "cursor" in given:
        version, first = pagination.decode(parameters.question(given), given["cursor"], length=2)
        in_range = periods.epoch(selection.start) <= first <= periods.epoch(selection.end)
        if not in_range or not 0 < version < published.NEWEST:
            raise Problem("bad_cursor")
        place = version, first
    return Question(
        given=given,
        address=request.build_absolute_uri(request.path),
        reference=reference,
        indicator=indicator,
        selection=selection,
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
    given = parameters.read(request, optional=("indicator", "country", "format"))
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


def countries_or_all(given: Given) -> tuple[int, ...]:
    """The numbers of the countries and groups asked for, or of all of both."""
    return _countries(given["country"]) if "country" in given else tuple(_COUNTRIES.values())


def _countries(text: str) -> tuple[int, ...]:
    return _numbers(text, _COUNTRIES, codes.COUNTRIES, "country", "countries")


def _selection(given: Given, indicator: int) -> Selection:
    frequency = query_params.frequency(given["frequency"])
    start, end = (query_params.period(frequency, given[name], name) for name in ("start", "end"))
    query_params.refuse_reversed(start, end)
    networks = _numbers(given.get("network", codes.TOTAL), _NETWORKS, codes.NETWORKS, "network", "networks")
    countries = _countries(given.get("country", "EUROPE"))
    is_open = ALL in (given.get("country"), given.get("network"))
    panel = given.get("panel")
    if panel is not None and panel not in PANELS:
        raise Problem("unknown_panel", parameter="panel")
    return Selection(
        indicator, frequency, start, end, countries, networks, panel=int(panel) if panel else None, open=is_open
    )


def _numbers(text: str, known: Mapping[str, int], single: Mapping[str, int], name: str, path: str) -> tuple[int, ...]:
    """The numbers of codes with commas between, or of all single ones for ``*``. ``path`` lists the codes."""
    if text == ALL:
        return tuple(single.values())
    wanted = dict.fromkeys(text.split(","))
    if not known.keys() >= wanted.keys():
        raise Problem(f"unknown_{name}", detail=f"Use codes from /api/v1/{path}/ with commas, or *.", parameter=name)
    return tuple(known[code] for code in wanted)

"""Questions for data: what is asked of which flow, read strictly out of the addresses of both roots."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from django.http import HttpRequest

from api.problems import Problem
from api.sdmx import filters, keys, times
from api.sdmx.filters import Filter
from api.sdmx.flows import ATTRIBUTES, MEASURE, P2P, TIME, VINTAGE, Flow
from api.sdmx.keys import Pattern

ALL_DIMENSIONS: Final = "AllDimensions"
_ATTRIBUTES: Final = tuple(attribute.id for attribute in ATTRIBUTES)

_COMMON: Final = frozenset(
    {"updatedAfter", "firstNObservations", "lastNObservations", "dimensionAtObservation", "includeHistory", "asOf",
     "format"}
)  # fmt: skip
#: Stands for the filters by component.
_FILTER: Final = "c[...]"
_OF_2: Final = _COMMON | {"startPeriod", "endPeriod", "detail"}
_OF_3: Final = _COMMON | {"updateAfter", "attributes", "measures", "offset", "limit", "sort", _FILTER}
#: What says which observations are meant, and nothing of how an answer is to show them.
SELECTING_2: Final = frozenset({"startPeriod", "endPeriod", "updatedAfter", "asOf"})
SELECTING_3: Final = frozenset({"updatedAfter", "updateAfter", "asOf", _FILTER})
#: What the standard has and this service has not.
_NOT_HERE: Final = frozenset({"reportingYearStartDay"})
_COMPONENT = re.compile(r"c\[([A-Za-z0-9_@$-]+)\]", re.ASCII)
#: So many keys, and so many past views by their names, may be asked for at a time.
MOST_KEYS: Final = 100
MOST_VINTAGES: Final = 50
#: What `attributes` may say beside ids: all attributes belong to observations.
_KINDS: Final = {"dsd": _ATTRIBUTES, "all": _ATTRIBUTES, "obs": _ATTRIBUTES}
_NO_KINDS: Final = ("none", "msd", "dataset", "series")
_DETAILS: Final = ("full", "dataonly", "serieskeysonly", "nodata")
#: Orders that the answers have anyhow: by all dimensions, as the key has them.
_OUR_ORDERS: Final = frozenset(
    {"*", "series_key", "series_key+TIME_PERIOD", "series_key+*", "+".join((*P2P.dimensions, TIME))}
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the answer is to look: with a measure, with which attributes, and what an observation is told by."""

    measure: bool = True
    attributes: tuple[str, ...] = _ATTRIBUTES
    at_observation: str = TIME

    @property
    def keys_only(self) -> bool:
        """Whether only the keys of series are wanted."""
        return not self.measure and not self.attributes

    @property
    def flat(self) -> bool:
        return self.at_observation == ALL_DIMENSIONS


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. A series matches if it fits any of the patterns and passes all filters."""

    flow: Flow
    patterns: tuple[Pattern, ...]
    filters: tuple[Filter, ...] = ()
    shape: Shape = field(default_factory=Shape)
    updated_after: datetime | None = None
    as_of: datetime | None = None
    history: bool = False
    first: int | None = None
    last: int | None = None
    offset: int = 0
    limit: int | None = None

    def filters_of(self, component: str) -> list[Filter]:
        return [one for one in self.filters if one.component == component]

    @property
    def vintages(self) -> frozenset[str] | None:
        """The names of the past views asked for; nothing if they are not asked for by name."""
        some = [one.codes_named for one in self.filters_of(VINTAGE) if one.names_codes]
        if VINTAGE in self.flow.dimensions and (in_key := self.patterns[0][4]) is not None:
            some.append(in_key)
        return frozenset.intersection(*some) if some else None


def parameters(request: HttpRequest) -> dict[str, str]:
    """Return the query parameters; a plus stands for itself, as it does in SDMX, and an empty value for none."""
    given: dict[str, str] = {}
    for part in request.META.get("QUERY_STRING", "").split("&"):
        name, _, value = map(unquote, part.partition("="))
        if name in given:
            raise Problem("repeated_parameter")
        if value:
            given[name] = value
    return given


def of_root_2(given: Mapping[str, str], flow: Flow, key: str) -> Question:
    """Read a question of SDMX-REST 1.5, as the root 2.1 speaks it."""
    check_names(given, _OF_2)
    pattern = keys.read(key, flow.dimensions, short=False)
    return _question(given, flow, (pattern,), filters.between(given.get("startPeriod"), given.get("endPeriod")))


def of_root_3(given: Mapping[str, str], flow: Flow, key: str) -> Question:
    """Read a question of SDMX-REST 2.x, as the root 3.0 speaks it."""
    check_names(given, _OF_3)
    if "sort" in given and (given["sort"].replace(":asc", "") not in _OUR_ORDERS or VINTAGE in flow.dimensions):
        detail = "P2P is sorted by all dimensions, ascending, and P2P_VINTAGE by vintage first."
        raise Problem("not_implemented", detail=detail, parameter="sort")
    if "updateAfter" in given:
        # What sdmx1 sends.
        given = {**given, "updatedAfter": given["updateAfter"]}
    several = dict.fromkeys(key.split(","))
    if len(several) > MOST_KEYS:
        raise Problem("bad_sdmx_query", detail=f"Ask for at most {MOST_KEYS} keys at a time.")
    patterns = tuple(keys.read(one, flow.dimensions, short=True) for one in several)
    return _question(given, flow, patterns, components(given, flow))


def components(given: Mapping[str, str], flow: Flow) -> list[Filter]:
    """Read the filters by component."""
    known = {*flow.dimensions, TIME, MEASURE, *_ATTRIBUTES}
    named = {form[1]: text for name, text in given.items() if (form := _COMPONENT.fullmatch(name))}
    if not named.keys() <= known:
        raise Problem("bad_sdmx_query", detail=f"The components are {', '.join(sorted(known))}.")
    return [filters.read(component, text) for component, text in named.items()]


def check_names(given: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse parameters that are not known."""
    for name in given:
        if name in _NOT_HERE:
            raise Problem("not_implemented", parameter=name)
        if name == _FILTER or (_FILTER if _COMPONENT.fullmatch(name) else name) not in known:
            raise Problem("unknown_parameter", detail=f"The parameters known here are: {', '.join(sorted(known))}.")


def _question(
    given: Mapping[str, str], flow: Flow, patterns: tuple[Pattern, ...], by_component: Sequence[Filter]
) -> Question:
    question = Question(
        flow=flow,
        patterns=patterns,
        filters=tuple(by_component),
        shape=_shape(given, flow),
        updated_after=_instant(given, "updatedAfter"),
        as_of=_instant(given, "asOf"),
        history=truth(given, "includeHistory"),
        first=_count(given, "firstNObservations", least=1),
        last=_count(given, "lastNObservations", least=1),
        offset=_count(given, "offset", least=0) or 0,
        limit=_count(given, "limit", least=1),
    )
    _check_together(question)
    return question


def _check_together(question: Question) -> None:
    after, as_of = question.updated_after, question.as_of
    if after and as_of and after > as_of:
        raise Problem("bad_sdmx_query", detail="updatedAfter is later than asOf.", parameter="updatedAfter")
    if len({pattern[4:] for pattern in question.patterns}) > 1:
        raise Problem("not_implemented", detail="Ask for the same vintages in all keys.")
    if VINTAGE in question.flow.dimensions and (after or as_of or question.history):
        detail = "P2P_VINTAGE has past views by its dimension VINTAGE: leave updatedAfter, asOf and includeHistory out."
        raise Problem("bad_sdmx_query", detail=detail)
    if len(question.vintages or ()) > MOST_VINTAGES:
        raise Problem("bad_sdmx_query", detail=f"Name at most {MOST_VINTAGES} vintages at a time.")


def _shape(given: Mapping[str, str], flow: Flow) -> Shape:
    detail = given.get("detail", "full")
    if detail not in _DETAILS:
        raise Problem("bad_parameter", detail=f"Use {', '.join(_DETAILS)}.", parameter="detail")
    attributes = () if detail != "full" else _attributes(given.get("attributes", "dsd"))
    measure = detail in ("full", "dataonly") and _measure(given.get("measures", "all"))
    at_observation = _at_observation(given.get("dimensionAtObservation", TIME), flow)
    # Keys alone are those of series, so that there are no observations to tell by anything.
    return Shape(measure, attributes, at_observation if measure or attributes else TIME)


def _at_observation(text: str, flow: Flow) -> str:
    if text in flow.dimensions:
        detail = "Cross-sections are not offered: use TIME_PERIOD or AllDimensions."
        raise Problem("not_implemented", detail=detail, parameter="dimensionAtObservation")
    if text not in (TIME, ALL_DIMENSIONS):
        detail = "Use TIME_PERIOD or AllDimensions."
        raise Problem("bad_parameter", detail=detail, parameter="dimensionAtObservation")
    return text


def _attributes(text: str) -> tuple[str, ...]:
    wanted: set[str] = set()
    for name in text.split(","):
        if name not in _ATTRIBUTES and name not in _KINDS and name not in _NO_KINDS:
            known = ", ".join((*_KINDS, *_NO_KINDS, *_ATTRIBUTES))
            raise Problem("bad_parameter", detail=f"Use {known}.", parameter="attributes")
        wanted.update(_KINDS.get(name, (name,)))
    return tuple(name for name in _ATTRIBUTES if name in wanted)


def _measure(text: str) -> bool:
    wanted = set(text.split(","))
    if not wanted <= {"all", "none", MEASURE}:
        raise Problem("bad_parameter", detail=f"Use all, none or {MEASURE}.", parameter="measures")
    return wanted != {"none"}


def truth(given: Mapping[str, str], name: str) -> bool:
    """Read a truth, however its letters are written: clients send `True` as well as `true`."""
    text = given.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise Problem("bad_parameter", detail="Use true or false.", parameter=name)
    return text in ("true", "1")


def _instant(given: Mapping[str, str], name: str) -> datetime | None:
    return times.instant(given[name], parameter=name) if name in given else None


def _count(given: Mapping[str, str], name: str, *, least: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) < least:
        raise Problem("bad_parameter", detail=f"Use a whole number from {least} on.", parameter=name)
    return int(text)

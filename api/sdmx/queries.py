"""What queries ask for, and the grammar that both dialects share: keys, words, numbers and instants.

A word that is not documented here (a parameter, a type, a value of a list) is 501; what cannot be read is 400.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from django.http import HttpRequest

from api.problems import Problem
from api.sdmx import times
from api.sdmx.flows import ALL_DIMENSIONS, ATTRIBUTES, FLOWS, KINDS, TIME, VINTAGE, Flow
from api.sdmx.times import Times
from p2p_core import flow
from p2p_core.flow import Format

#: The parameters that say which observations are meant, and those of all queries for data, in both dialects.
SELECTING: Final = ("updatedAfter", "asOf")
SHOWING: Final = ("firstNObservations", "lastNObservations", "dimensionAtObservation", "format")
#: The types of structures that can be asked for.
TYPES: Final = tuple(kind for kind in KINDS if not kind.endswith("constraint"))
#: What a flow can be named by: its own id, or that of its structure or agreement.
CONTEXTS: Final = ("dataflow", "datastructure", "provisionagreement")
#: So many past views may be named at a time.
MOST_VINTAGES: Final = 50
#: Either word stands for a dimension of any value.
_ANY: Final = ("", "*")
_CODE: Final = re.compile(r"[A-Za-z0-9_@$:.\-]+", re.ASCII)


class Codes(NamedTuple):
    """The codes of a dimension that are wanted: those named, or any, without those excluded."""

    named: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()

    def among(self, known: Collection[str]) -> frozenset[str]:
        return frozenset(known if self.named is None else self.named & frozenset(known)) - self.excluded

    def and_(self, other: "Codes") -> "Codes":
        named = [one.named for one in (self, other) if one.named is not None]
        return Codes(frozenset.intersection(*named) if named else None, self.excluded | other.excluded)


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer shows of each observation."""

    measure: bool = True
    attributes: tuple[str, ...] = ATTRIBUTES
    at_observation: str = TIME

    @property
    def keys_only(self) -> bool:
        """Whether only the keys of series are wanted."""
        return not self.measure and not self.attributes

    @property
    def flat(self) -> bool:
        return self.at_observation == ALL_DIMENSIONS


@dataclass(frozen=True, slots=True)
class DataQuery:
    """A query for observations of a flow."""

    flow: Flow
    #: By dimension, without the time.
    codes: Mapping[str, Codes]
    times: Times = field(default_factory=Times)
    shape: Shape = field(default_factory=Shape)
    updated_after: datetime | None = None
    as_of: datetime | None = None
    first: int | None = None
    last: int | None = None
    offset: int = 0
    limit: int | None = None

    @property
    def vintages(self) -> frozenset[str] | None:
        """The past views that are named; None if the flow has none or any is wanted."""
        return self.codes[VINTAGE].named if VINTAGE in self.codes else None

    @property
    def of_vintages(self) -> bool:
        """Whether it asks for past views by a dimension."""
        return VINTAGE in self.flow.dimensions


class AvailabilityQuery(NamedTuple):
    """A query for the values that occur in the answer to another query."""

    data: DataQuery
    #: The dimensions whose values are wanted.
    dimensions: tuple[str, ...]
    #: Whether the structures go with them.
    references: bool


class StructureQuery(NamedTuple):
    """A query for structures; an empty agency, id or version is any."""

    kinds: frozenset[str]
    agency: str = ""
    id: str = ""
    version: str = ""
    references: str = "none"
    detail: str = "full"


class SchemaQuery(NamedTuple):
    """A query for the schema of data messages of one flow, structure or agreement."""

    structure: StructureQuery
    at_observation: str


class Dialect(NamedTuple):
    """A version of SDMX-REST: how addresses below its root are read, and the formats of its answers."""

    namespace: str
    #: What stands before the type of structure in an address, and the type that says what data exist.
    before_type: str
    constraint: str
    formats_of_data: tuple[Format, ...]
    formats_of_structures: tuple[Format, ...]
    formats_of_schemas: tuple[Format, ...]
    data: Callable[[str, Mapping[str, str]], DataQuery]
    availability: Callable[[str, Mapping[str, str]], AvailabilityQuery]
    structures: Callable[[str, Mapping[str, str]], StructureQuery]
    schema: Callable[[str, Mapping[str, str]], SchemaQuery]


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


def undocumented(detail: str, **members: Any) -> Problem:
    """Return the refusal of what SDMX may have and this service has not."""
    return Problem("not_implemented", detail=detail, **members)


def check_names(given: Mapping[str, str], documented: Collection[str]) -> None:
    """Refuse parameters that are not documented."""
    if not given.keys() <= frozenset(documented):
        raise undocumented(f"The parameters offered here are: {', '.join(documented)}.")


def word(given: Mapping[str, str], name: str, offered: Collection[str], default: str) -> str:
    """Return the value of a parameter that takes one of several words."""
    found = given.get(name, default)
    if found not in offered:
        raise undocumented(f"Use one of {', '.join(offered)}.", parameter=name)
    return found


def parts(path: str, most: int) -> list[str]:
    """Return the parts of a path, with empty ones for those left out at its end."""
    found = path.removesuffix("/").split("/")
    if len(found) > most:
        raise Problem("bad_sdmx_query", detail=f"The path has {len(found)} parts. Use at most {most}.")
    return found + [""] * (most - len(found))


def one_name(text: str, *anything: str) -> str:
    """Return an agency, an id or a version; an empty one if it is left out or one of the words for any."""
    if text in ("", *anything):
        return ""
    if re.search(r"[+,*~]", text):
        raise undocumented("Name one agency, one id and one version, or leave them open.")
    if not _CODE.fullmatch(text):
        raise Problem("bad_sdmx_query", detail="Write agencies, ids and versions in letters, digits and _@$-.")
    return text


def structure_query(
    kinds: Collection[str], names: tuple[str, str, str], item: str, given: Mapping[str, str]
) -> StructureQuery:
    """Return a query for structures; ``names`` are agency, id and version as read."""
    check_names(given, ("references", "detail", "format"))
    if item not in ("", "all", "*"):
        raise undocumented("Items of a list cannot be asked for by themselves: leave the last part of the path out.")
    directions = ("none", "children", "descendants", "parentsandsiblings", "all", *TYPES)
    references = word(given, "references", directions, "none")
    detail = word(given, "detail", ("full", "allcompletestubs", "referencepartial"), "full")
    return StructureQuery(frozenset(kinds), *names, references, detail)


def schema_query(context: str, names: tuple[str, str, str], given: Mapping[str, str]) -> SchemaQuery:
    """Return a query for a schema; ``names`` are agency, id and version as read."""
    check_names(given, ("dimensionAtObservation", "format"))
    if context not in CONTEXTS:
        raise undocumented(f"Schemas are of {', '.join(CONTEXTS)}.")
    if not all(names[:2]):
        raise Problem("bad_sdmx_query", detail="Name one agency and one id, and perhaps one version.")
    return SchemaQuery(StructureQuery(frozenset({context}), *names), at_observation(given))


def find_flow(contexts: Collection[str], names: tuple[str, str, str]) -> Flow:
    """Return the flow that agency, id and version name in any of the contexts; an empty name is any."""
    agency, name, version = names
    found = []
    for one in FLOWS.values():
        ids = dict(zip(CONTEXTS, (one.id, one.dsd, one.agreement), strict=True))
        is_named = name in ("", *(ids[context] for context in contexts))
        if is_named and agency in ("", flow.AGENCY) and version in ("", flow.VERSION):
            found.append(one)
    if len(found) > 1:
        raise undocumented("Ask for one flow at a time.")
    if not found:
        if "provisionagreement" in contexts and name.startswith(flow.agreement("")):
            raise Problem("agency_not_published")
        detail = f"The flows here are {' and '.join(FLOWS)} of {flow.AGENCY}, {flow.VERSION}."
        raise Problem("unknown_structure", detail=detail)
    return found[0]


def key(text: str, flow: Flow, *, short: bool) -> dict[str, Codes]:
    """Read a key such as `D.DOWNLOADS.NO+SE.`; only a ``short`` one may leave places out at its end."""
    count = len(flow.dimensions)
    if "," in text:
        raise undocumented("Ask for one key; several codes in a place have + between.")
    # The last place of a past view may hold an instant, with a dot in it.
    places = text.split(".", count - 1 if VINTAGE in flow.dimensions else -1)
    if text in ("", "all", "*"):
        places = [""] * count
    if len(places) > count or (len(places) < count and not short):
        detail = f"A key has {count} places with dots between: {'.'.join(flow.dimensions)}."
        raise Problem("bad_sdmx_query", detail=detail)
    found = dict.fromkeys(flow.dimensions, Codes())
    return found | dict(zip(flow.dimensions, map(_codes, places), strict=False))


def _codes(place: str) -> Codes:
    if place in _ANY:
        return Codes()
    values = place.split("+")
    if not all(map(_CODE.fullmatch, values)):
        raise Problem("bad_sdmx_query", detail="A place of a key holds codes with + between, or nothing, or *.")
    return Codes(frozenset(values))


def data_query(
    flow: Flow, codes: Mapping[str, Codes], when: Times, shape: Shape, given: Mapping[str, str]
) -> DataQuery:
    """Return a query for data, with the parameters that both dialects have."""
    query = DataQuery(
        flow=flow,
        codes=codes,
        times=when,
        shape=shape,
        updated_after=_instant(given, "updatedAfter"),
        as_of=_instant(given, "asOf"),
        first=count(given, "firstNObservations", least=1),
        last=count(given, "lastNObservations", least=1),
        offset=count(given, "offset", least=0) or 0,
        limit=count(given, "limit", least=1),
    )
    after, as_of = query.updated_after, query.as_of
    if after and as_of and after > as_of:
        raise Problem("bad_sdmx_query", detail="updatedAfter is later than asOf.", parameter="updatedAfter")
    if query.of_vintages and (after or as_of):
        detail = "P2P_VINTAGE has past views by its dimension VINTAGE: leave updatedAfter and asOf out."
        raise Problem("bad_sdmx_query", detail=detail)
    if len(query.vintages or ()) > MOST_VINTAGES:
        raise Problem("bad_sdmx_query", detail=f"Name at most {MOST_VINTAGES} vintages at a time.")
    for vintage in query.vintages or ():
        times.end_of_vintage(vintage)
    return query


def availability_query(data: DataQuery, component: str, given: Mapping[str, str]) -> AvailabilityQuery:
    """Return a query for what exists of the answer to a query for data."""
    word(given, "mode", ("exact",), "exact")
    dimensions = (*data.flow.dimensions, TIME)
    if component not in ("", "*", "all", *dimensions):
        raise undocumented(f"Ask for one of {', '.join(dimensions)}, or leave the component out for all.")
    wanted = (component,) if component in dimensions else dimensions
    return AvailabilityQuery(data, wanted, word(given, "references", ("none", "all"), "none") == "all")


def at_observation(given: Mapping[str, str]) -> str:
    """Return the dimension that observations have; the others belong to their series."""
    return word(given, "dimensionAtObservation", (TIME, ALL_DIMENSIONS), TIME)


def shape(given: Mapping[str, str], *, measure: bool, attributes: tuple[str, ...]) -> Shape:
    """Return what is shown; keys alone are those of series, so they have no observations."""
    at = at_observation(given)
    return Shape(measure, attributes, at if measure or attributes else TIME)


def _instant(given: Mapping[str, str], name: str) -> datetime | None:
    return times.instant(given[name], parameter=name) if name in given else None


def count(given: Mapping[str, str], name: str, *, least: int) -> int | None:
    """Return a whole number, if it is given."""
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) < least:
        raise Problem("bad_parameter", detail=f"Use a whole number from {least} on.", parameter=name)
    return int(text)

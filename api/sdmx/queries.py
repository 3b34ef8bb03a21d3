"""Queries, and the grammar that both dialects share: keys, parameters and formats.

A word that is not offered (a parameter, a type, a value of a list) is 501. A value that cannot be read is 400.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from django.http import HttpRequest
from django.http.request import MediaType

from api.negotiation import best
from api.parameters import list_known, list_values
from api.problems import Problem
from api.sdmx import times
from api.sdmx.flows import ALL_DIMENSIONS, ATTRIBUTES, FLOWS, TIME, TYPES, VINTAGE, Flow
from api.sdmx.times import Times
from p2p_core import flow
from p2p_core.flow import SDMX_CSV, Format

#: The parameters of both dialects that select observations, and those that shape the answer.
SELECTING: Final = ("updatedAfter", "asOf")
SHOWING: Final = ("firstNObservations", "lastNObservations", "dimensionAtObservation", "format")
#: The types of structures that a query can name.
STRUCTURES: Final = tuple(kind for kind in TYPES if not kind.endswith("constraint"))
#: The contexts in which a query can name a flow: by its own id, or by that of its structure or agreement.
CONTEXTS: Final = ("dataflow", "datastructure", "provisionagreement")
#: How many past views one query can name.
MOST_VINTAGES: Final = 50
#: Options of SDMX-CSV for texts beside or instead of ids. Only the default values are offered.
_CSV_DEFAULTS: Final = {"labels": "id", "timeformat": "original", "keys": "none", "key": "none"}
#: How exactly a range of Accept names a type: any type, any type of one main type, a plain type, a type of SDMX, a type
#: of SDMX with its version.
_ANY, _MAIN_TYPE, _PLAIN, _SDMX, _VERSIONED = range(1, 6)
_CODE: Final = re.compile(r"[A-Za-z0-9_@$:.\-]+", re.ASCII)


class Codes(NamedTuple):
    """The wanted codes of a dimension: those named, or any, without those excluded."""

    named: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()

    def among(self, known: Collection[str]) -> frozenset[str]:
        return frozenset(known if self.named is None else self.named & frozenset(known)) - self.excluded

    def and_(self, other: "Codes") -> "Codes":
        named = [one.named for one in (self, other) if one.named is not None]
        return Codes(frozenset.intersection(*named) if named else None, self.excluded | other.excluded)


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of each observation that an answer shows."""

    measure: bool = True
    attributes: tuple[str, ...] = ATTRIBUTES
    at_observation: str = TIME

    @property
    def keys_only(self) -> bool:
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
        """The requested past views. None if the flow has no past views, or if the query wants all of them."""
        return self.codes[VINTAGE].named if VINTAGE in self.codes else None

    @property
    def of_vintages(self) -> bool:
        """Whether the flow has past views by a dimension."""
        return VINTAGE in self.flow.dimensions


class AvailabilityQuery(NamedTuple):
    """A query for the values of some dimensions that occur in the answer to another query."""

    data: DataQuery
    dimensions: tuple[str, ...]
    #: Whether the answer also has the structures.
    references: bool


class StructureQuery(NamedTuple):
    """A query for structures, or for the schema of their data. An empty agency, id or version means any."""

    kinds: frozenset[str]
    agency: str = ""
    id: str = ""
    version: str = ""
    references: str = "none"
    detail: str = "full"
    #: For a schema: the dimension at the observation.
    at_observation: str | None = None


class Dialect(NamedTuple):
    """A version of SDMX-REST: the formats of its answers, and how paths below its root become queries."""

    namespace: str
    #: What a path to a structure begins with.
    structures_path: str
    #: The type of structure that says what data exist.
    constraint: str
    formats_of_data: tuple[Format, ...]
    formats_of_structures: tuple[Format, ...]
    formats_of_schemas: tuple[Format, ...]
    data: Callable[[str, Mapping[str, str]], DataQuery]
    availability: Callable[[str, Mapping[str, str]], AvailabilityQuery]
    structures: Callable[[str, Mapping[str, str]], StructureQuery]
    schema: Callable[[str, Mapping[str, str]], StructureQuery]


def parameters(request: HttpRequest) -> dict[str, str]:
    """The query parameters that have a value. A plus is a plus and not a blank, because SDMX uses it."""
    given: dict[str, str] = {}
    for part in request.META.get("QUERY_STRING", "").split("&"):
        name, _, value = map(unquote, part.partition("="))
        if name in given:
            raise Problem("repeated_parameter")
        if value:
            given[name] = value
    return given


def not_offered(detail: str, **members: Any) -> Problem:
    """The refusal of what SDMX has and this service has not."""
    return Problem("not_implemented", detail=detail, **members)


def check_names(given: Mapping[str, str], offered: Collection[str]) -> None:
    if not given.keys() <= frozenset(offered):
        raise not_offered(f"Unknown query parameter. {list_known(offered)}")


def word(given: Mapping[str, str], name: str, offered: Collection[str], default: str) -> str:
    found = given.get(name, default)
    if found not in offered:
        raise not_offered(list_values(name, offered), parameter=name)
    return found


def path_parts(path: str, most: int) -> list[str]:
    """The parts of a path, with empty ones for those left out at its end."""
    found = path.removesuffix("/").split("/")
    if len(found) > most:
        raise Problem("bad_sdmx_query", detail=f"The path has {len(found)} parts. Use at most {most}.")
    return found + [""] * (most - len(found))


def one_name(text: str, *anything: str) -> str:
    """An agency, an id or a version; empty if it is left out or one of the words for any."""
    if text in ("", *anything):
        return ""
    if re.search(r"[+,*~]", text):
        raise not_offered("Name one agency, one id and one version, or leave them out.")
    if not _CODE.fullmatch(text):
        raise Problem("bad_sdmx_query", detail="Write agencies, ids and versions in letters, digits and _@$-.")
    return text


def structure_query(
    kinds: Collection[str], names: tuple[str, str, str], item: str, given: Mapping[str, str]
) -> StructureQuery:
    """A query for structures; ``names`` are agency, id and version."""
    check_names(given, ("references", "detail", "format"))
    if item not in ("", "all", "*"):
        raise not_offered("Single items of a list are not offered: leave the last part of the path out.")
    directions = ("none", "children", "descendants", "parentsandsiblings", "all", *STRUCTURES)
    references = word(given, "references", directions, "none")
    detail = word(given, "detail", ("full", "allcompletestubs", "referencepartial"), "full")
    return StructureQuery(frozenset(kinds), *names, references, detail)


def schema_query(context: str, names: tuple[str, str, str], given: Mapping[str, str]) -> StructureQuery:
    """A query for a schema; ``names`` are agency, id and version."""
    check_names(given, ("dimensionAtObservation", "format"))
    if context not in CONTEXTS:
        raise not_offered(f"Expected for the context: {', '.join(CONTEXTS)}.")
    if not all(names[:2]):
        raise Problem("bad_sdmx_query", detail="Name one agency and one id, and perhaps one version.")
    return StructureQuery(frozenset({context}), *names, at_observation=at_observation(given))


def find_flow(contexts: Collection[str], names: tuple[str, str, str]) -> Flow:
    """The flow that agency, id and version name in any of the contexts; an empty name is any."""
    agency, name, version = names
    found = []
    for one in FLOWS.values():
        ids = dict(zip(CONTEXTS, (one.id, one.dsd, one.agreement), strict=True))
        is_named = name in ("", *(ids[context] for context in contexts))
        if is_named and agency in ("", flow.AGENCY) and version in ("", flow.VERSION):
            found.append(one)
    if len(found) > 1:
        raise not_offered("Ask for one flow at a time.")
    if not found:
        if "provisionagreement" in contexts and name.startswith(flow.agreement("")):
            raise Problem("agency_not_published")
        detail = f"Expected: {', '.join(FLOWS)}, of the agency {flow.AGENCY}, in the version {flow.VERSION}."
        raise Problem("unknown_structure", detail=detail)
    return found[0]


def key(text: str, flow: Flow, *, short: bool) -> dict[str, Codes]:
    """Read a key such as `D.DOWNLOADS.NO+SE.`; only a ``short`` one may leave places out at its end."""
    count = len(flow.dimensions)
    if "," in text:
        raise not_offered("Ask for one key; several codes in a place have + between.")
    # The last place of a key for past views may be an instant, which contains a dot.
    places = text.split(".", count - 1 if VINTAGE in flow.dimensions else -1)
    if text in ("", "all", "*"):
        places = [""] * count
    if len(places) > count or (len(places) < count and not short):
        detail = f"A key has {count} places with dots between: {'.'.join(flow.dimensions)}."
        raise Problem("bad_sdmx_query", detail=detail)
    found = dict.fromkeys(flow.dimensions, Codes())
    for name, place in zip(flow.dimensions, places, strict=False):
        if place not in ("", "*"):
            values = place.split("+")
            if not all(map(_CODE.fullmatch, values)):
                raise Problem(
                    "bad_sdmx_query", detail="Write a place of a key as codes with + between, as *, or leave it empty."
                )
            found[name] = Codes(frozenset(values))
    return found


def data_query(
    flow: Flow, codes: Mapping[str, Codes], when: Times, shape: Shape, given: Mapping[str, str]
) -> DataQuery:
    """A query for data, with the parameters that both dialects have."""
    query = DataQuery(
        flow=flow,
        codes=codes,
        times=when,
        shape=shape,
        updated_after=times.parse_instant(given["updatedAfter"], parameter="updatedAfter")
        if "updatedAfter" in given
        else None,
        as_of=times.parse_instant(given["asOf"], parameter="asOf") if "asOf" in given else None,
        first=count(given, "firstNObservations", least=1),
        last=count(given, "lastNObservations", least=1),
        offset=count(given, "offset", least=0) or 0,
        limit=count(given, "limit", least=1),
    )
    after, as_of = query.updated_after, query.as_of
    if after and as_of and after > as_of:
        raise Problem(
            "bad_sdmx_query", detail="updatedAfter is later than asOf. Give an earlier one.", parameter="updatedAfter"
        )
    if query.of_vintages and (after or as_of):
        detail = "In P2P_VINTAGE, choose past views by the dimension VINTAGE: leave updatedAfter and asOf out."
        raise Problem("bad_sdmx_query", detail=detail)
    if len(query.vintages or ()) > MOST_VINTAGES:
        raise Problem("bad_sdmx_query", detail=f"Name at most {MOST_VINTAGES} vintages at a time.")
    for vintage in query.vintages or ():
        times.end_of_vintage(vintage)
    return query


def availability_query(data: DataQuery, component: str, given: Mapping[str, str]) -> AvailabilityQuery:
    """A query for what exists of the answer to a query for data."""
    word(given, "mode", ("exact",), "exact")
    dimensions = (*data.flow.dimensions, TIME)
    if component not in ("", "*", "all", *dimensions):
        raise not_offered(f"Expected for the component: {', '.join(dimensions)}. Leave it out for all.")
    wanted = (component,) if component in dimensions else dimensions
    return AvailabilityQuery(data, wanted, word(given, "references", ("none", "all"), "none") == "all")


def at_observation(given: Mapping[str, str]) -> str:
    """The dimension that observations have; the others belong to their series."""
    return word(given, "dimensionAtObservation", (TIME, ALL_DIMENSIONS), TIME)


def shape(given: Mapping[str, str], *, measure: bool, attributes: tuple[str, ...]) -> Shape:
    """The parts that an answer shows. If it shows only keys, these are keys of series, without observations."""
    at = at_observation(given)
    return Shape(measure, attributes, at if measure or attributes else TIME)


def count(given: Mapping[str, str], name: str, *, least: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) < least:
        raise Problem("bad_parameter", detail=f"Give {name} a whole number from {least} on.", parameter=name)
    return int(text)


def agreed_format(request: HttpRequest, formats: tuple[Format, ...], given: Mapping[str, str]) -> Format:
    """The format that `format` or Accept names, or the first if any will do."""
    if "format" in given:
        named = word(given, "format", [one.word for one in formats], "")
        return next(one for one in formats if one.word == named)
    found = best(request.headers.get("Accept") or "*/*", formats, _precision)
    if found is None:
        listed = ", ".join(one.content_type for one in formats)
        has_csv = any(one.media_type == SDMX_CSV for one in formats)
        extras = " In SDMX-CSV, only labels=id, timeFormat=original and keys=none are offered." if has_csv else ""
        raise Problem("not_acceptable", detail=f"Expected in Accept: {listed}.{extras}")
    return found


def _precision(form: Format, one: MediaType) -> int:
    kind = f"{one.main_type}/{one.sub_type}"
    if kind == form.media_type:
        if any(str(one.params.get(name, default)).lower() != default for name, default in _CSV_DEFAULTS.items()):
            return 0
        version = one.params.get("version")
        if version is None:
            return _SDMX
        return _VERSIONED if str(version) in form.versions else 0
    general = {"*/*": _ANY, f"{form.media_type.partition('/')[0]}/*": _MAIN_TYPE} | dict.fromkeys(form.plain, _PLAIN)
    return general.get(kind, 0)

"""All structures that exist, under a version of the reference data, and which of them answer a query."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from django.utils.http import http_date

from api.datasets import INVENTED
from api.problems import Problem
from api.sdmx import flows
from api.sdmx.flows import COMPONENTS, CONCEPTS, FLOWS, P2P, PROVIDERS, Component, Flow
from api.sdmx.queries import StructureQuery
from countries import queries
from countries.reference import Agency, Indicator, Reference
from p2p_core import codes
from p2p_core.flow import AGENCY, SCHEME_VERSION, VERSION, agreement


class Note(NamedTuple):
    """An annotation."""

    id: str
    type: str
    title: str = ""
    text: str = ""


class Item(NamedTuple):
    """A code, a concept, an agency or a data provider. Only concepts have a component."""

    id: str
    name: str
    description: str = ""
    notes: tuple[Note, ...] = ()
    component: Component | None = None


class Key(NamedTuple):
    """The type and id of a structure."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A structure. Lists have items; a dataflow, a data structure, an agreement and a constraint have a flow."""

    kind: str
    id: str
    name: str
    description: str = ""
    notes: tuple[Note, ...] = ()
    agency: str = AGENCY
    version: str = VERSION
    items: tuple[Item, ...] = ()
    flow: Flow = P2P
    #: Of an agreement, who provides the data.
    provider: str = ""
    #: Of a constraint, the values of each dimension that has some, and the first and the last day or instant.
    values: Mapping[str, tuple[str, ...]] | None = None
    span: tuple[str, str] | None = None
    #: Whether a list leaves items out, and whether only name and description are given.
    partial: bool = False
    stub: bool = False

    @property
    def key(self) -> Key:
        return Key(self.kind, self.id)

    @property
    def urn(self) -> str:
        return flows.urn(self.kind, self.id, agency=self.agency, version=self.version)

    def item_urn(self, item: str) -> str:
        return flows.urn(self.kind, self.id, item, agency=self.agency, version=self.version)

    @property
    def refers(self) -> AbstractSet[Key]:
        """The structures that it refers to."""
        match self.kind:
            case "conceptscheme":
                return _codelists(item.component.codelist for item in self.items if item.component)
            case "datastructure":
                return {Key("conceptscheme", CONCEPTS)} | _codelists(self.flow.codelists)
            case "dataflow":
                return {Key("datastructure", self.flow.dsd)}
            case "provisionagreement":
                return {Key("dataflow", self.flow.id), Key("dataproviderscheme", PROVIDERS)}
        return frozenset()

    def only(self, ids: AbstractSet[str]) -> "Artefact":
        """Return a list with some of its items."""
        items = tuple(item for item in self.items if item.id in ids)
        return replace(self, items=items, partial=len(items) < len(self.items))


@dataclass(frozen=True)
class Structures:
    """All structures under one version of the reference data."""

    reference: int
    changed: datetime
    artefacts: tuple[Artefact, ...]
    #: Whether an agency, and so perhaps a number, is made up.
    invented: bool

    def last_modified(self, milliseconds: int = 0) -> str:
        """Return when they changed last, or something beside them did, in milliseconds since 1970."""
        return http_date(max(self.changed.timestamp(), milliseconds / 1000))

    @cached_property
    def by_key(self) -> dict[Key, Artefact]:
        return {artefact.key: artefact for artefact in self.artefacts}

    def codes(self, codelist: str) -> Mapping[str, str]:
        """Return the codes of a list with their names."""
        return {item.id: item.name for item in self.by_key[Key("codelist", codelist)].items}


def select(query: StructureQuery, known: Structures) -> list[Artefact]:
    """Return what a query names and what goes with it; refuse a query that names nothing."""
    named = frozenset(one.key for one in known.artefacts if _matches(query, one))
    if not named:
        raise Problem("unknown_structure")
    keys = named | _around(named, query.references, known)
    found = [one for one in known.artefacts if one.key in keys]
    if query.detail == "allcompletestubs":
        return [replace(one, stub=True) for one in found]
    if query.detail == "referencepartial":
        return [one if one.key in named else in_part(one, found) for one in found]
    return found


def _matches(query: StructureQuery, one: Artefact) -> bool:
    asked = ((query.agency, one.agency), (query.id, one.id), (query.version, one.version))
    return one.kind in query.kinds and all(text in ("", own) for text, own in asked)


def _around(named: AbstractSet[Key], references: str, known: Structures) -> AbstractSet[Key]:
    """Return the structures that go with others: in a direction, or of a type in any direction."""
    children = {one.key: one.refers for one in known.artefacts}
    parents = {key: {other for other, refers in children.items() if key in refers} for key in children}
    above = _next(named, parents)
    siblings = above | _next(above, children)
    below = _closure(named, children)
    in_direction = {
        "none": frozenset[Key](),
        "children": _next(named, children),
        "descendants": below,
        "parentsandsiblings": siblings,
        "all": siblings | below,
    }
    if references in in_direction:
        return in_direction[references]
    return {key for key in below | _closure(named, parents) if key.kind == references}


def _next(keys: AbstractSet[Key], steps: Mapping[Key, AbstractSet[Key]]) -> AbstractSet[Key]:
    return frozenset[Key]().union(*(steps[key] for key in keys))


def _closure(keys: AbstractSet[Key], steps: Mapping[Key, AbstractSet[Key]]) -> AbstractSet[Key]:
    found: AbstractSet[Key] = frozenset()
    reached = _next(keys, steps)
    while not reached <= found:
        found |= reached
        reached = _next(reached, steps)
    return found


def in_part(one: Artefact, beside: Iterable[Artefact]) -> Artefact:
    """Return a list of concepts or providers with those items only that other structures use; codes can all occur."""
    used: dict[str, set[str]] = {"conceptscheme": set(), "dataproviderscheme": set()}
    for other in beside:
        used["conceptscheme"].update(other.flow.components if other.kind in ("dataflow", "datastructure") else ())
        used["dataproviderscheme"].update([other.provider] if other.provider else ())
    return one.only(used[one.kind]) if used.get(one.kind) else one


def of_data(flow: Flow, known: Structures) -> list[Artefact]:
    """Return the structures that data of a flow follow."""
    structure = known.by_key[Key("datastructure", flow.dsd)]
    found = [one for one in known.artefacts if one.key in {structure.key, *structure.refers}]
    return [in_part(one, [structure]) for one in found]


def structures() -> Structures:
    """Return all structures as they are now."""
    return under(Reference.current())


@lru_cache(maxsize=2)
def under(reference: Reference) -> Structures:
    """Return all structures under a version of the reference data."""
    artefacts = (
        *_flows(reference),
        *_lists(reference),
        Artefact(
            # The agencies at the top are listed by SDMX itself: an agency in a list of ours would be a part of ours.
            kind="agencyscheme",
            agency="SDMX",
            id="AGENCIES",
            version=SCHEME_VERSION,
            name="Agencies",
            items=(Item(AGENCY, _FEDERATION),),
        ),
        Artefact(
            kind="dataproviderscheme",
            id=PROVIDERS,
            version=SCHEME_VERSION,
            name="Who provides data",
            items=(Item(AGENCY, _FEDERATION, "All agencies together."), *map(_provider, reference.agencies)),
        ),
        *_agreements(reference.agencies),
    )
    return Structures(reference.version, reference.changed, artefacts, reference.invented)


_FEDERATION: Final = "Police2Peer Federation"
_FLOWS: Final = {
    "P2P": (
        "Police2Peer: the combined European view",
        "Events by country and network, as known now: their counts over all agencies, rounded at random.",
    ),
    "P2P_VINTAGE": (
        "Police2Peer: the combined European view as it was seen",
        "The same as P2P, as it was public at the end of a day, or at an instant.",
    ),
}
#: The standard's own codes, in English.
_LISTS: Final = {
    "CL_FREQ": (
        "Frequencies",
        (
            Item("H", "Hourly"),
            Item("D", "Daily"),
            Item("W", "Weekly", "Weeks of ISO 8601, Monday to Sunday."),
            Item("M", "Monthly"),
            Item("A", "Annual"),
        ),
    ),
    "CL_OBS_STATUS": (
        "Observation status",
        (
            Item("A", "Normal value", "All expected reports are there and final."),
            Item("B", "Time series break", "Values before are not comparable with it."),
            Item("O", "Missing value", "Nobody reported."),
            Item("P", "Provisional value", "Reports are missing, partial or not final, or counting began in it."),
        ),
    ),
    "CL_CONF_STATUS": ("Confidentiality status", (Item("F", "Free", "Free for publication."),)),
}


def _flows(reference: Reference) -> Iterator[Artefact]:
    notes = tuple(note for row in reference.indicators for note in _notes(row, title=row.name))
    if reference.invented:
        notes += (Note("INVENTED", "INVENTED", text=INVENTED),)
    for flow in FLOWS.values():
        name, description = _FLOWS[flow.id]
        yield Artefact(kind="dataflow", id=flow.id, name=name, description=description, notes=notes, flow=flow)
        yield Artefact(kind="datastructure", id=flow.dsd, name=f"Structure of {flow.id}", flow=flow)


def _notes(row: Indicator, *, title: str = "") -> tuple[Note, ...]:
    """Return what the numbers of an indicator are not."""
    return tuple(Note(f"{row.code}_{number}", "NOTE", title, text) for number, text in enumerate(row.notes, 1))


def _lists(reference: Reference) -> Iterator[Artefact]:
    for name, (title, items) in _LISTS.items():
        yield Artefact(kind="codelist", id=name, name=title, items=items)
    indicators = [Item(row.code, row.name, row.description, _notes(row)) for row in reference.indicators]
    yield Artefact(kind="codelist", id="CL_INDICATOR", name="Indicators", items=tuple(indicators))
    countries = [Item(one.code, one.name) for one in queries.countries()]
    groups = [Item(one.code, one.name, _members(one)) for one in queries.groups()]
    yield Artefact(kind="codelist", id="CL_COUNTRY", name="Countries and country groups", items=(*countries, *groups))
    networks = [*(Item(row.code, row.name) for row in reference.networks), Item(codes.TOTAL, "All networks")]
    yield Artefact(kind="codelist", id="CL_NETWORK", name="Networks", items=tuple(networks))
    concepts = [Item(name, one.name, one.description, component=one) for name, one in COMPONENTS.items()]
    yield Artefact(kind="conceptscheme", id=CONCEPTS, name="Concepts of Police2Peer", items=tuple(concepts))


def _members(group: queries.CountryGroup) -> str:
    if group.code == codes.TOTAL:
        return "All countries, and downloads or visits that could not be located."
    return f"{len(group.members)} countries: {', '.join(group.members)}."


def _provider(row: Agency) -> Item:
    invented = Note("INVENTED", "INVENTED", text="This agency is invented, for a demonstration.")
    return Item(row.code, row.name, notes=(invented,) if row.invented else ())


def _agreements(agencies: Iterable[Agency]) -> Iterator[Artefact]:
    for flow in FLOWS.values():
        name = f"{flow.id}, by the federation"
        yield Artefact(kind="provisionagreement", id=flow.agreement, name=name, flow=flow, provider=AGENCY)
    for row in agencies:
        yield Artefact(
            kind="provisionagreement",
            id=agreement(row.code),
            name=f"{P2P.id}, by {row.name}",
            description="What the agency submits. It is not published by itself: its data cannot be read here.",
            provider=row.code,
        )


def _codelists(names: Iterable[str]) -> AbstractSet[Key]:
    return {Key("codelist", name) for name in names if name}

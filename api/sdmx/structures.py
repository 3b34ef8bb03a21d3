"""The structures of a version of the reference data: all of them, those that a query requests, and what data exist."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from api import datasets
from api.problems import Problem
from api.sdmx import flows, times
from api.sdmx.flows import COMPONENTS, CONCEPTS, FLOWS, P2P, PROVIDERS, TIME, Component, Flow
from api.sdmx.observations import Available
from api.sdmx.queries import AvailabilityQuery, StructureQuery
from countries import queries
from countries.reference import COUNTINGS, Indicator, Reference, Setup
from federation.published.terms import FEDERATION, INVENTED
from p2p_core import codes
from p2p_core.flow import AGENCY, SCHEME_VERSION, VERSION, agreement

#: The type and id of a structure.
StructureKey = tuple[str, str]
Keys = AbstractSet[StructureKey]


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
    #: For an agreement: who provides the data.
    provider: str = ""
    #: For a constraint: the values of each dimension that has some, and its first and last day or instant.
    values: Mapping[str, tuple[str, ...]] | None = None
    span: tuple[str, str] | None = None
    #: A ``partial`` list leaves items out. A ``stub`` has only its name and description.
    partial: bool = False
    stub: bool = False

    @property
    def key(self) -> StructureKey:
        return self.kind, self.id

    @property
    def path(self) -> str:
        """Where it is, below the address of all structures."""
        return f"{self.kind}/{self.agency}/{self.id}/{self.version}"

    @property
    def urn(self) -> str:
        return flows.urn(self.kind, self.id, agency=self.agency, version=self.version)

    def item_urn(self, item: str) -> str:
        return flows.urn(self.kind, self.id, item, agency=self.agency, version=self.version)

    @property
    def refers(self) -> Keys:
        """The structures that it refers to."""
        match self.kind:
            case "conceptscheme":
                return {("codelist", one.codelist) for item in self.items if (one := item.component) and one.codelist}
            case "datastructure":
                return {("conceptscheme", CONCEPTS), *(("codelist", name) for name in self.flow.codelists)}
            case "dataflow":
                return {("datastructure", self.flow.dsd)}
            case "provisionagreement":
                return {("dataflow", self.flow.id), ("dataproviderscheme", PROVIDERS)}
        return frozenset()

    def only(self, ids: AbstractSet[str]) -> "Artefact":
        """The list with some of its items."""
        items = tuple(item for item in self.items if item.id in ids)
        return replace(self, items=items, partial=len(items) < len(self.items))


@dataclass(frozen=True)
class Structures:
    """All structures of one version of the reference data, and when this version became current."""

    reference: int
    changed: datetime
    artefacts: tuple[Artefact, ...]
    #: Whether an agency, and so perhaps a number, is made up.
    invented: bool

    @cached_property
    def by_key(self) -> dict[StructureKey, Artefact]:
        return {artefact.key: artefact for artefact in self.artefacts}

    def codes(self, codelist: str) -> Mapping[str, str]:
        """The codes of a list with their names."""
        return {item.id: item.name for item in self.by_key[("codelist", codelist)].items}


def select(query: StructureQuery, known: Structures) -> list[Artefact]:
    """The requested structures and those that ``references`` adds. Refuses a query that matches nothing."""
    named = frozenset(
        one.key
        for one in known.artefacts
        if one.kind in query.kinds
        and query.agency in ("", one.agency)
        and query.id in ("", one.id)
        and query.version in ("", one.version)
    )
    if not named:
        raise Problem("unknown_structure")
    keys = named | _references(named, query.references, known)
    found = [one for one in known.artefacts if one.key in keys]
    if query.detail == "allcompletestubs":
        return [replace(one, stub=True) for one in found]
    if query.detail == "referencepartial":
        return [one if one.key in named else only_used(one, found) for one in found]
    return found


def _references(named: Keys, direction: str, known: Structures) -> Keys:
    """The structures that go with others: in a direction, or of a type in any direction."""
    children = {one.key: one.refers for one in known.artefacts}
    parents = {key: {other for other, refers in children.items() if key in refers} for key in children}
    above, below = _next(named, parents), _closure(named, children)
    siblings = above | _next(above, children)
    in_direction = {
        "none": frozenset[StructureKey](),
        "children": _next(named, children),
        "descendants": below,
        "parentsandsiblings": siblings,
        "all": siblings | below,
    }
    if direction in in_direction:
        return in_direction[direction]
    return {key for key in below | _closure(named, parents) if key[0] == direction}


def _next(keys: Keys, steps: Mapping[StructureKey, Keys]) -> Keys:
    return frozenset[StructureKey]().union(*(steps[key] for key in keys))


def _closure(keys: Keys, steps: Mapping[StructureKey, Keys]) -> Keys:
    found, reached = frozenset[StructureKey](), _next(keys, steps)
    while not reached <= found:
        found |= reached
        reached = _next(reached, steps)
    return found


def only_used(one: Artefact, beside: Iterable[Artefact]) -> Artefact:
    """A list of concepts or providers with only the items that other structures use. All codes can occur."""
    used: dict[str, set[str]] = {"conceptscheme": set(), "dataproviderscheme": set()}
    for other in beside:
        used["conceptscheme"].update(other.flow.components if other.kind in ("dataflow", "datastructure") else ())
        used["dataproviderscheme"].update([other.provider] if other.provider else ())
    return one.only(used[one.kind]) if used.get(one.kind) else one


def data_structures(flow: Flow, known: Structures) -> list[Artefact]:
    """The structures that data of a flow follow."""
    structure = known.by_key["datastructure", flow.dsd]
    found = [one for one in known.artefacts if one.key in {structure.key, *structure.refers}]
    return [only_used(one, [structure]) for one in found]


def availability_structures(
    query: AvailabilityQuery, found: Available, kind: str, known: Structures
) -> Iterator[Artefact]:
    """The constraint that says what there is, and the structures that go with it, if wanted."""
    flow = query.data.flow
    # Not all formats can say that a dimension has no values.
    values = {name: tuple(sorted(found.values[name])) for name in query.dimensions if found.values.get(name)}
    span = found.range if TIME in query.dimensions else None
    # Clients know the counts by this type. The versions of SDMX that are offered here have no other place for them.
    counts = (("obs_count", found.observations), ("series_count", found.series))
    yield Artefact(
        kind=kind,
        id=f"AVAILABLE_{flow.id}",
        name=f"What there is of {flow.id}",
        notes=tuple(Note(name, "sdmx_metrics", title=str(count)) for name, count in counts),
        flow=flow,
        values=values,
        span=(times.write_bound(span.start), times.write_bound(span.end - 1)) if span else None,
    )
    if query.references:
        used = {COMPONENTS[name].codelist: set(codes) for name, codes in values.items()} | {
            CONCEPTS: set(flow.components)
        }
        structure = known.by_key["datastructure", flow.dsd]
        keys = {("dataflow", flow.id), structure.key, *structure.refers}
        for one in known.artefacts:
            if one.key in keys:
                yield one.only(used[one.id]) if one.id in used else one


@lru_cache(maxsize=2)
def structures_of(reference: Reference) -> Structures:
    artefacts = (*_flows(reference), *_lists(reference), *_organisations(reference))
    return Structures(reference.version, reference.changed, artefacts, reference.invented)


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
        tuple(
            Item(code, one.authority.capitalize(), "Weeks of ISO 8601, Monday to Sunday." if code == "W" else "")
            for code, one in datasets.FREQUENCIES.items()
        ),
    ),
    "CL_OBS_STATUS": (
        "Observation status",
        (
            Item("A", "Normal value", "All expected reports are there and final."),
            Item("B", "Time series break", "Values before are not comparable with it."),
            Item("O", "Missing value", "Nobody reported, or the period is not public yet."),
            Item("P", "Provisional value", "Reports are missing, partial or not final, or an agency began in it."),
            Item("Q", "Missing value; suppressed", "Withheld: it would be finer than the detail of the country."),
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
    """The notes on what the numbers of an indicator do not show."""
    return tuple(Note(f"{row.code}_{number}", "NOTE", title, text) for number, text in enumerate(row.notes, 1))


def _lists(reference: Reference) -> Iterator[Artefact]:
    for name, (title, items) in _LISTS.items():
        yield Artefact(kind="codelist", id=name, name=title, items=items)
    indicators = [Item(row.code, row.name, row.description, _notes(row)) for row in reference.indicators]
    yield Artefact(kind="codelist", id="CL_INDICATOR", name="Indicators", items=tuple(indicators))
    countries = [Item(one.code, one.name) for one in queries.countries()]
    groups = [
        Item(
            one.code,
            one.name,
            "All countries, and downloads or visits that could not be located."
            if one.code == codes.TOTAL
            else f"{len(one.members)} countries: {', '.join(one.members)}.",
        )
        for one in queries.groups()
    ]
    yield Artefact(kind="codelist", id="CL_COUNTRY", name="Countries and country groups", items=(*countries, *groups))
    networks = [*(Item(row.code, row.name) for row in reference.networks), Item(codes.TOTAL, "All networks")]
    yield Artefact(kind="codelist", id="CL_NETWORK", name="Networks", items=tuple(networks))
    concepts = [Item(name, one.name, one.description, component=one) for name, one in COMPONENTS.items()]
    yield Artefact(kind="conceptscheme", id=CONCEPTS, name="Concepts of Police2Peer", items=tuple(concepts))


def _setup(row: Setup) -> Note:
    """What an agency counts with, in words."""
    text = (
        f"Networks: {', '.join(row.networks)}. Counts {COUNTINGS[row.counting]}. Time zone of its files: "
        f"{row.time_zone}; days begin at midnight {'there' if row.local_days else 'in UTC'}. "
        f"Source of locations: {row.location_source}, {row.location_date}."
    )
    return Note(f"SETUP_{row.valid_from}", "SETUP", f"Set-up from {row.valid_from}", text)


def _organisations(reference: Reference) -> Iterator[Artefact]:
    """Lists of agencies and of data providers, and the agreements by which they provide data."""
    # SDMX itself lists the agencies at the top. If we listed an agency, it would be a part of our own agency.
    top = (Item(AGENCY, FEDERATION),)
    yield Artefact(
        kind="agencyscheme", agency="SDMX", id="AGENCIES", version=SCHEME_VERSION, name="Agencies", items=top
    )
    invented = Note("INVENTED", "INVENTED", text="This agency is invented, for a demonstration.")
    providers = [
        Item(row.code, row.name, notes=(*((invented,) if row.invented else ()), *map(_setup, row.setups)))
        for row in reference.agencies
    ]
    yield Artefact(
        kind="dataproviderscheme",
        id=PROVIDERS,
        version=SCHEME_VERSION,
        name="Who provides data",
        items=(Item(AGENCY, FEDERATION, "All agencies together."), *providers),
    )
    for flow in FLOWS.values():
        name = f"{flow.id}, by the federation"
        yield Artefact(kind="provisionagreement", id=flow.agreement, name=name, flow=flow, provider=AGENCY)
    for row in reference.agencies:
        yield Artefact(
            kind="provisionagreement",
            id=agreement(row.code),
            name=f"{P2P.id}, by {row.name}",
            description="What the agency submits. It is not published by itself: its data cannot be read here.",
            provider=row.code,
        )

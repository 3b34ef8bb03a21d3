"""Which artefacts a structure query names, which others go with them, and how much is told of each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from api.sdmx.artefacts import Agreement, Artefact, FlowStructure, Key, Scheme
from api.sdmx.flows import AGENCY
from api.sdmx.structures import AGENCIES, CONCEPT_SCHEME, PROVIDERS, Structures, codelists_of, concepts_of

#: What ``references`` can be besides a type of artefact; ``ancestors`` is new in REST 2.x.
DIRECTIONS: Final = ("none", "parents", "parentsandsiblings", "ancestors", "children", "descendants", "all")
#: What ``detail`` can be; ``raw`` is new in REST 2.x, and as no list extends another, the same as full.
DETAILS: Final = (
    "full", "raw", "allstubs", "referencestubs", "allcompletestubs", "referencecompletestubs", "referencepartial",
)  # fmt: skip

Keys = frozenset[Key]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Without ``items`` all are wanted."""

    kinds: frozenset[str]
    agency: Callable[[str], bool]
    id: Callable[[str], bool]
    version: Callable[[str], bool]
    items: frozenset[str] | None = None
    references: frozenset[str] = frozenset({"none"})
    detail: str = "full"
    #: In REST 2.x each artefact refers to the list that its agency stands in.
    agencies: bool = False


def answered(query: Query, structures: Structures) -> list[Artefact]:
    """Return what a query names and what goes with it; nothing if it names nothing."""
    named = {artefact.key: artefact for artefact in structures.artefacts if _is_named(artefact, query)}
    if query.items is not None:
        named = dict(_with_items(named.values(), query.items))
    graph = Graph(structures.by_key | named, agencies=query.agencies)
    keys = graph.around(frozenset(named), query.references)
    return [_told(one, named, query, keys, structures) for one in structures.artefacts if one.key in keys]


def _is_named(artefact: Artefact, query: Query) -> bool:
    return (
        artefact.kind in query.kinds
        and query.agency(artefact.agency)
        and query.id(artefact.id)
        and query.version(artefact.version)
    )


def _with_items(artefacts: Iterable[Artefact], items: frozenset[str]) -> Iterable[tuple[Key, Artefact]]:
    for artefact in artefacts:
        if isinstance(artefact, Scheme) and (found := artefact.only(items)).items:
            yield artefact.key, replace(found, partial=True)


def _told(artefact: Artefact, named: dict[Key, Artefact], query: Query, keys: Keys, known: Structures) -> Artefact:
    """Return as much of an artefact as ``detail`` says."""
    own = named.get(artefact.key)
    if query.detail.startswith("all"):
        return artefact.as_stub(complete="complete" in query.detail)
    if own is not None or query.detail in ("full", "raw"):
        return own or artefact
    if query.detail == "referencepartial":
        return partial(artefact, keys, known)
    return artefact.as_stub(complete="complete" in query.detail)


def partial(artefact: Artefact, keys: Keys, known: Structures) -> Artefact:
    """Return a list with those items only that the artefacts beside it use; code lists are used whole."""
    if not isinstance(artefact, Scheme):
        return artefact
    used = frozenset[str]().union(*(_used(artefact.kind, known.by_key[key]) for key in keys))
    return artefact.only(used) if used else artefact


def _used(kind: str, by: Artefact) -> frozenset[str]:
    """Return the items of a list of that type that an artefact uses."""
    match kind, by:
        case "conceptscheme", FlowStructure():
            return concepts_of(by.flow)
        case "dataproviderscheme", Agreement():
            return frozenset({by.provider})
        case "agencyscheme", _:
            return frozenset({by.agency})
    return frozenset()


def _is_used(artefact: Artefact, by: Artefact) -> bool:
    """Whether what refers to an artefact means any of its items, if it means some and not all."""
    used = _used(artefact.kind, by)
    return not used or not isinstance(artefact, Scheme) or any(item.id in used for item in artefact.items)


class Graph:
    """Which artefact refers to which; a list that is there in part refers, and is referred to, by that part."""

    def __init__(self, artefacts: Mapping[Key, Artefact], *, agencies: bool) -> None:
        self._children = {key: _children(one, agencies=agencies) for key, one in artefacts.items()}
        self._parents: dict[Key, Keys] = {
            key: frozenset(
                other
                for other, children in self._children.items()
                if key in children and _is_used(one, artefacts[other])
            )
            for key, one in artefacts.items()
        }

    def around(self, keys: Keys, references: frozenset[str]) -> Keys:
        """Return the artefacts and those that go with them: in a direction, or in any direction of a type."""
        found = keys
        for reference in references:
            found |= self._in_direction(keys, reference) if reference in DIRECTIONS else self._of(keys, reference)
        return found

    def _in_direction(self, keys: Keys, direction: str) -> Keys:
        found: Keys = frozenset()
        if direction in ("parents", "parentsandsiblings", "all"):
            found |= _next(keys, self._parents)
        if direction in ("parentsandsiblings", "all"):
            found |= _next(found, self._children)
        if direction == "ancestors":
            found |= _closure(keys, self._parents)
        if direction == "children":
            found |= _next(keys, self._children)
        if direction in ("descendants", "all"):
            found |= _closure(keys, self._children)
        return found

    def _of(self, keys: Keys, kind: str) -> Keys:
        either = _closure(keys, self._parents) | _closure(keys, self._children)
        return frozenset(key for key in either if key.kind == kind)


def _next(keys: Keys, steps: dict[Key, Keys]) -> Keys:
    return frozenset[Key]().union(*(steps[key] for key in keys))


def _closure(keys: Keys, steps: dict[Key, Keys]) -> Keys:
    found: Keys = frozenset()
    reached = _next(keys, steps)
    while not reached <= found:
        found |= reached
        reached = _next(reached, steps)
    return found


def _children(artefact: Artefact, *, agencies: bool) -> Keys:
    own = frozenset(_referred(artefact))
    return own | {AGENCIES} if agencies and artefact.key != AGENCIES else own


def _referred(artefact: Artefact) -> Iterable[Key]:
    match artefact:
        case Scheme(kind="conceptscheme"):
            return _codelists(item.form.codelist for item in artefact.items if item.form and item.form.codelist)
        case FlowStructure(kind="datastructure"):
            return (CONCEPT_SCHEME, *_codelists(codelists_of(artefact.flow)))
        case FlowStructure():
            return (Key("datastructure", AGENCY, artefact.flow.dsd),)
        case Agreement():
            return (Key("dataflow", AGENCY, artefact.flow.id), PROVIDERS)
    return ()


def _codelists(names: Iterable[str]) -> Iterable[Key]:
    return [Key("codelist", AGENCY, name) for name in names]

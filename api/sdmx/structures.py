"""All structures there are: built from the code lists and from reference data, under a version of these."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final

from django.utils.http import http_date

from api.sdmx.artefacts import Agreement, Artefact, FlowStructure, Item, Key, Note, Scheme
from api.sdmx.concepts import CONCEPTS, INVENTED, INVENTED_AGENCY, LISTS
from api.sdmx.flows import AGENCY, ATTRIBUTES, CODELISTS, FLOWS, MEASURE, P2P, SCHEME_VERSION, TIME, VERSION, Flow
from countries import codes, queries
from countries.reference import Agency, Reference

# The agencies that stand at the top are listed by SDMX itself: an agency in a list of ours would be a part of ours.
AGENCIES: Final = Key("agencyscheme", "SDMX", "AGENCIES")
PROVIDERS: Final = Key("dataproviderscheme", AGENCY, "DATA_PROVIDERS")
CONCEPT_SCHEME: Final = Key("conceptscheme", AGENCY, "CS_P2P")
_FEDERATION: Final = "Police2Peer Federation"

_FLOW_TEXTS: Final = {
    "P2P": (
        "Police2Peer: the combined European view",
        "Events by country and network, as known now: their counts over all agencies, rounded at random.",
    ),
    "P2P_VINTAGE": (
        "Police2Peer: the combined European view as it was seen",
        "The same as P2P, as it was public at the end of a day, or at an instant.",
    ),
}


@dataclass(frozen=True)
class Structures:
    """All artefacts under one version of the reference data."""

    reference: int
    changed: datetime
    artefacts: tuple[Artefact, ...]
    #: Whether some agency, and so perhaps a number, is made up.
    invented: bool

    def last_modified(self, milliseconds: int = 0) -> str:
        """Return when what is told of them changed last, or something beside them in milliseconds since 1970."""
        return http_date(max(self.changed.timestamp(), milliseconds / 1000))

    @cached_property
    def by_key(self) -> dict[Key, Artefact]:
        return {artefact.key: artefact for artefact in self.artefacts}

    def scheme(self, key: Key) -> Scheme:
        """Return a list of items."""
        found = self.by_key[key]
        assert isinstance(found, Scheme)  # noqa: S101  the keys of lists are known
        return found

    def codelist(self, name: str) -> Scheme:
        """Return a code list by its id."""
        return self.scheme(_codelist_key(name))


def structures() -> Structures:
    """Return all structures as they are now."""
    return under(Reference.current())


@lru_cache(maxsize=2)
def under(reference: Reference) -> Structures:
    """Return all structures under a version of the reference data."""
    agencies = reference.agencies
    artefacts = (
        *_flows(reference),
        *_codelists(reference),
        _scheme(CONCEPT_SCHEME, "Concepts of Police2Peer", CONCEPTS),
        _scheme(AGENCIES, "Agencies", [Item(AGENCY, _FEDERATION)], SCHEME_VERSION),
        _scheme(PROVIDERS, "Who provides data", _providers(agencies), SCHEME_VERSION),
        *_agreements(agencies),
    )
    return Structures(reference.version, reference.changed, artefacts, reference.invented)


def _flows(reference: Reference) -> Iterator[FlowStructure]:
    notes = (*_notes(reference), *([INVENTED] if reference.invented else ()))
    for flow in FLOWS.values():
        name, description = _FLOW_TEXTS[flow.id]
        dataflow = FlowStructure(
            kind="dataflow",
            agency=AGENCY,
            id=flow.id,
            version=VERSION,
            name=name,
            description=description,
            notes=notes,
            flow=flow,
        )
        yield dataflow
        yield replace(
            dataflow, kind="datastructure", id=flow.dsd, name=f"Structure of {flow.id}", description="", notes=()
        )


def _notes(reference: Reference) -> Iterator[Note]:
    """What the numbers are not."""
    for row in reference.indicators:
        for number, text in enumerate(row.notes, 1):
            yield Note(f"{row.code}_{number}", "NOTE", title=row.name, text=text)


def _codelists(reference: Reference) -> Iterator[Scheme]:
    for name, listed in LISTS.items():
        yield _scheme(_codelist_key(name), listed.name, listed.codes)
    yield _scheme(_codelist_key("CL_INDICATOR"), "Indicators", _indicators(reference))
    yield _scheme(_codelist_key("CL_COUNTRY"), "Countries and country groups", _countries())
    yield _scheme(_codelist_key("CL_NETWORK"), "Networks", _networks(reference))


def _codelist_key(name: str) -> Key:
    return Key("codelist", AGENCY, name)


def _scheme(key: Key, name: str, items: Iterable[Item], version: str = VERSION) -> Scheme:
    return Scheme(kind=key.kind, agency=key.agency, id=key.id, version=version, name=name, items=tuple(items))


def _indicators(reference: Reference) -> Iterator[Item]:
    for row in reference.indicators:
        notes = tuple(Note(f"{row.code}_{number}", "NOTE", text=text) for number, text in enumerate(row.notes, 1))
        yield Item(row.code, row.name, row.description, notes)


def _countries() -> Iterator[Item]:
    for country in queries.countries():
        yield Item(country.code, country.name)
    for group in queries.groups():
        members = "" if group.code == codes.TOTAL else f"{len(group.members)} countries: {', '.join(group.members)}."
        yield Item(group.code, group.name, members or "All countries, and those who could not be located.")


def _networks(reference: Reference) -> Iterator[Item]:
    for row in reference.networks:
        yield Item(row.code, row.name)
    yield Item(codes.TOTAL, "All networks")


def _providers(agencies: Iterable[Agency]) -> Iterator[Item]:
    yield Item(AGENCY, _FEDERATION, "All agencies together.")
    for row in agencies:
        yield Item(row.code, row.name, notes=(INVENTED_AGENCY,) if row.invented else ())


def _agreements(agencies: Iterable[Agency]) -> Iterator[Agreement]:
    for flow in FLOWS.values():
        yield _agreement(flow.agreement, f"{flow.id}, by the federation", flow, AGENCY)
    for row in agencies:
        told = "What the agency submits. It is not published by itself: its data cannot be read here."
        yield _agreement(f"PA_{row.code}", f"{P2P.id}, by {row.name}", P2P, row.code, told)


def _agreement(own: str, name: str, flow: Flow, provider: str, description: str = "") -> Agreement:
    return Agreement(
        kind="provisionagreement",
        agency=AGENCY,
        id=own,
        version=VERSION,
        name=name,
        description=description,
        flow=flow,
        provider=provider,
    )


def concepts_of(flow: Flow) -> frozenset[str]:
    """Return the ids of all components of a flow, which are those of their concepts."""
    return frozenset((*flow.dimensions, TIME, MEASURE, *(attribute.id for attribute in ATTRIBUTES)))


def codelists_of(flow: Flow) -> tuple[str, ...]:
    """Return the ids of the code lists of a flow: of its dimensions first, then of its attributes."""
    of_dimensions = [CODELISTS[dimension] for dimension in flow.dimensions if dimension in CODELISTS]
    return (*of_dimensions, *(attribute.codelist for attribute in ATTRIBUTES if attribute.codelist))

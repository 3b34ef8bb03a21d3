"""What there is of a flow, as a message: a constraint that says so, and what it refers to, if wanted.

Other modules count; here is only how it is said.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from api.problems import Problem
from api.sdmx.artefacts import Artefact, Constraint, Key, Note, Scheme
from api.sdmx.flows import AGENCY, CODELISTS, TIME, VERSION, Flow
from api.sdmx.negotiation import Offer
from api.sdmx.structure_messages import OLDER, head, written
from api.sdmx.structures import CONCEPT_SCHEME, PROVIDERS, Structures, codelists_of, concepts_of

#: What ``references`` can be in a question about availability.
REFERENCES: Final = (
    "none", "all", "codelist", "valuelist", "datastructure", "conceptscheme", "dataflow", "dataproviderscheme",
)  # fmt: skip
#: The type by which clients know the counts, which the generations offered here have no other place for.
_METRICS: Final = "sdmx_metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What there is: the values of each dimension but the time, the first and last period, and how much."""

    flow: Flow
    values: Mapping[str, tuple[str, ...]]
    span: tuple[str, str] | None = None
    observations: int
    series: int


def references(text: str) -> frozenset[str]:
    """Read which artefacts are to go with the constraint: one, or several with commas."""
    words = frozenset(text.lower().split(","))
    if not words <= frozenset(REFERENCES):
        raise Problem("bad_parameter", detail=f"Use {', '.join(REFERENCES)}.", parameter="references")
    return words


def message(found: Availability, wanted: frozenset[str], offer: Offer, known: Structures, address: str) -> bytes:
    """Return what there is as a message in one of the forms of structures, under a version of reference data."""
    kind = "contentconstraint" if offer in OLDER else "dataconstraint"
    artefacts = [_constraint(found, kind), *_beside(found, wanted, known)]
    return written(artefacts, offer, head(known, address))


def _constraint(found: Availability, kind: str) -> Constraint:
    counts = (("obs_count", found.observations), ("series_count", found.series))
    return Constraint(
        kind=kind,
        agency=AGENCY,
        id=f"AVAILABLE_{found.flow.id}",
        version=VERSION,
        name=f"What there is of {found.flow.id}",
        notes=tuple(Note(name, _METRICS, title=str(count)) for name, count in counts),
        flow=found.flow,
        values=_filled(found),
        span=found.span,
    )


def _filled(found: Availability) -> dict[str, tuple[str, ...]]:
    """Return the values of the dimensions that have some: that there are none cannot be said of one in all forms."""
    return {name: values for name, values in found.values.items() if values}


def _beside(found: Availability, wanted: frozenset[str], known: Structures) -> Iterator[Artefact]:
    """Return what the constraint refers to, of lists only what it uses, in the order of all structures."""
    used = dict(_used(found))
    if wanted & {"all", "datastructure"}:
        # The structure beside it names all of its concepts and lists, and clients want all that it names.
        used = dict(_named(found.flow, known)) | used | {CONCEPT_SCHEME: concepts_of(found.flow)}
    for artefact in known.artefacts:
        if artefact.key in used and wanted & {"all", artefact.kind}:
            items = used[artefact.key]
            yield artefact.only(items) if isinstance(artefact, Scheme) else artefact


def _named(flow: Flow, known: Structures) -> Iterable[tuple[Key, frozenset[str]]]:
    for name in codelists_of(flow):
        scheme = known.codelist(name)
        yield scheme.key, frozenset(item.id for item in scheme.items)


def _used(found: Availability) -> Iterable[tuple[Key, frozenset[str]]]:
    yield Key("dataflow", AGENCY, found.flow.id), frozenset()
    yield Key("datastructure", AGENCY, found.flow.dsd), frozenset()
    yield CONCEPT_SCHEME, frozenset((*_filled(found), *([TIME] if found.span else ())))
    # The combined view is the federation's: which agencies it is made of, coverage tells.
    yield PROVIDERS, frozenset({AGENCY})
    for name, values in _filled(found).items():
        if name in CODELISTS:
            yield Key("codelist", AGENCY, CODELISTS[name]), frozenset(values)

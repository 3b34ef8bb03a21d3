"""What a structure message is made of, as plain values: lists of items, flows, who provides them, what there is.

Each artefact exists in one version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

from api.sdmx.flows import Flow


class Kind(NamedTuple):
    """A type of artefact: its name in the information model, the package there, and the name of its items."""

    package: str
    name: str
    item: str = ""


#: The types that there are, by the names of their resources.
KINDS: Final = {
    "agencyscheme": Kind("base", "AgencyScheme", "Agency"),
    "codelist": Kind("codelist", "Codelist", "Code"),
    "conceptscheme": Kind("conceptscheme", "ConceptScheme", "Concept"),
    "dataproviderscheme": Kind("base", "DataProviderScheme", "DataProvider"),
    "dataflow": Kind("datastructure", "Dataflow"),
    "datastructure": Kind("datastructure", "DataStructure"),
    "provisionagreement": Kind("registry", "ProvisionAgreement"),
    "contentconstraint": Kind("registry", "ContentConstraint"),
    "dataconstraint": Kind("registry", "DataConstraint"),
}


class Note(NamedTuple):
    """An annotation."""

    id: str
    type: str
    title: str = ""
    text: str = ""


class Form(NamedTuple):
    """How values of a concept are written: a code of a list, or text of a kind."""

    kind: str
    codelist: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A code, a concept, an agency or a data provider. ``form`` is for concepts."""

    id: str
    name: str
    description: str = ""
    notes: tuple[Note, ...] = ()
    form: Form | None = None


class Key(NamedTuple):
    """By what an artefact is found."""

    kind: str
    agency: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """What has an identity and is maintained. Of a stub no more is told than that, and its name."""

    kind: str
    agency: str
    id: str
    version: str
    name: str
    description: str = ""
    notes: tuple[Note, ...] = ()
    stub: bool = False

    @property
    def key(self) -> Key:
        return Key(self.kind, self.agency, self.id)

    @property
    def urn(self) -> str:
        return self._urn(KINDS[self.kind].name)

    def item_urn(self, item: str) -> str:
        """Return the URN of an item of it."""
        return f"{self._urn(KINDS[self.kind].item)}.{item}"

    def as_stub(self, *, complete: bool) -> Self:
        """Return it without its content; complete ones keep description and annotations."""
        return replace(self, stub=True) if complete else replace(self, stub=True, description="", notes=())

    def _urn(self, name: str) -> str:
        return f"urn:sdmx:org.sdmx.infomodel.{KINDS[self.kind].package}.{name}={self.agency}:{self.id}({self.version})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme(Artefact):
    """A list of items; a partial one leaves some out."""

    items: tuple[Item, ...]
    partial: bool = False

    def only(self, ids: frozenset[str]) -> "Scheme":
        """Return it with these items only."""
        items = tuple(item for item in self.items if item.id in ids)
        return replace(self, items=items, partial=self.partial or len(items) < len(self.items))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStructure(Artefact):
    """A data structure definition, or a dataflow."""

    flow: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Artefact):
    """Who provides data of a flow."""

    flow: Flow
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint(Artefact):
    """What there is of a flow: values by dimension, from when until when, and how much."""

    flow: Flow
    values: Mapping[str, tuple[str, ...]]
    span: tuple[str, str] | None = None


class Head(NamedTuple):
    """What a message says of itself; ``address`` is where structures are asked for."""

    id: str
    prepared: str
    #: Whether numbers may be made up.
    test: bool
    address: str

    def address_of(self, artefact: Artefact) -> str:
        """Return where all of an artefact is told."""
        return f"{self.address}{artefact.kind}/{artefact.agency}/{artefact.id}/{artefact.version}"

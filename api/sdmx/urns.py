"""The names of artefacts as the standard writes them for the whole world."""

from api.sdmx.artefacts import KINDS
from api.sdmx.flows import AGENCY, SCHEME_VERSION, VERSION
from api.sdmx.structures import CONCEPT_SCHEME, PROVIDERS

_BASE = "urn:sdmx:org.sdmx.infomodel"


def of(kind: str, name: str) -> str:
    """Return the URN of an artefact of ours that has the version that all have."""
    package, called, _ = KINDS[kind]
    return f"{_BASE}.{package}.{called}={AGENCY}:{name}({VERSION})"


def of_concept(name: str) -> str:
    """Return the URN of a concept."""
    return f"{_BASE}.conceptscheme.Concept={AGENCY}:{CONCEPT_SCHEME.id}({VERSION}).{name}"


def of_provider(name: str) -> str:
    """Return the URN of a data provider."""
    return f"{_BASE}.base.DataProvider={AGENCY}:{PROVIDERS.id}({SCHEME_VERSION}).{name}"

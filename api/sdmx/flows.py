"""The dataflows: dimensions, measure and attributes in order, the concepts behind them, and their URNs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from api import datasets
from federation.rules.coverage import Coverage
from p2p_core import flow, instants
from p2p_core.flow import AGENCY, SCHEME_VERSION, VERSION

TIME: Final = "TIME_PERIOD"
MEASURE: Final = "OBS_VALUE"
VINTAGE: Final = "VINTAGE"
STATUS: Final = "OBS_STATUS"
#: Minutes are left out because they have no vintages.
FREQUENCIES: Final = tuple(datasets.FREQUENCIES)
#: The confidentiality of all published observations: free.
CONFIDENTIALITY: Final = "F"
CONCEPTS: Final = "CS_P2P"
PROVIDERS: Final = "DATA_PROVIDERS"
ALL_DIMENSIONS: Final = "AllDimensions"


class Component(NamedTuple):
    """A dimension, the measure or an attribute; its concept has the same id."""

    name: str
    description: str
    #: The type of its values, as SDMX names it.
    type: str = "String"
    #: The list of its codes, if it has one.
    codelist: str = ""
    mandatory: bool = False
    #: For an attribute that depends on the period: its values, as text.
    column: Callable[[Coverage], Iterable[str]] | None = None


def _instants_by_period(coverage: Coverage, known: Mapping[int, datetime]) -> Iterable[str]:
    """An instant for each period; empty if it has none. ``known`` are the instants by the place of their period."""
    written = {place: instants.write(moment) for place, moment in known.items()}
    return (written.get(place, "") for place in range(len(coverage.periods)))


COMPONENTS: Final = {
    "FREQ": Component("Frequency", "How long the periods are that events are counted in.", codelist="CL_FREQ"),
    "INDICATOR": Component("Indicator", "What is counted, always events.", codelist="CL_INDICATOR"),
    "COUNTRY": Component("Country", "Where the downloader, or visitor, was located.", codelist="CL_COUNTRY"),
    "NETWORK": Component("Network", "The peer-to-peer network.", codelist="CL_NETWORK"),
    VINTAGE: Component(
        "Vintage",
        "The past view: a day, which means the view at its end in UTC, or an instant such as 2026-11-24T10:16:02.481Z.",
        # A day and an instant are two types in XML; together they are a basic time period.
        "BasicTimePeriod",
    ),
    TIME: Component(
        "Time period", "The period of UTC time in which the events were counted.", "ObservationalTimePeriod"
    ),
    MEASURE: Component(
        "Observation value",
        "How many events, rounded at random to a multiple of a base. Absent if it is not known.",
        # Sums of many agencies may be larger than an Integer, which has 32 bits.
        "Long",
    ),
    STATUS: Component(
        "Observation status",
        "Whether all expected reports are there and final.",
        codelist="CL_OBS_STATUS",
        mandatory=True,
        # An observation has one status: a break hides that its period is provisional.
        column=lambda coverage: np.where(coverage.is_known & coverage.is_break, "B", coverage.statuses).tolist(),
    ),
    "CONF_STATUS": Component(
        "Confidentiality status",
        "All that is published here is free.",
        codelist="CL_CONF_STATUS",
        mandatory=True,
        column=lambda coverage: [CONFIDENTIALITY] * len(coverage.periods),
    ),
    "COVERAGE": Component(
        "Coverage",
        "Share of the time that the expected agencies have reported, 0 to 1; absent if no agency was expected.",
        "Decimal",
        column=lambda coverage: ("" if share is None else str(share) for share in coverage.time_coverage),
    ),
    "AGENCIES_REPORTING": Component(
        "Agencies reporting",
        "How many of the expected agencies have reported.",
        "Integer",
        mandatory=True,
        column=lambda coverage: map(str, coverage.agencies_reporting.tolist()),
    ),
    "AGENCIES_EXPECTED": Component(
        "Agencies expected",
        "How many agencies were expected to report.",
        "Integer",
        mandatory=True,
        column=lambda coverage: map(str, coverage.agencies_expected.tolist()),
    ),
    # pysdmx cannot read the Z at the end of a DateTime.
    "COUNTED_FROM": Component(
        "Counted from",
        "From when all expected agencies count; only if an agency began in the period.",
        "BasicTimePeriod",
        column=lambda coverage: _instants_by_period(coverage, coverage.beginnings),
    ),
    "AGENCIES_AWAITED": Component(
        "Agencies awaited",
        "For how many agencies the period waits before it is published; only if it is not public yet.",
        "Integer",
        column=lambda coverage: (str(count) if count else "" for count in coverage.agencies_awaited.tolist()),
    ),
    "AWAITED_UNTIL": Component(
        "Awaited until",
        "When the period is published at the latest; only if it is not public yet.",
        "BasicTimePeriod",
        column=lambda coverage: _instants_by_period(coverage, coverage.waits),
    ),
    "VALID_FROM": Component("Valid from", "When the observation became public as it is.", "BasicTimePeriod"),
}
ATTRIBUTES: Final = tuple(COMPONENTS)[7:]


@dataclass(frozen=True, slots=True)
class Flow:
    """A dataflow. Its key has the dimensions except the time, in this order."""

    id: str
    dimensions: tuple[str, ...]

    @property
    def dsd(self) -> str:
        """The id of its data structure definition."""
        return f"DSD_{self.id}"

    @property
    def agreement(self) -> str:
        """The id of the agreement by which the federation provides it."""
        return flow.agreement(self.id)

    @property
    def components(self) -> tuple[str, ...]:
        """All components, in the order in which a structure has them."""
        return (*self.dimensions, TIME, MEASURE, *ATTRIBUTES)

    @property
    def codelists(self) -> tuple[str, ...]:
        """The ids of its code lists."""
        return tuple(COMPONENTS[name].codelist for name in self.components if COMPONENTS[name].codelist)


P2P: Final = Flow(flow.FLOW, ("FREQ", "INDICATOR", "COUNTRY", "NETWORK"))
P2P_VINTAGE: Final = Flow(f"{flow.FLOW}_VINTAGE", (*P2P.dimensions, VINTAGE))
FLOWS: Final = {one.id: one for one in (P2P, P2P_VINTAGE)}


class StructureType(NamedTuple):
    """A type of structure: its package and its name in the information model of SDMX, and the name of its items."""

    package: str
    name: str
    item: str = ""


#: The types that exist here, by the names of their resources.
TYPES: Final = {
    "agencyscheme": StructureType("base", "AgencyScheme", "Agency"),
    "codelist": StructureType("codelist", "Codelist", "Code"),
    "conceptscheme": StructureType("conceptscheme", "ConceptScheme", "Concept"),
    "dataflow": StructureType("datastructure", "Dataflow"),
    "dataproviderscheme": StructureType("base", "DataProviderScheme", "DataProvider"),
    "datastructure": StructureType("datastructure", "DataStructure"),
    "provisionagreement": StructureType("registry", "ProvisionAgreement"),
    "contentconstraint": StructureType("registry", "ContentConstraint"),
    "dataconstraint": StructureType("registry", "DataConstraint"),
}


def urn(kind: str, name: str, item: str = "", *, agency: str = AGENCY, version: str = VERSION) -> str:
    """The URN of a structure, or of an item in it."""
    found = TYPES[kind]
    start = f"urn:sdmx:org.sdmx.infomodel.{found.package}.{found.item if item else found.name}"
    return f"{start}={agency}:{name}({version}){f'.{item}' if item else ''}"


def provider_urn(name: str) -> str:
    return urn("dataproviderscheme", PROVIDERS, name, version=SCHEME_VERSION)

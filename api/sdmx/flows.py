"""The dataflows: which dimensions, measure and attributes they have, in order; the one place for structures and data.

Pure Python, without names of anything: those are in ``api.sdmx.structures``.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

#: The agency that maintains the structures, and the version of all of them.
AGENCY: Final = "P2PEU"
VERSION: Final = "1.0.0"
#: Schemes of organisations have always this one, as the standard says.
SCHEME_VERSION: Final = "1.0"

TIME: Final = "TIME_PERIOD"
MEASURE: Final = "OBS_VALUE"
VINTAGE: Final = "VINTAGE"
#: Periods of these frequencies can be read; minutes are not, as they have no vintages.
FREQUENCIES: Final = ("H", "D", "W", "M", "A")
#: An observation is normal, after a break, missing without a reason given, or provisional.
STATUSES: Final = ("A", "B", "O", "P")
#: All that is published is free.
CONFIDENTIALITY: Final = "F"


class Attribute(NamedTuple):
    """An attribute of an observation, with its type in the words of SDMX."""

    id: str
    kind: str
    #: The name of its code list, if it has one.
    codelist: str = ""
    mandatory: bool = False


ATTRIBUTES: Final = (
    Attribute("OBS_STATUS", "String", "CL_OBS_STATUS", mandatory=True),
    Attribute("CONF_STATUS", "String", "CL_CONF_STATUS", mandatory=True),
    Attribute("COVERAGE", "Decimal"),
    Attribute("AGENCIES_REPORTING", "Integer", mandatory=True),
    Attribute("AGENCIES_EXPECTED", "Integer", mandatory=True),
    # As DateTimes, pysdmx could not read the Z at their ends.
    Attribute("COUNTED_FROM", "BasicTimePeriod"),
    Attribute("VALID_FROM", "BasicTimePeriod"),
)

#: The code lists of the dimensions that have one; ``VINTAGE`` and the time are not enumerated.
CODELISTS: Final = {
    "FREQ": "CL_FREQ",
    "INDICATOR": "CL_INDICATOR",
    "COUNTRY": "CL_COUNTRY",
    "NETWORK": "CL_NETWORK",
}


@dataclass(frozen=True, slots=True)
class Flow:
    """A dataflow. Its key has the dimensions but the time, in this order."""

    id: str
    dimensions: tuple[str, ...]

    @property
    def dsd(self) -> str:
        """The id of its data structure definition."""
        return f"DSD_{self.id}"

    @property
    def agreement(self) -> str:
        """The id of the provision agreement under which the federation provides it."""
        return f"PA_{self.id}"


P2P: Final = Flow("P2P", ("FREQ", "INDICATOR", "COUNTRY", "NETWORK"))
P2P_VINTAGE: Final = Flow("P2P_VINTAGE", ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", VINTAGE))
FLOWS: Final = {flow.id: flow for flow in (P2P, P2P_VINTAGE)}

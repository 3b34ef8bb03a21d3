"""The concepts behind dimensions, measure and attributes, and the codes that are the standard's own, in English."""

from typing import Final, NamedTuple

from api import datasets
from api.sdmx import flows
from api.sdmx.artefacts import Form, Item, Note


class Listed(NamedTuple):
    """A code list that hangs on nothing: its name and its codes."""

    name: str
    codes: tuple[Item, ...]


# VINTAGE is a day or an instant, which are two types in XML; together they are a basic time period.
FORMS: Final = {
    **{dimension: Form("String", codelist) for dimension, codelist in flows.CODELISTS.items()},
    **{attribute.id: Form(attribute.kind, attribute.codelist) for attribute in flows.ATTRIBUTES},
    "VINTAGE": Form("BasicTimePeriod"),
    flows.TIME: Form("ObservationalTimePeriod"),
    # Sums of many agencies may be larger than an Integer, which has 32 bits.
    flows.MEASURE: Form("Long"),
}

_TOLD: Final = {
    "FREQ": ("Frequency", "How long the periods are that events are counted in."),
    "INDICATOR": ("Indicator", "What is counted, always events."),
    "COUNTRY": ("Country", "Where the downloader, or visitor, was located."),
    "NETWORK": ("Network", "The peer-to-peer network."),
    "VINTAGE": (
        "Vintage",
        "As seen when: a day, which means the view at its end in UTC, or an instant such as 2026-11-24T10:16:02.481Z.",
    ),
    "TIME_PERIOD": ("Time period", "The period of UTC time in which the events were counted."),
    "OBS_VALUE": (
        "Observation value",
        "How many events, rounded at random to a multiple of a base. Not there where nobody reported.",
    ),
    "OBS_STATUS": ("Observation status", "Whether all that was expected is there and final."),
    "CONF_STATUS": ("Confidentiality status", "All that is published here is free."),
    "COVERAGE": (
        "Coverage",
        "Time covered by reports of the time owed by all expected agencies, from 0 to 1; not there if nobody was.",
    ),
    "AGENCIES_REPORTING": ("Agencies reporting", "How many of the expected agencies have reported."),
    "AGENCIES_EXPECTED": ("Agencies expected", "How many agencies owed a report."),
    "COUNTED_FROM": (
        "Counted from",
        "From when the period is counted. Only a period in which counting began has it.",
    ),
    "VALID_FROM": ("Valid from", "When the observation became public as it is."),
}

CONCEPTS: Final = tuple(Item(concept, *told, form=FORMS[concept]) for concept, told in _TOLD.items())

LISTS: Final = {
    "CL_FREQ": Listed(
        "Frequencies",
        (
            Item("H", "Hourly"),
            Item("D", "Daily"),
            Item("W", "Weekly", "Weeks of ISO 8601, Monday to Sunday."),
            Item("M", "Monthly"),
            Item("A", "Annual"),
        ),
    ),
    "CL_OBS_STATUS": Listed(
        "Observation status",
        (
            Item("A", "Normal value", "All that was expected is there and final."),
            Item("B", "Time series break", "Values before are not comparable with it."),
            Item("O", "Missing value", "Nobody reported."),
            Item(
                "P", "Provisional value", "Reports are missing, in part, or not final, or counting began in the period."
            ),
        ),
    ),
    "CL_CONF_STATUS": Listed("Confidentiality status", (Item("F", "Free", "Free for publication."),)),
}

#: That numbers are made up, wherever they may be.
INVENTED: Final = Note("INVENTED", "INVENTED", text=datasets.INVENTED)
INVENTED_AGENCY: Final = Note("INVENTED", "INVENTED", text="This agency is invented, for a demonstration.")

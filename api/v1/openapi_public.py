"""The public operations on the combined view as the OpenAPI document has them, each with an example."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter

from api import formats, openapi
from api.openapi import parameter
from api.v1 import forms, questions
from federation import published
from p2p_core import codes, periods

_NOTE = "A download is not a person and not an offence."

_INDICATOR: Final = parameter("indicator", "What is counted", example="DOWNLOADS", required=True, form=forms.INDICATOR)


def range_of_periods(note: str = "") -> tuple[OpenApiParameter, ...]:
    """The parameters that name a range of periods of an indicator; ``note`` ends what is said of the frequency."""
    return (
        _INDICATOR,
        parameter(
            "frequency",
            f"Minute (N), hour (H), day (D), ISO week (W), month (M) or year (A){note}",
            example="D",
            required=True,
            among=[str(frequency) for frequency in periods.Frequency],
        ),
        parameter(
            "start", "The first period, by its SDMX name", example="2026-11-01", required=True, form=forms.PERIOD
        ),
        parameter("end", "The last period, included", example="2026-11-30", required=True, form=forms.PERIOD),
    )


_RANGE: Final = range_of_periods(". Minutes are public for two hours")
COUNTRIES: Final = openapi.component("CountryList", forms.COUNTRIES)
_COUNTRY: Final = parameter(
    "country",
    "Countries and groups with commas between, or `*` for every single country and `_U`. EUROPE if left out",
    example="NO,SE",
    form=COUNTRIES,
)
_COUNTRY_OR_ALL: Final = parameter(
    "country",
    "Countries and groups with commas between, or `*` for every single country and `_U`. "
    "All countries and all groups if left out",
    example="DE,EUROPE",
    form=COUNTRIES,
)
_NETWORK: Final = parameter(
    "network",
    "Networks with commas between, or `*` for every single one. The total `_T` if left out; "
    "minutes and hours are published as totals only",
    form=openapi.component("NetworkList", forms.NETWORKS),
)
_PANEL: Final = parameter(
    "panel",
    "Weeks or months of only those agencies that reported all of the last 12, 24 or 36 months: a fair comparison over "
    "time. Over all networks",
    among=questions.PANELS,
)
_AS_OF: Final = parameter(
    "as_of",
    "An instant with Z: answers what was public then. For hours and coarser",
    form=forms.AS_OF,
)
_FORMAT: Final = parameter("format", "Overrides Accept", among=("json", "csv"))
_CURSOR: Final = parameter("cursor", "Where a page begins: follow `next` instead of making one")

_META: Final = {
    "indicator": "DOWNLOADS",
    "frequency": "D",
    "start": "2026-11-01",
    "end": "2026-11-30",
    "as_of": None,
    "version": 48213,
    "known_at": "2026-12-01T00:01:07.482Z",
    "rounding_base": 5,
    "notes": [_NOTE],
}
_COVERAGE: Final = {
    "period": "2026-11-01",
    "agencies_expected": 14,
    "agencies_reporting": 13,
    "time_coverage": 0.92,
    "status": "P",
}
_OBSERVATION: Final = {
    "period": "2026-11-01",
    "country": "NO",
    "network": codes.TOTAL,
    "value": 120,
    "per_100k": 2.14,
    "status": "P",
}
ANNOTATION: Final = {
    "kind": "change",
    "text": "The database of addresses and countries was replaced by a newer one.",
    "start": "2026-11-12T08:00:00.000Z",
    "end": None,
    "agency": "NO-KRIPOS",
    "indicator": "DOWNLOADS",
    "break": True,
}
_CSV: Final = (
    f"{','.join(formats.COLUMNS)}\r\n"
    "DOWNLOADS,D,2026-11-01,NO,_T,120,P,2.14,14,13,0.92\r\n"
    "DOWNLOADS,D,2026-11-01,SE,_T,0,P,0.0,14,13,0.92\r\n"
)

aggregates = openapi.public(
    "get_aggregates",
    "The combined view of a range of periods",
    answer=formats.Aggregates,
    takes=(*_RANGE, _COUNTRY, _NETWORK, _PANEL, _AS_OF, _FORMAT, _CURSOR),
    example={
        "meta": _META,
        "coverage": [_COVERAGE],
        "annotations": [ANNOTATION],
        "observations": [_OBSERVATION],
        "withheld": [{"countries": ["LI"], "network": codes.TOTAL, "published": ["W", "M", "A"]}],
        "next": None,
    },
    csv=_CSV,
)

_MINUTE = "2026-11-24T10:15"
live = openapi.public(
    "get_live",
    "The last 60 minutes that have closed",
    answer=formats.Aggregates,
    takes=(
        parameter("indicator", "What is counted; DOWNLOADS if left out", example="DOWNLOADS", form=forms.INDICATOR),
        _COUNTRY_OR_ALL,
        _FORMAT,
    ),
    example={
        "meta": _META
        | {"frequency": "N", "start": "2026-11-24T09:16", "end": _MINUTE, "known_at": "2026-11-24T10:16:03.120Z"},
        "coverage": [_COVERAGE | {"period": _MINUTE}],
        "annotations": [],
        "observations": [_OBSERVATION | {"period": _MINUTE, "country": "DE", "value": 5, "per_100k": 0.01}],
        "withheld": [{"countries": ["NO", "SE"], "network": codes.TOTAL, "published": ["H", "D", "W", "M", "A"]}],
        "next": None,
    },
    csv=f"{','.join(formats.COLUMNS)}\r\nDOWNLOADS,N,{_MINUTE},DE,_T,5,P,0.01,14,13,0.92\r\n",
)

windows = openapi.public(
    "get_window",
    "A sliding window over all networks: the last day, 7, 30 or 365 days",
    answer=formats.SlidingWindow,
    takes=(
        _INDICATOR,
        parameter("window", "The length of the window", example="P7D", required=True, among=published.WINDOWS),
        _COUNTRY_OR_ALL,
    ),
    example={
        "meta": {
            "indicator": "DOWNLOADS",
            "window": "P7D",
            "start": "2026-11-17T00:00:00.000Z",
            "end": "2026-11-24T00:00:00.000Z",
            "version": 48213,
            "known_at": "2026-11-24T01:01:07.482Z",
            "rounding_base": 5,
            "notes": [_NOTE],
        },
        "coverage": {
            "period": "P7D",
            "agencies_expected": 14,
            "agencies_reporting": 14,
            "time_coverage": 0.98,
            "status": "P",
        },
        "observations": [
            {"period": "P7D", "country": "NO", "network": codes.TOTAL, "value": 830, "per_100k": 14.8, "status": "P"}
        ],
        "withheld": [{"countries": ["LI"], "network": codes.TOTAL, "published": ["W", "M", "A"]}],
    },
)

coverage = openapi.public(
    "get_coverage",
    "Which agencies have reported: per period and agency",
    answer=formats.CoverageOfRange,
    takes=(*_RANGE, _AS_OF, _CURSOR),
    example={
        "meta": _META,
        "coverage": [
            _COVERAGE
            | {"agencies": [{"agency": "NO-KRIPOS", "state": "reported"}, {"agency": "SE-NOA", "state": "late"}]}
        ],
        "next": None,
    },
)

"""The public operations on the combined view as the OpenAPI document has them, each with an example."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from api import formats, negotiation, openapi
from api.formats import corrections as correction_documents
from api.formats import csv_table
from api.formats.jsonstat import JsonStatDataset
from api.negotiation import CSV, JSON_STAT, XLSX
from api.openapi import parameter
from api.v1 import forms, questions
from federation import published
from federation.published import terms
from p2p_core import codes, periods

_NOTE = "A download is not a person and not an offence."

EACH_FREQUENCY: Final = "Minute (N), hour (H), day (D), ISO week (W), month (M) or year (A)"
_INDICATOR: Final = parameter("indicator", "What is counted", example="DOWNLOADS", required=True, form=forms.INDICATOR)


def range_of_periods(
    note: str = "", *, start: str = "", end: str = "", required: bool = True
) -> tuple[OpenApiParameter, ...]:
    """The parameters that name a range of periods of an indicator.

    ``note`` ends what is said of the frequency; ``start`` and ``end`` what is said of these parameters.
    """
    return (
        _INDICATOR,
        parameter(
            "frequency",
            f"{EACH_FREQUENCY}{note}",
            example="D",
            required=True,
            among=[str(frequency) for frequency in periods.Frequency],
        ),
        parameter(
            "start",
            f"The first period, by its SDMX name{start}",
            example="2026-11-01",
            required=required,
            form=forms.PERIOD,
        ),
        parameter("end", f"The last period, included{end}", example="2026-11-30", required=required, form=forms.PERIOD),
    )


_RANGE: Final = range_of_periods(
    ". Minutes are public for two hours",
    start=". The first published one if left out; of minutes, the first of the last 60",
    end=". The newest published one if left out",
    required=False,
)
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
_FORMAT: Final = parameter("format", "Overrides Accept", among=tuple(negotiation.WORDS))
_LANGUAGE: Final = parameter(
    "language",
    "The language of names in `xlsx` and `jsonstat`, as CLDR writes it; overrides Accept-Language. The other formats "
    "have no names, and refuse it",
    form=forms.LANGUAGE,
)
CURSOR: Final = parameter("cursor", "Where a page begins: follow `next` instead of making one")

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
    f"{','.join(csv_table.COLUMNS)}\r\n"
    "DOWNLOADS,D,2026-11-01,NO,_T,120,P,2.14,14,13,0.92,,,\r\n"
    "DOWNLOADS,D,2026-11-01,SE,_T,0,P,0.0,14,13,0.92,,,\r\n"
)

_WITHHELD: Final = {"countries": ["LI"], "network": codes.TOTAL, "published": ["W", "M", "A"]}
_LABELS: Final = {
    "TIME_PERIOD": ("Period", {"2026-11-01": "2026-11-01"}),
    "COUNTRY": ("Country", {"NO": "Norway"}),
    "NETWORK": ("Network", {codes.TOTAL: "All networks"}),
    "MEASURE": ("Measure", {"OBS_VALUE": "Count", "PER_100K": "Per 100,000 inhabitants"}),
}
_JSON_STAT: Final = {
    "version": "2.0",
    "class": "dataset",
    "href": "https://example.org/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&country=NO&format=jsonstat"
    "&start=2026-11-01&end=2026-11-01&as_of=2026-12-01T00:01:07.482Z",
    "label": "Downloads, by day, 2026-11-01 – 2026-11-01",
    "source": "Police2Peer federation",
    "updated": _META["known_at"],
    "note": [_NOTE],
    "link": {"license": [{"href": terms.LICENCE, "label": terms.LICENCE_NAME}]},
    "id": list(_LABELS),
    "size": [len(labels) for _, labels in _LABELS.values()],
    "role": {"time": ["TIME_PERIOD"], "geo": ["COUNTRY"], "metric": ["MEASURE"]},
    "dimension": {
        name: {"label": label, "category": {"index": list(labels), "label": labels}}
        for name, (label, labels) in _LABELS.items()
    },
    "value": [120, 2.14],
    "status": ["P", "P"],
    "extension": {
        "meta": _META | {"end": "2026-11-01"},
        "coverage": [_COVERAGE],
        "annotations": [ANNOTATION],
        "withheld": [_WITHHELD],
        "status": {"P": "Provisional: reports are missing or may still change, or an agency began within the period."},
    },
}


def _other_forms(csv: str) -> dict[str, OpenApiResponse]:
    """The answers of the combined view that are not JSON."""
    workbook = {"type": "string", "format": "binary"}
    return {
        CSV: openapi.body({"type": "string"}, csv, "The answer"),
        XLSX: OpenApiResponse(workbook, description="A workbook: numbers, coverage, and what they are"),
        JSON_STAT: openapi.body(openapi.structure(JsonStatDataset), _JSON_STAT, "A dataset of JSON-stat 2.0"),
    }


aggregates = openapi.public(
    "get_aggregates",
    "The combined view of a range of periods",
    answer=formats.Aggregates,
    takes=(*_RANGE, _COUNTRY, _NETWORK, _PANEL, _AS_OF, _FORMAT, _LANGUAGE, CURSOR),
    example={
        "meta": _META,
        "coverage": [_COVERAGE],
        "annotations": [ANNOTATION],
        "observations": [_OBSERVATION],
        "withheld": [_WITHHELD],
        "next": None,
    },
    others=_other_forms(_CSV),
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
        _LANGUAGE,
    ),
    example={
        "meta": _META
        | {"frequency": "N", "start": "2026-11-24T09:16", "end": _MINUTE, "known_at": "2026-11-24T10:16:03.120Z"},
        "coverage": [_COVERAGE | {"period": _MINUTE}],
        "annotations": [],
        "observations": [_OBSERVATION | {"period": _MINUTE, "country": "DE", "value": 5, "per_100k": 0.01}],
        "withheld": [{"countries": ["NO", "SE"], "network": codes.TOTAL, "published": list(periods.LASTING)}],
        "next": None,
    },
    others=_other_forms(f"{','.join(csv_table.COLUMNS)}\r\nDOWNLOADS,N,{_MINUTE},DE,_T,5,P,0.01,14,13,0.92,,,\r\n"),
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
        "withheld": [_WITHHELD],
    },
)

coverage = openapi.public(
    "get_coverage",
    "Which agencies have reported: per period and agency",
    answer=formats.CoverageOfRange,
    takes=(*_RANGE, _AS_OF, CURSOR),
    example={
        "meta": _META,
        "coverage": [
            _COVERAGE
            | {"agencies": [{"agency": "NO-KRIPOS", "state": "reported"}, {"agency": "SE-NOA", "state": "late"}]}
        ],
        "next": None,
    },
)

_CORRECTION: Final = {
    "version": 48213,
    "known_at": "2026-12-01T00:01:07.482Z",
    "period": "2026-11-01",
    "country": "NO",
    "network": codes.TOTAL,
    "value_before": 115,
    "value_after": 120,
    "difference": 5,
    "status_before": "A",
    "status_after": "A",
    "agencies_reporting_before": 14,
    "agencies_reporting_after": 14,
}
corrections = openapi.public(
    "list_corrections",
    "What changed after its first publication, when, and by how much",
    answer=correction_documents.CorrectionList,
    takes=(
        _INDICATOR,
        parameter(
            "frequency",
            "Hour (H), day (D), ISO week (W), month (M) or year (A). A public minute never changes",
            example="D",
            required=True,
            among=periods.LASTING,
        ),
        _COUNTRY_OR_ALL,
        _NETWORK,
        parameter(
            "since",
            "A past instant: only corrections that became public after it, such as the `meta.known_at` of an answer",
            form=forms.INSTANT,
        ),
        parameter(
            "limit",
            "A page ends with the period that has the correction of this number. "
            f"{correction_documents.DEFAULT_LIMIT} if left out",
            form={"type": "integer", "minimum": 1, "maximum": correction_documents.MAX_LIMIT},
        ),
        parameter("format", "Overrides Accept", among=("json", "csv")),
        CURSOR,
    ),
    example={
        "meta": {
            name: _META[name] for name in ("indicator", "frequency", "version", "known_at", "rounding_base", "notes")
        }
        | {"since": None},
        "corrections": [_CORRECTION],
        "withheld": [_WITHHELD],
        "next": None,
    },
    others={
        CSV: openapi.body(
            {"type": "string"},
            f"{','.join(correction_documents.COLUMNS)}\r\n"
            "DOWNLOADS,D,2026-11-01,NO,_T,48213,2026-12-01T00:01:07.482Z,115,120,5,A,A,14,14\r\n",
            "The answer",
        )
    },
)

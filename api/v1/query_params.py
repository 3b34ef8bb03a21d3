"""Query parameters, read strictly as what they mean, or refused by name."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from django.http import HttpRequest

from api.parameters import list_values
from api.problems import Problem
from countries.reference import Agency, Indicator, Reference
from p2p_core import instants, periods
from p2p_core.payloads import checks
from p2p_core.payloads.faults import BrokenRuleError
from p2p_core.traces import looks_like_trace

Given = Mapping[str, str]

#: What names a range of periods.
RANGE: Final = ("indicator", "frequency", "start", "end")
_EXAMPLES: Final = {
    "N": "2026-11-24T10:15", "H": "2026-11-24T10:00", "D": "2026-11-24", "W": "2026-W48", "M": "2026-11", "A": "2026",
}  # fmt: skip


def refuse_traces(request: HttpRequest) -> None:
    """Refuse addresses of people in the query, because a proxy on the way may log it."""
    if any(looks_like_trace([name, *values]) for name, values in request.GET.lists()):
        raise Problem("personal_trace")


def flag(given: Given, name: str) -> bool:
    value = given.get(name, "false")
    if value not in ("true", "false"):
        raise Problem("bad_parameter", detail=list_values(name, ("true", "false")), parameter=name)
    return value == "true"


def instant(given: Given, name: str) -> datetime | None:
    try:
        return checks.instant(given[name]) if name in given else None
    except BrokenRuleError:
        detail = f"Write {name} as an instant with Z, such as 2026-12-01T00:01:07.482Z."
        raise Problem("bad_parameter", detail=detail, parameter=name) from None


def as_of(given: Given) -> datetime | None:
    if "as_of" not in given:
        return None
    with suppress(ValueError):
        if given["as_of"].endswith("Z"):
            return instants.parse(given["as_of"])
    raise Problem("bad_as_of", parameter="as_of")


def indicator(code: str, reference: Reference) -> Indicator:
    found = reference.indicators_by_code.get(code)
    if found is None:
        raise Problem("unknown_indicator", parameter="indicator")
    return found


def agency(code: str, reference: Reference) -> Agency:
    found = reference.agencies_by_code.get(code)
    if found is None:
        raise Problem("unknown_agency", parameter="agency")
    return found


def frequency(text: str) -> str:
    if text not in _EXAMPLES:
        raise Problem("unknown_frequency", detail=list_values("frequency", "NHDWMA"), parameter="frequency")
    return text


def period(frequency: str, text: str, name: str) -> datetime:
    """The start of a period, given by its SDMX name."""
    try:
        return periods.parse(frequency, text)
    except periods.PeriodError as error:
        detail = f"Name a period of frequency {frequency}, in UTC, such as {_EXAMPLES[frequency]}."
        raise Problem(error.code, detail=detail, parameter=name) from None


def refuse_reversed(start: datetime | None, end: datetime | None) -> None:
    if start and end and end < start:
        raise Problem("end_before_start", parameter="end")


def several(given: Given, name: str, known: Collection[str]) -> frozenset[str] | None:
    """Some of the known values, with commas between."""
    if name not in given:
        return None
    values = frozenset(given[name].split(","))
    if not values <= frozenset(known):
        raise Problem("bad_parameter", detail=list_values(name, known), parameter=name)
    return values

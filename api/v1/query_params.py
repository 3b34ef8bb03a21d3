"""Query parameters that agencies give, read as what they mean, or refused by name."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.http import HttpRequest

from api.problems import Problem
from p2p_core.payloads import checks
from p2p_core.payloads.faults import BrokenRuleError
from p2p_core.traces import looks_like_trace

Given = Mapping[str, str]


def refuse_traces(request: HttpRequest) -> None:
    """Refuse addresses of people in the query, whose parameters a proxy on the way may log."""
    if any(looks_like_trace([name, *values]) for name, values in request.GET.lists()):
        raise Problem("personal_trace")


def flag(given: Given, name: str) -> bool:
    """Return whether a flag is set; it is not if it is left out."""
    value = given.get(name, "false")
    if value not in ("true", "false"):
        raise Problem("bad_parameter", detail=f"The values of {name} are true and false.", parameter=name)
    return value == "true"


def instant(given: Given, name: str) -> datetime | None:
    """Return an instant, if one is given."""
    try:
        return checks.instant(given[name]) if name in given else None
    except BrokenRuleError:
        raise Problem("bad_parameter", detail=f"Write {name} as an instant with Z.", parameter=name) from None


def several(given: Given, name: str, known: Collection[str]) -> frozenset[str] | None:
    """Return some of the known values, given with commas between, if any are given."""
    if name not in given:
        return None
    values = frozenset(given[name].split(","))
    if not values <= frozenset(known):
        listed = ", ".join(known)
        raise Problem("bad_parameter", detail=f"The values of {name} are {listed}.", parameter=name)
    return values

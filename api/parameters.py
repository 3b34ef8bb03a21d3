"""Query parameters, read strictly: a name that is unknown or repeated is refused, not ignored."""

from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlencode

from django.http import HttpRequest

from api.problems import Problem


def list_known(names: Collection[str]) -> str:
    """How to fix a request with another query parameter than these."""
    if not names:
        return "This address has no query parameters. Leave them out."
    return f"Expected: {', '.join(sorted(names))}."


def list_values(name: str, values: Iterable[str]) -> str:
    """How to fix a query parameter that has another value than these."""
    return f"Expected for {name}: {', '.join(values)}."


def read(request: HttpRequest, *, required: Collection[str] = (), optional: Collection[str] = ()) -> dict[str, str]:
    """An empty value counts as none."""
    given = {}
    for name, values in request.GET.lists():
        if name not in required and name not in optional:
            raise Problem("unknown_parameter", detail=list_known({*required, *optional}))
        if len(values) > 1:
            raise Problem("repeated_parameter", parameter=name)
        if values[0]:
            given[name] = values[0]
    for name in required:
        if name not in given:
            raise Problem(
                "missing_parameter", detail=f"{name} is missing. Expected: {', '.join(required)}.", parameter=name
            )
    return given


def question(given: Mapping[str, str]) -> str:
    """Write the parameters in one fixed order, without the cursor."""
    return urlencode(sorted((name, value) for name, value in given.items() if name != "cursor"))

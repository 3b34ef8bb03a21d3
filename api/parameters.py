"""Query parameters, read strictly: a name that is unknown or repeated is refused, not ignored."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from django.http import HttpRequest

from api.problems import Problem


def read(request: HttpRequest, *, required: Collection[str] = (), optional: Collection[str] = ()) -> dict[str, str]:
    """An empty value counts as none."""
    given = {}
    for name, values in request.GET.lists():
        if name not in required and name not in optional:
            known = ", ".join(sorted({*required, *optional})) or "none"
            raise Problem("unknown_parameter", detail=f"The parameters known here are: {known}.")
        if len(values) > 1:
            raise Problem("repeated_parameter", parameter=name)
        if values[0]:
            given[name] = values[0]
    for name in required:
        if name not in given:
            raise Problem("missing_parameter", detail=f"Give the parameter {name}.", parameter=name)
    return given


def question(given: Mapping[str, str]) -> str:
    """Write the parameters in one fixed order, without the cursor."""
    return urlencode(sorted((name, value) for name, value in given.items() if name != "cursor"))

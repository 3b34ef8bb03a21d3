"""A view lists the scopes for each method. One of them is enough. A method without scopes is closed."""

from itertools import chain
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from api.auth import Caller
from api.problems import Problem


class HasScope(BasePermission):
    """Lets in callers with a scope that ``view.scopes`` names for the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the caller may go on; raise the problem that names the scope that is missing."""
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        wanted = _wanted(view, str(request.method))
        if wanted is None:
            # What the view cannot do at all is for DRF to say.
            return not hasattr(view, str(request.method).lower())
        if not caller.scopes.intersection(wanted):
            challenge = f'Bearer realm="api", error="insufficient_scope", scope="{wanted[0]}"'
            raise Problem("insufficient_scope", headers={"WWW-Authenticate": challenge})
        return True


def _wanted(view: Any, method: str) -> tuple[str, ...] | None:
    """Return the scopes for a method; to ask for the options, those of any will do where there is nothing to read."""
    if method == "OPTIONS":
        return tuple(view.scopes.get("GET") or chain.from_iterable(view.scopes.values()))
    found: tuple[str, ...] | None = view.scopes.get("GET" if method == "HEAD" else method)
    return found


def caller_of(request: Request) -> Caller:
    """Return the caller of a request that HasScope has let in."""
    assert isinstance(request.auth, Caller)  # noqa: S101  for the type; HasScope has made sure
    return request.auth

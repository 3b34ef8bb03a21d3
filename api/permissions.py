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
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        method = str(request.method)
        wanted: tuple[str, ...] | None = view.scopes.get("GET" if method == "HEAD" else method)
        if method == "OPTIONS":
            # Any scope will do if there is nothing to read.
            wanted = tuple(view.scopes.get("GET") or chain.from_iterable(view.scopes.values()))
        if wanted is None:
            # DRF refuses a method that the view does not have.
            return not hasattr(view, method.lower())
        if not caller.scopes.intersection(wanted):
            challenge = f'Bearer realm="api", error="insufficient_scope", scope="{wanted[0]}"'
            raise Problem("insufficient_scope", headers={"WWW-Authenticate": challenge})
        return True


def caller_of(request: Request) -> Caller:
    """The caller of a request that HasScope has let in."""
    assert isinstance(request.auth, Caller)  # noqa: S101  for the type; HasScope has made sure
    return request.auth

"""Who may do what: a view names the scopes of its methods, any one of which lets in."""

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
        wanted = view.scopes.get("GET" if request.method in ("HEAD", "OPTIONS") else request.method, ())
        if wanted and not caller.scopes.intersection(wanted):
            challenge = f'Bearer realm="api", error="insufficient_scope", scope="{wanted[0]}"'
            raise Problem("insufficient_scope", headers={"WWW-Authenticate": challenge})
        return True


def caller_of(request: Request) -> Caller:
    """Return the caller of a request that HasScope has let in."""
    assert isinstance(request.auth, Caller)  # noqa: S101  for the type; HasScope has made sure
    return request.auth

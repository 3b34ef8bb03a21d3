"""Closed by default: a view that says neither that it is open nor who may use it is for those who are signed in."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest


class ClosedByDefault(LoginRequiredMiddleware):
    """Django's own middleware, which here does not look at the session where the view is open.

    To look would make an answer depend on a cookie, and no cache could keep it.
    """

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Send who is not signed in to the login page, unless the view is marked as open."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

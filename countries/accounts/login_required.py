"""Every view requires a sign-in unless it says that it is open, or who may use it."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest


class LoginRequiredByDefault(LoginRequiredMiddleware):
    """Django's middleware, except that it does not read the session of an open view.

    An answer that read the session depends on a cookie, and no cache could keep it.
    """

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

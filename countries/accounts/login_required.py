"""Makes every view require a sign-in, unless the view says that it is open, or says itself who may use it."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest


class LoginRequiredByDefault(LoginRequiredMiddleware):
    """Django's middleware, except that it does not read the session of an open view.

    If the session is read, the answer depends on a cookie, and cannot be cached.
    """

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

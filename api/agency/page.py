"""The base of the pages of an agency: who may open them, and what all of them show."""

import math
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View

from api.site import pages
from countries.accounts import agency_accounts, second_factor, sessions
from countries.accounts.guessing import LockedOut
from countries.reference import Reference, Setup
from federation.database import clock
from p2p_core.workbooks.values import Clock


def base_context(request: HttpRequest) -> dict[str, Any]:
    """The context of the base template."""
    return {**pages.base_context(request), **pages.shared_context()}


def indicator_names() -> dict[int, str]:
    return {one.number: one.name for one in pages.indicators().values()}


# Each page checks the account itself, so the middleware leaves it to them.
@method_decorator(login_not_required, name="dispatch")
class OpenPage(View):
    """A page on the way in, which needs no complete sign-in."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer. After too many guesses, say when the next one is allowed."""
        if str(request.method).lower() not in self.http_method_names:
            return self.http_method_not_allowed(request)
        try:
            return self.refusal() or super().dispatch(request, *args, **kwargs)
        except LockedOut as locked:
            seconds = max(1, math.ceil((locked.until - timezone.now()).total_seconds()))
            answer = self.page("locked_out", status=429, minutes=-(-seconds // 60))
            answer["Retry-After"] = str(seconds)
            return answer

    def refusal(self) -> HttpResponse | None:
        """The answer to a caller who may not open the page."""
        return None

    def account(self) -> Any:
        """The account of the caller. None if the access or the session has ended, or before the password."""
        now = timezone.now()
        account = agency_accounts.account_of(self.request.user, now=now)
        return account if account and sessions.renew(self.request.session, now=now) else None

    def page(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        context = {**base_context(self.request), **context}
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(self.request, f"agency/{template}.html", context, status=status, headers=headers)

    def sign_in(self, step: str) -> HttpResponse:
        """Go to a step of signing in, and then come back here."""
        query = {"next": self.request.get_full_path()}
        return HttpResponseRedirect(f"{reverse(f'agency:{step}')}?{urlencode(query)}")


class AgencyPage(OpenPage):
    """A page for the people of one agency. Each request looks the account up, in case its access has ended."""

    agency: Any

    def refusal(self) -> HttpResponse | None:
        account = self.account()
        if account is None:
            return self.sign_in("sign-in")
        if not second_factor.is_verified(self.request.user):
            return self.sign_in("second-factor")
        self.agency = account.agency
        return None

    def page(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        return super().page(template, status=status, agency=self.agency, may_sign_out=True, **context)

    def setups(self) -> tuple[Setup, ...]:
        """The set-ups of the agency, earliest first."""
        known = (row.setups for row in Reference.current().agencies if row.id == self.agency.pk)
        return next(known, ())

    def setup_on(self, day: date) -> Setup | None:
        return next((setup for setup in reversed(self.setups()) if setup.valid_from <= day), None)

    def clock_of_files(self) -> Clock:
        """How times in spreadsheets of the agency are read today."""
        setup = self.setup_on(clock.now().date())
        return Clock(ZoneInfo(setup.time_zone), local_days=setup.local_days) if setup else Clock()

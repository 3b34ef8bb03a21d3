"""Signing in to the pages of an agency, by the steps that the desk uses too: invitation, password, second factor."""

from contextlib import suppress
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice

from api.agency.page import AgencyPage, OpenPage, base_context
from countries.accounts import agency_accounts, second_factor, sign_in
from countries.accounts.second_factor import TooSoon
from countries.admin.second_factor import CodeInput
from countries.registry import Refused

_TOO_SOON: Final = gettext_lazy(
    "Too soon after a wrong code. Wait some seconds, then enter the code again. A recovery code was not used up."
)


class PasswordForm(AuthenticationForm):
    """Lets in only users who have an account of an agency. Others get the message for a wrong password."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if agency_accounts.account_of(user, now=timezone.now()) is None:
            raise self.get_invalid_login_error()


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """Says beside the first field, which has the rules for passwords, what is wrong with a password."""

    def validate_password_for_user(self, user: Any, _name: str = "") -> None:
        super().validate_password_for_user(user, "new_password1")


class CodeForm(forms.Form):
    #: The status of a page with the form.
    status = 200
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("The code of the app has six digits. It changes every half a minute."),
        widget=CodeInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def device(self, request: HttpRequest) -> Device | None:
        """The device to which the code belongs. If it belongs to none, the form says why."""
        if not self.is_valid():
            return None
        try:
            found = sign_in.check_code(request, self.cleaned_data["code"])
        except TooSoon:
            self.add_error("code", _TOO_SOON)
            self.status = 429
            return None
        if found is None:
            self.refuse()
        return found

    def refuse(self) -> None:
        self.add_error("code", gettext("This code is wrong or was used before. Wait for the next one."))


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SignIn(OpenPage):
    """Asks for the password."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("sign_in", form=PasswordForm(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordForm(request, request.POST)
        if not form.is_valid():
            return self.page("sign_in", form=form)
        # This gives the session a new key.
        login(request, form.get_user())
        sign_in.start_session(request)
        return HttpResponseRedirect(sign_in.next_page(request, reverse("agency:board")))


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SecondFactor(OpenPage):
    """Asks for a code, or sets up the app that shows codes."""

    def refusal(self) -> HttpResponse | None:
        if self.account() is None:
            return HttpResponseRedirect(reverse("agency:sign-in"))
        return HttpResponseRedirect(self._next()) if second_factor.is_verified(self.request.user) else None

    def get(self, _request: HttpRequest) -> HttpResponse:
        return self._ask(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if not second_factor.is_set_up(request.user):
            return self._set_up(form)
        shown = form.device(request)
        if shown is None:
            return self._ask(form)
        sign_in.let_in(request, shown)
        if isinstance(shown, StaticDevice):
            messages.warning(request, self._advice())
        return HttpResponseRedirect(self._next())

    def page(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        return super().page(template, status=status, may_sign_out=True, **context)

    def _set_up(self, form: CodeForm) -> HttpResponse:
        if form.is_valid():
            with suppress(Refused):
                codes = sign_in.set_up_app(self.request, form.cleaned_data["code"])
                return self.page("codes", codes=codes, next_page=self._next())
            form.refuse()
        return self._ask(form)

    def _advice(self) -> str:
        """What to do after a recovery code was used."""
        used = gettext("You have used a recovery code. Recovery codes left: %d. Is the app lost?")
        left = second_factor.recovery_codes_left(self.request.user)
        page, words = reverse("agency:second-factor-again"), gettext("Set up your second factor again")
        return format_html('{} <a href="{}">{}</a>', used % left, page, words)

    def _ask(self, form: CodeForm) -> HttpResponse:
        if second_factor.is_set_up(self.request.user):
            return self.page("second_factor", form=form, status=form.status)
        # Only here, because recovery codes have letters.
        form.fields["code"].widget.attrs["inputmode"] = "numeric"
        secret, picture = second_factor.readable(sign_in.secret_of(self.request)), sign_in.qr_code(self.request)
        return self.page("set_up_app", form=form, secret=secret, picture=picture)

    def _next(self) -> str:
        return sign_in.next_page(self.request, reverse("agency:board"))


@method_decorator(sensitive_post_parameters(), name="dispatch")
class NewSecondFactor(AgencyPage):
    """Removes the second factor of somebody who gives a code of it, so that another can be set up."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        return self._ask(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        # Without the code, a stolen session would be enough to keep its owner out.
        if form.device(request) is None:
            return self._ask(form)
        sign_in.remove_app(request)
        messages.success(request, gettext("Sign in again, and set up your new second factor."))
        return HttpResponseRedirect(reverse("agency:sign-in"))

    def _ask(self, form: CodeForm) -> HttpResponse:
        return self.page("new_second_factor", form=form, status=form.status)


class SignOut(OpenPage):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return HttpResponseRedirect(reverse("agency:sign-in"))


class Invitation(OpenPage, PasswordResetConfirmView):
    """Lets an invited person set the password. Django's view takes the token out of the address first."""

    template_name = "agency/invitation.html"
    form_class = NewPasswordForm

    def get_user(self, uidb64: str) -> Any:
        user = super().get_user(uidb64)
        known = user is not None and agency_accounts.account_of(user, now=timezone.now()) is not None
        return user if known else None

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**super().get_context_data(**more), **base_context(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        token = self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        if not agency_accounts.set_password(form.user, form.cleaned_data["new_password1"], token=token):
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        self.request.session.flush()
        messages.success(self.request, gettext("Your password is set. Sign in with it."))
        return HttpResponseRedirect(reverse("agency:sign-in"))

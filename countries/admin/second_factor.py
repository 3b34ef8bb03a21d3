"""The second step of signing in: after the password, users give their second factor, or set it up the first time."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries.accounts import guessing, second_factor, sessions, sign_in
from countries.accounts.second_factor import TooSoon
from countries.admin.base import PasswordField
from countries.admin.lockout import too_soon
from countries.registry import Refused

METHODS: Final = ("GET", "HEAD", "POST")
#: If this many recovery codes or fewer are left, the user gets a warning.
_FEW: Final = 3

# The screens of django-otp would show secrets, and would remove a second factor without the registry.
for device in (TOTPDevice, StaticDevice):
    if admin.site.is_registered(device):
        admin.site.unregister(device)


class CodeInput(forms.TextInput):
    """A field for a code. After a wrong code it is empty again, because that code is of no use any more."""

    def get_context(self, name: str, _value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        widget=CodeInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class PasswordForm(forms.Form):
    password = PasswordField()


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """The answer if the session is too old or has no second factor, else None. It does not check permissions."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not _has_given_password(request):
        return None
    if not sessions.renew(request.session, now=timezone.now()):
        return _redirect(request, "login")
    return None if second_factor.is_verified(request.user) else _redirect(request, "second_factor")


def page(request: HttpRequest) -> HttpResponse:
    """Ask for a code. Users without a second factor set one up; users who have given theirs can set it up again."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not _has_given_password(request) or not sessions.renew(request.session, now=timezone.now()):
        return _redirect(request, "login")
    if second_factor.is_set_up(request.user):
        return _own(request) if second_factor.is_verified(request.user) else _ask(request)
    return _set_up(request)


def _ask(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            shown = sign_in.check_code(request, form.cleaned_data["code"])
        except TooSoon as error:
            return too_soon(request, error.at, "admin/second_factor/ask.html", form=form, too_soon=True)
        if shown is not None:
            sign_in.let_in(request, shown)
            if isinstance(shown, StaticDevice):
                left = second_factor.recovery_codes_left(request.user)
                few = " Set your second factor up again before they run out." if left <= _FEW else ""
                messages.warning(request, f"You have used a recovery code; {left} are left.{few}")
            return HttpResponseRedirect(sign_in.next_page(request, reverse("admin:index")))
        form.add_error(
            "code", "This code is wrong or was used before. Wait for the next one, and check the clock of your device."
        )
    return _show(request, "ask", "Your second factor", form=form)


def _set_up(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST or None)
    secret = sign_in.secret_of(request)
    if form.is_valid():
        try:
            codes = sign_in.set_up_app(request, form.cleaned_data["code"])
        except Refused as error:
            form.add_error("code", str(error))
        else:
            next_page = sign_in.next_page(request, reverse("admin:index"))
            return _show(request, "codes", "Your recovery codes", codes=codes, next_page=next_page)
    picture, readable = sign_in.qr_code(request), second_factor.readable(secret)
    return _show(request, "set_up", "Set up your second factor", form=form, picture=picture, secret=readable)


def _own(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        if guessing.is_own_password(request, form.cleaned_data["password"]):
            sign_in.remove_app(request)
            messages.success(request, "Sign in again, and set your second factor up again.")
            return HttpResponseRedirect(reverse("admin:login"))
        form.add_error("password", PasswordField.WRONG)
    left = second_factor.recovery_codes_left(request.user)
    return _show(request, "own", "Your second factor", form=form, left=left)


def _show(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    context |= {**admin.site.each_context(request), "title": title}
    answer = TemplateResponse(request, f"admin/second_factor/{template}.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _redirect(request: HttpRequest, name: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(f'admin:{name}')}?{urlencode({'next': request.get_full_path()})}")


def _has_given_password(request: HttpRequest) -> bool:
    return request.user.is_active and bool(getattr(request.user, "is_staff", False))

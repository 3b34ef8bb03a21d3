"""The door of the admin: who has given a password is asked for a second factor here, and sets it up the first time."""

from typing import Any, Final

import django_otp
import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries import registry
from countries.accounts import guessing, second_factor, sessions
from countries.accounts.second_factor import TooSoon
from countries.admin.base import actor
from countries.admin.locked import later
from countries.admin.password import PasswordField
from countries.registry import Refused

#: The secret that an app is being set up with is kept in the session: a second person with the password sees another.
_SECRET: Final = "second_factor_secret"  # noqa: S105  its name
METHODS: Final = ("GET", "HEAD", "POST")
#: With this many recovery codes left, the user is told that they run out.
_FEW: Final = 3

# Their screens show secrets, and take a second factor away past the registry.
for device in (TOTPDevice, StaticDevice):
    if admin.site.is_registered(device):
        admin.site.unregister(device)


class CodeInput(forms.TextInput):
    """A field that is empty again after a wrong code: it is of no use any more."""

    def get_context(self, name: str, _value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        widget=CodeInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class AnewForm(forms.Form):
    password = PasswordField()


def turned_away(request: HttpRequest) -> HttpResponse | None:
    """Answer who may not go on to a page of the admin as they are; nobody's permissions are looked at here."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not _has_given_password(request):
        return None
    if not sessions.renew(request.session, now=timezone.now()):
        return _redirect("login", request.get_full_path())
    return None if second_factor.verified(request.user) else _redirect("second_factor", request.get_full_path())


def forget_old(request: HttpRequest) -> None:
    """Let a new sign-in start afresh, in any session: with a second factor, and for the usual time."""
    for name in (django_otp.DEVICE_ID_SESSION_KEY, sessions.BEGAN):
        request.session.pop(name, None)


def page(request: HttpRequest) -> HttpResponse:
    """Ask for a code, or have a second factor set up, or offer to set it up again."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not _has_given_password(request) or not sessions.renew(request.session, now=timezone.now()):
        return _redirect("login", request.get_full_path())
    if second_factor.is_set_up(request.user):
        return _own(request) if second_factor.verified(request.user) else _ask(request)
    return _set_up(request)


def _ask(request: HttpRequest) -> HttpResponse:
    form, name = CodeForm(request.POST or None), request.user.get_username()
    if form.is_valid():
        guessing.refuse_locked(request, name)
        try:
            shown = second_factor.verify(user=registry.account(name), code=form.cleaned_data["code"], by=name)
        except TooSoon as error:
            return later(request, error.at, "admin/second_factor/ask.html", form=form, too_soon=True)
        if shown is not None:
            return _let_in(request, shown)
        guessing.count_guess(request, name)
        form.add_error(
            "code", "That is not the code, or it has been used. Wait for the next one, and look at the clock."
        )
    return _show(request, "ask", "Your second factor", form=form)


def _set_up(request: HttpRequest) -> HttpResponse:
    form, name = CodeForm(request.POST or None), actor(request)
    secret = request.session.setdefault(_SECRET, second_factor.new_secret())
    if form.is_valid():
        try:
            shown, codes = second_factor.set_up(
                user=registry.account(name), secret=secret, code=form.cleaned_data["code"], by=name
            )
        except Refused as error:
            form.add_error("code", str(error))
        else:
            next_page = _let_in(request, shown).url
            return _show(request, "codes", "Your recovery codes", codes=codes, next_page=next_page)
    address = second_factor.address_of(secret, request.user)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000000", light="#ffffff")
    typed = second_factor.typed(secret)
    return _show(request, "set_up", "Set up your second factor", form=form, picture=picture, typed=typed)


def _own(request: HttpRequest) -> HttpResponse:
    form = AnewForm(request.POST or None)
    if form.is_valid():
        if guessing.confirms(request, form.cleaned_data["password"]):
            name = actor(request)
            second_factor.drop(user=registry.account(name), by=name, reason="To be set up anew.")
            # All sessions have ended with it, this one among them.
            logout(request)
            messages.success(request, "Sign in again, and set your second factor up anew.")
            return HttpResponseRedirect(reverse("admin:login"))
        form.add_error("password", PasswordField.WRONG)
    left = second_factor.recovery_codes_left(request.user)
    return _show(request, "own", "Your second factor", form=form, left=left)


def _let_in(request: HttpRequest, shown: Any) -> HttpResponseRedirect:
    """Go on to where somebody was going, in a session that nobody knew before."""
    request.session.pop(_SECRET, None)
    request.session.cycle_key()
    django_otp.login(request, shown)
    guessing.welcome(request, request.user.get_username())
    if isinstance(shown, StaticDevice):
        left = second_factor.recovery_codes_left(request.user)
        few = " Set your second factor up anew before they run out." if left <= _FEW else ""
        messages.warning(request, f"You have used a recovery code; {left} are left.{few}")
    asked = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(asked if safe else reverse("admin:index"))


def _show(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    context |= {**admin.site.each_context(request), "title": title}
    answer = TemplateResponse(request, f"admin/second_factor/{template}.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _redirect(name: str, asked: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(f'admin:{name}')}?{urlencode({'next': asked})}")


def _has_given_password(request: HttpRequest) -> bool:
    return request.user.is_active and bool(getattr(request.user, "is_staff", False))

"""The steps of signing in, in the session of a request. The desk and the pages of agencies show them in own words.

After the password comes a code. Users without a second factor set one up first.
"""

from typing import Final

import django_otp
import segno
from django.contrib.auth import logout
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from countries import registry
from countries.accounts import guessing, second_factor, sessions

#: The name in the session of the secret for a new app. So another person who has the password sees another secret.
_SECRET: Final = "second_factor_secret"  # noqa: S105  its name


def start_session(request: HttpRequest) -> None:
    """Make a new sign-in require the second factor and last for the usual time, even if it reuses an old session."""
    for name in (django_otp.DEVICE_ID_SESSION_KEY, sessions.BEGAN):
        request.session.pop(name, None)


def check_code(request: HttpRequest, code: str) -> Device | None:
    """The device to which a code belongs. None if the code is wrong, which counts as a guess."""
    name = request.user.get_username()
    return guessing.check(request, name, lambda: second_factor.verify(user=registry.account(name), code=code, by=name))


def secret_of(request: HttpRequest) -> str:
    """The secret for a new app. It stays the same in a session until the app is set up."""
    secret: str = request.session.setdefault(_SECRET, random_hex(20))
    return secret


def qr_code(request: HttpRequest) -> str:
    """The picture of the secret for a new app, as the address of an image."""
    address = TOTPDevice(user=request.user, key=secret_of(request)).config_url
    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000000", light="#ffffff"))


def set_up_app(request: HttpRequest, code: str) -> list[str]:
    """Set up the app by its first code, and let the user in. Return the recovery codes, which are shown only once."""
    name = request.user.get_username()
    user = registry.account(name)
    shown, codes = second_factor.set_up(user=user, secret=secret_of(request), code=code, by=name)
    let_in(request, shown)
    return codes


def remove_app(request: HttpRequest) -> None:
    """Remove the user's second factor, and sign out. At the next sign-in, the user sets up another."""
    name = request.user.get_username()
    second_factor.remove(user=registry.account(name), by=name, reason="The user sets it up again.")
    # `remove` has ended all sessions of the user. This also removes the cookie.
    logout(request)


def let_in(request: HttpRequest, shown: Device) -> None:
    """Give the session a new key and the second factor."""
    request.session.pop(_SECRET, None)
    request.session.cycle_key()
    django_otp.login(request, shown)
    guessing.remember_sign_in(request, request.user.get_username())


def next_page(request: HttpRequest, default: str) -> str:
    """The page that the user asked for before signing in, if it is one of ours."""
    page = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return page if safe else default

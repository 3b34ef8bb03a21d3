"""The second factor for the admin: an authenticator app, and recovery codes in case the app is lost.

The database has only keyed hashes of the recovery codes. Each code works only once, also a code from the app.
"""

import base64
import re
import secrets
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries import registry
from countries.accounts import sessions
from countries.registry import Refused

RECOVERY_CODES: Final = 10
_SALT: Final = "countries.accounts.second_factor"
_APP_CODE: Final = re.compile(r"\d{6}")
#: Letters and digits that nobody can mistake for each other.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class TooSoon(Exception):  # noqa: N818  it reads as what it says
    """After wrong codes, the next one is accepted from ``at`` on."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


def is_verified(user: Any) -> bool:
    """Whether the user has given a second factor in this session. Also true if the settings require none."""
    return not settings.SECOND_FACTOR or bool(user.is_verified())


def is_set_up(user: Any) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def recovery_codes_left(user: Any) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def readable(secret: str) -> str:
    """A secret as users type it into an app, in groups of four."""
    text = base64.b32encode(bytes.fromhex(secret)).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def set_up(*, user: User, secret: str, code: str, by: str) -> tuple[Device, list[str]]:
    """Register an app by its first code. Return its device, and the recovery codes, which are shown only once."""
    with registry.announce_changes(user, by=by, reason="A second factor was set up."):
        if is_set_up(user):
            raise Refused("set_up_already", "Your account has a second factor already. Sign in with it.")
        device = TOTPDevice.objects.create(user=user, name="app", key=secret)
        if not device.verify_token(_normalize(code)):
            raise Refused(
                "wrong_code", "This is not the code that the app shows now. Check the code and your device's clock."
            )
        codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
        recovery = StaticDevice.objects.create(user=user, name="recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=recovery, token=_hash(one)) for one in codes)
    return device, [f"{one[:5]}-{one[5:]}" for one in codes]


def verify(*, user: User, code: str, by: str) -> Device | None:
    """The device to which a code belongs, or None if the code is wrong. Raises TooSoon shortly after wrong codes."""
    typed = _normalize(code)
    if _APP_CODE.fullmatch(typed):
        with transaction.atomic():
            return _verify_once(TOTPDevice, user, typed)
    with registry.announce_changes(user, by=by, reason="A recovery code was used."):
        return _verify_once(StaticDevice, user, _hash(typed))


def remove(*, user: User, by: str, reason: str) -> None:
    """Remove a user's second factor and end their sessions. At the next sign-in they set up another."""
    with registry.announce_changes(user, by=by, reason=reason):
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        sessions.end_all(user)


def _verify_once(kind: type[Device], user: User, token: str) -> Device | None:
    """Check under a lock, so that two requests at once cannot use the same code."""
    device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return None
    may, why = device.verify_is_allowed()
    if not may:
        raise TooSoon(why["locked_until"])
    return device if device.verify_token(token) else None


def _normalize(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _hash(code: str) -> str:
    return salted_hmac(_SALT, code, algorithm="sha256").hexdigest()[:16]

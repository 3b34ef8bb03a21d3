"""The second factor of those who sign in to the admin: an authenticator app, and recovery codes for when it is lost.

Of recovery codes the database holds keyed hashes; each is good once, as is a code of the app.
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
from django_otp.util import random_hex

from countries import registry
from countries.accounts import sessions
from countries.registry import Refused

RECOVERY_CODES: Final = 10
_SALT: Final = "countries.accounts.second_factor"
_OF_THE_APP: Final = re.compile(r"\d{6}")
#: Letters and digits that nobody takes for one another.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class TooSoon(Exception):  # noqa: N818  it reads as what it says
    """After wrong codes the next may be given from ``at`` on only."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


def verified(user: Any) -> bool:
    """Whether who asks has shown a second factor in this session, or need not."""
    return not settings.SECOND_FACTOR or bool(user.is_verified())


def is_set_up(user: Any) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def recovery_codes_left(user: Any) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def new_secret() -> str:
    return str(random_hex(20))


def address_of(secret: str, user: Any) -> str:
    """Return the otpauth:// address that an app reads out of a QR code."""
    return str(TOTPDevice(user=user, key=secret).config_url)


def typed(secret: str) -> str:
    """Return a secret as people type it into an app, in groups of four."""
    text = base64.b32encode(bytes.fromhex(secret)).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def set_up(*, user: User, secret: str, code: str, by: str) -> tuple[Device, list[str]]:
    """Take an app on that has shown its first code; return what stands for it and the recovery codes, this once."""
    with registry.changing_account(user, by=by, reason="A second factor was set up."):
        if is_set_up(user):
            raise Refused("set_up_already", "A second factor has been set up meanwhile. Sign in with it.")
        device = TOTPDevice.objects.create(user=user, name="app", key=secret)
        if not device.verify_token(_bare(code)):
            raise Refused("wrong_code", "That is not the code that the app shows now. Look again, and at the clock.")
        codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
        kept = StaticDevice.objects.create(user=user, name="recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=kept, token=_hash(one)) for one in codes)
    return device, [f"{one[:5]}-{one[5:]}" for one in codes]


def verify(*, user: User, code: str, by: str) -> Device | None:
    """Return what stands for the app or the recovery codes if the code is right; raise TooSoon after wrong ones."""
    bare = _bare(code)
    if _OF_THE_APP.fullmatch(bare):
        with transaction.atomic():
            return _checked(TOTPDevice, user, bare)
    with registry.changing_account(user, by=by, reason="A recovery code was used."):
        return _checked(StaticDevice, user, _hash(bare))


def drop(*, user: User, by: str, reason: str) -> None:
    """Take somebody's second factor away and end their sessions; at the next sign-in they set up another."""
    with registry.changing_account(user, by=by, reason=reason):
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        sessions.end_all(user)


def _checked(kind: type[Device], user: User, token: str) -> Device | None:
    """Check under a lock, so that one code does not serve two who come at once."""
    device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return None
    may, why = device.verify_is_allowed()
    if not may:
        raise TooSoon(why["locked_until"])
    return device if device.verify_token(token) else None


def _bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _hash(code: str) -> str:
    return salted_hmac(_SALT, code, algorithm="sha256").hexdigest()[:16]

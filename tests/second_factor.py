"""The second factor of people in tests: an app that shows codes, as a telephone's does."""

import base64
from time import time

from django.contrib.auth.models import User
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

SECRET = "3132333435363738393031323334353637383930"
STEP = 30


def code(secret: str = SECRET, *, at: float | None = None) -> str:
    """What an app with a secret shows now, or at another time."""
    shown = TOTP(bytes.fromhex(secret), STEP)
    shown.time = time() if at is None else at
    return f"{shown.token():06}"


def read(typed: str) -> str:
    """The secret that a page shows to people, as an app keeps it."""
    return base64.b32decode(typed.replace(" ", "")).hex()


def given_to(user: User) -> TOTPDevice:
    """Set up a second factor."""
    return TOTPDevice.objects.get_or_create(user=user, defaults={"name": "app", "key": SECRET})[0]


def signed_in(client: Client, user: User) -> Client:
    """Sign a user in with both factors, as `force_login` does with one."""
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = given_to(user).persistent_id
    session.save()
    return client

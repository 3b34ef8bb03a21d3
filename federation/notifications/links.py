"""The links in messages. A worker answers no request, so a setting says at which address people reach the service."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.core.signing import BadSignature
from django.urls import reverse

from federation.models.notifications import Kind
from federation.notifications.groups import Line
from p2p_core.payloads.payload_codes import EXPLAINED

_SALT: Final = "federation.notifications.links"


def absolute(path: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def of_line(line: Line, *, to_agency: bool) -> str:
    """Where the reader acts: on the pages of the agency, in the language that is active, or at the desk."""
    return absolute(_at_agency(line) if to_agency else _at_desk(line))


def _at_agency(line: Line) -> str:
    if line.finding is not None:
        return reverse("agency:finding", args=[line.finding])
    if line.kind == Kind.REFUSED:
        return f"{EXPLAINED}#{line.details['code']}"
    return reverse("agency:board" if line.kind == Kind.ENDING else "agency:findings")


def _at_desk(line: Line) -> str:
    if line.kind == Kind.ENDING:
        return reverse("admin:countries_credential_change", args=[line.details["credential"]])
    if line.kind == Kind.REFUSED:
        return f"{EXPLAINED}#{line.details['code']}"
    if line.finding is not None:
        return reverse("admin:federation_finding_change", args=[line.finding])
    return reverse("admin:federation_finding_changelist")


def switch_off(recipient: int) -> str:
    """The page on which a recipient is switched off, in the language that is active. Its token has no mailbox."""
    return absolute(reverse("agency:switch-off", args=[signing.Signer(salt=_SALT).sign(str(recipient))]))


def recipient_of(token: str) -> int | None:
    """The recipient that a token names; None if it was not made here."""
    try:
        return int(signing.Signer(salt=_SALT).unsign(token))
    except (BadSignature, ValueError):
        return None

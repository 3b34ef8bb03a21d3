"""Switches a recipient off, for somebody who has a message to it."""

from countries import registry
from countries.actors import ActorKind, name_without_account
from countries.models import Recipient
from federation.notifications import links


def of_token(token: str) -> Recipient | None:
    """The recipient that the link in a message names; None if it is gone, or the link is not from here."""
    named = links.recipient_of(token)
    return None if named is None else Recipient.objects.select_related("agency").filter(pk=named).first()


def switch_off(recipient: Recipient) -> None:
    """Send it nothing more. Called again, this changes nothing."""
    recipient.active = False
    reason = "Somebody used the link in a message."
    registry.save(
        recipient, by=name_without_account(ActorKind.RECIPIENT, recipient.pk), reason=reason, fields=["active"]
    )

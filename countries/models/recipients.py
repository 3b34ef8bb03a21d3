"""Who is told what happens: the mailboxes of offices, and the web addresses of agencies."""

import re
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower

from countries.models.agencies import Agency
from countries.models.base import WrittenByPeople

#: Neither half can end a header of a mail or begin another address.
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")


def site_languages() -> list[tuple[str, str]]:
    """The languages of the pages. It is a function, so that a new language needs no migration."""
    return list(settings.LANGUAGES)


def check_mailbox(text: str) -> None:
    try:
        EmailValidator()(text)
        is_mailbox = bool(_MAILBOX.fullmatch(text))
    except ValidationError:
        is_mailbox = False
    if not is_mailbox:
        raise ValidationError("This is no mailbox. Give the one of an office, such as statistics@example.org.")


class Recipient(WrittenByPeople):
    """The mailbox of an office that gets notifications."""

    MAY_NAME_MAILBOX = frozenset({"mailbox"})
    NOT_IN_TRAIL = frozenset({"mailbox"})

    agency = models.ForeignKey(
        Agency,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="recipients",
        help_text="If empty, the mailbox is the coordinators', and gets the notifications about all agencies.",
    )
    mailbox = models.CharField(
        max_length=200,
        validators=[check_mailbox],
        help_text="Of an office, not of a person: statistics@example.org. The audit trail does not keep it.",
    )
    language = models.CharField(max_length=10, choices=site_languages, default=settings.LANGUAGE_CODE)
    active = models.BooleanField(default=True, help_text="A mailbox that is not active gets nothing.")

    class Meta:
        ordering = ["agency", "pk"]
        constraints = [
            models.UniqueConstraint(
                F("agency"),
                Lower("mailbox"),
                nulls_distinct=False,
                name="countries_recipient_mailbox",
                violation_error_message="This mailbox is already a recipient here. Change that one instead.",
            ),
        ]

    def __str__(self) -> str:
        """Without the mailbox, because the audit trail keeps this for ever."""
        return f"{self.pk} of {self.agency.code if self.agency else 'the coordinators'}"


class Webhook(WrittenByPeople):
    """An address of an agency to which the service posts notifications."""

    NOT_IN_TRAIL = frozenset({"url"})

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="webhooks")
    url = models.URLField(
        "address",
        max_length=500,
        validators=[URLValidator(schemes=["https"])],
        help_text="It begins with https://. The audit trail does not keep it.",
    )
    active = models.BooleanField(default=True, help_text="An address that is not active gets nothing.")

    class Meta:
        ordering = ["agency", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "url"], name="countries_webhook_url"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} of {self.agency.code}"

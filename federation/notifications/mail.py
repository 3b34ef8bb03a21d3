"""Writes e-mails, in the language of the recipient, and hands them to the mail server."""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import translation

from federation.models.notifications import Message, Notification
from federation.notifications import groups, links, texts
from federation.notifications.errors import DeliveryError

#: From this code on, a refusal of the mail server is permanent.
_PERMANENT: Final = 500


class MailError(DeliveryError):
    """The mail server did not take a message.

    ``is_away``: other mails would fail too. ``may_have_come``: the connection ended before the server had said no.
    """

    def __init__(
        self, reason: str, *, is_permanent: bool = False, is_away: bool = False, may_have_come: bool = False
    ) -> None:
        super().__init__(reason, is_permanent=is_permanent)
        self.is_away = is_away
        self.may_have_come = may_have_come


def write(message: Message, told: Sequence[Notification]) -> EmailMessage:
    """The mail of a message. It has the same Message-ID at each attempt."""
    recipient = message.recipient
    if recipient is None:
        raise ValueError("a message to a webhook is no mail")
    with translation.override(recipient.language):
        off = links.switch_off(recipient.pk)
        lines = groups.lines(told)
        subject = texts.subject(lines, day=f"{message.day:%Y-%m-%d}" if message.day else "")
        body = texts.body(
            lines,
            [links.of_line(line, to_agency=recipient.agency is not None) for line in lines],
            agency=recipient.agency.code if recipient.agency else "",
            publisher=settings.PUBLISHER_NAME,
            address=off,
            is_repeated=message.is_repeated,
        )
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<{message.pk}@{host}>",
        "Content-Language": recipient.language,
        # RFC 3834: an answering machine must not answer.
        "Auto-Submitted": "auto-generated",
        # RFC 8058: mail programs can switch off with one click.
        "List-Unsubscribe": f"<{off}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if message.is_repeated:
        headers["X-Possibly-Repeated"] = "yes"
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [recipient.mailbox], headers=headers)


def send(email: EmailMessage) -> None:
    """Send one mail, in a conversation of its own. Raises :class:`MailError`, which never has the mailbox."""
    connection = mail.get_connection()
    try:
        _open(connection)
        connection.send_messages([email])
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _)] = error.recipients.values()
        raise MailError(f"the mailbox was refused with {code}", is_permanent=code >= _PERMANENT) from None
    except smtplib.SMTPSenderRefused as error:
        # This is a mistake of the operator, who can correct it.
        raise MailError(f"the sender was refused with {error.smtp_code}", is_away=True) from None
    except smtplib.SMTPDataError as error:
        is_permanent = error.smtp_code >= _PERMANENT
        raise MailError(f"the message was refused with {error.smtp_code}", is_permanent=is_permanent) from None
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(_reason(error), is_away=True, may_have_come=True) from None
    finally:
        # What was sent stays sent, even if the server does not answer the farewell.
        with suppress(OSError, smtplib.SMTPException):
            connection.close()


def _open(connection: Any) -> None:
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(_reason(error), is_away=True) from None


def _reason(error: Exception) -> str:
    """What is wrong, without texts of the other server, which may repeat the mailbox."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered with {error.smtp_code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate of the mail server is not valid"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server offers no STARTTLS, or no sign-in"
    return f"the mail server did not answer: {type(error).__name__}"

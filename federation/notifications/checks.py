"""What `manage.py check --deploy` says about e-mails."""

from typing import Any

from django.conf import settings
from django.core import checks


def check_mail_server(**_: Any) -> list[checks.CheckMessage]:
    """Warn if e-mails become files, which nobody receives."""
    if settings.EMAIL_HOST:
        return []
    return [
        checks.Warning(
            "E-mails to recipients become files, so nobody receives them.",
            hint="Set EMAIL_HOST, EMAIL_FROM and SITE_URL, as docs/how-to/notifications.md says.",
            id="police2peer.W002",
        )
    ]

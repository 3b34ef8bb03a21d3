"""What `manage.py check --deploy` says about the database's roles."""

from typing import Any

from django.conf import settings
from django.core import checks


def check_public_role(**_: Any) -> list[checks.CheckMessage]:
    """Warn if public requests use the same role of the database as all other work."""
    own, public = settings.DATABASES["default"], settings.DATABASES.get("public")
    if public is not None and public["USER"] != own["USER"]:
        return []
    return [
        checks.Warning(
            "Public requests read with the same rights as everything else.",
            hint="Create the roles of docs/how-to/deploy.md, and set DATABASE_PUBLIC_URL.",
            id="police2peer.W001",
        )
    ]

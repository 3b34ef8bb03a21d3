"""What `manage.py check --deploy` says of the database's roles."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def public_reads_apart(**_: Any) -> list[checks.CheckMessage]:
    """Warn where what the public asks runs with the rights of everything else."""
    own, public = settings.DATABASES["default"], settings.DATABASES.get("public")
    if public is not None and public["USER"] != own["USER"]:
        return []
    return [
        checks.Warning(
            "What the public reads is read with the rights of everything else.",
            hint="Make the roles of docs/how-to/deploy.md, and give DATABASE_PUBLIC_URL.",
            id="police2peer.W001",
        )
    ]

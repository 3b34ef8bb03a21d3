"""Raises all version numbers above those ever used, after PostgreSQL itself brought the database back to a moment."""

from django.core.management.base import BaseCommand

from federation.runs import backups

BY = "command leap_versions"


class Command(BaseCommand):
    """Must run before anything else uses the database. `restore` does the same by itself."""

    help = __doc__ or ""

    def handle(self, **_: object) -> None:
        backups.leap(by=BY)
        self.stdout.write("No version number that was used before will be used again.")

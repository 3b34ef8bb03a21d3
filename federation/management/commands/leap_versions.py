"""Raises all version numbers above those ever used, after PostgreSQL itself brought the database back to a moment."""

from django.core.management.base import BaseCommand, CommandError

from federation import clock
from federation.backups import restoring
from federation.backups.manifest import BackupError
from federation.errors import ClocksDisagreeError

BY = "command leap_versions"


class Command(BaseCommand):
    """Must run before anything else uses the database; `restore` does the same by itself."""

    help = __doc__ or ""

    def handle(self, **_: object) -> None:
        try:
            restoring.leap(now=clock.agreed_with_host(), by=BY)
        except (BackupError, ClocksDisagreeError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write("No version number that was used before will be used again.")

"""Raises all version numbers above those ever used, after PostgreSQL itself took the database back to a moment."""

from django.core.management.base import BaseCommand

from countries.actors import ActorKind, name_without_account
from federation.runs import backups

BY = name_without_account(ActorKind.COMMAND, "leap_versions")


class Command(BaseCommand):
    """Run it before anything else uses the database. After `restore` it is not needed."""

    help = __doc__ or ""

    def handle(self, **_: object) -> None:
        backups.leap(by=BY)
        self.stdout.write("No version number will be used a second time.")

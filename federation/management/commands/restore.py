"""Restores a backup into an empty database, completely or not at all, and migrates it."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand

from countries.actors import ActorKind, name_without_account
from federation.runs import backups

BY = name_without_account(ActorKind.COMMAND, "restore")


class Command(BaseCommand):
    """Checks the backup, the keys, the clock and the database before it restores anything."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that `manage.py backup` made")

    def handle(self, *, file: Path, **_: object) -> None:
        facts = backups.restore(file, by=BY)
        position, digest = facts.audit_head
        call_command("verify_audit", head=(position, bytes.fromhex(digest)), stdout=self.stdout)
        self.stdout.write(
            f"Restored the backup of {facts.made:%Y-%m-%d %H:%M:%S} UTC with public version {facts.version}. "
            "Now start web, workers and beat, and then run\n  manage.py rebuild --check"
        )

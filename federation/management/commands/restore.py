"""Restores a backup into an empty database, after everything that can be wrong with it was looked for."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from federation import clock
from federation.backups import restoring
from federation.backups.manifest import BackupError
from federation.backups.restoring import Restored
from federation.errors import ClocksDisagreeError

BY = "command restore"


class Command(BaseCommand):
    """All of it or nothing is restored; the database must be empty, and used by nobody else."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="what `manage.py backup` made")

    def handle(self, *, folder: Path, **_: object) -> None:
        try:
            done = restoring.restore(folder=folder, now=clock.agreed_with_host(), by=BY)
        except (BackupError, ClocksDisagreeError) as error:
            raise CommandError(str(error)) from None
        restoring.prepare()
        facts = done.manifest.facts
        self.stdout.write(f"Restored what was backed up at {done.manifest.made:%Y-%m-%d %H:%M:%S} UTC.")
        self.stdout.write(
            f"public version {facts.public.version}, audit head {facts.audit.position}:{facts.audit.digest}"
        )
        checked = "Rows and versions" if done.outstanding else "Rows, versions and the audit trail"
        self.stdout.write(f"{checked} are as the backup says.")
        self.stdout.write("Now:\n" + "\n".join(f"  {step}" for step in _steps(done)))


def _steps(done: Restored) -> list[str]:
    steps = ["start web, workers and beat", "manage.py rebuild --check    all numbers follow from the reports"]
    if done.outstanding:
        older = f"manage.py migrate    the backup is older by {len(done.outstanding)} migrations"
        return [older, "manage.py verify_audit", *steps]
    return steps

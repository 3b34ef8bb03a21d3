"""Backs the database up into a new folder, out of one snapshot, while everything goes on."""

import time
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from federation import clock
from federation.backups import making
from federation.backups.manifest import DUMP, MANIFEST, BackupError

_MB = 1_000_000


class Command(BaseCommand):
    """The keys are not in it: whoever has both undoes the rounding."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where to; must not be there yet")
        parser.add_argument(
            "--keys",
            type=Path,
            metavar="FOLDER",
            help="write ROUNDING_KEY and SECRET_KEY too, into a new folder that is then kept apart from the backup",
        )

    def handle(self, *, folder: Path, keys: Path | None, **_: object) -> None:
        began = time.monotonic()
        try:
            made = making.make(folder=folder, keys=keys, now=clock.now())
        except BackupError as error:
            raise CommandError(str(error)) from None
        took, size = time.monotonic() - began, made.files[DUMP].bytes / _MB
        facts = made.facts
        self.stdout.write(f"{folder}: {DUMP} ({size:.1f} MB) and {MANIFEST}, in {took:.1f} s")
        self.stdout.write(
            f"public version {facts.public.version}, audit head {facts.audit.position}:{facts.audit.digest}"
        )
        if keys is not None:
            self.stdout.write(f"{keys}: the keys. Keep them apart from the backup: together they undo the rounding.")

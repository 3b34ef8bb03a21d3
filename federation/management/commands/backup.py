"""Backs up the database into a new file, from one snapshot, while everything continues to run."""

import time
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from federation.runs import backups


class Command(BaseCommand):
    """Write the database to one file. The two keys are not in it: keep a copy of them apart from it."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a new file, for example backup-2026-12-01.gz")

    def handle(self, *, file: Path, **_: object) -> None:
        began = time.monotonic()
        facts = backups.make(file)
        self.stdout.write(f"{file}: {file.stat().st_size / 1_000_000:.1f} MB in {time.monotonic() - began:.1f} s")
        self.stdout.write(f"public version {facts.version}, audit head {facts.audit_head[0]}:{facts.audit_head[1]}")
        fingerprint = facts.rounding[0] if facts.rounding else "not used yet"
        self.stdout.write(
            f"Not in it: ROUNDING_KEY ({fingerprint}) and SECRET_KEY. Keep a copy of both, apart from the backup. "
            "With the backup and ROUNDING_KEY, most of the later rounding can be undone."
        )

"""Recomputes figures, the current published view and coverage from the reports."""

from argparse import ArgumentParser

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from federation.database import one_snapshot
from federation.errors import ClocksDisagreeError
from federation.runs import rebuilding
from federation.worklist import dispatch

SHOWN = 20


class Command(BaseCommand):
    """Writes a new version where something differs. With --check it changes nothing, and exits 1 at a difference."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something differs")
        parser.add_argument("--timeout", type=float, default=3600, help="seconds to wait for the workers (3600)")

    def handle(self, *, check: bool, timeout: float, **_: object) -> None:
        if check:
            call_command("settle", timeout=timeout)
            with transaction.atomic():
                one_snapshot()
                different = list(rebuilding.differences())
            for item in different[:SHOWN]:
                self.stderr.write(f"Different: {item}")
            if different:
                raise CommandError(
                    f"Items that differ from the reports: {len(different)}. Run manage.py rebuild to correct them."
                )
            self.stdout.write("Everything agrees with the reports.")
            return

        try:
            if ahead := rebuilding.put_mark_back():
                self.stdout.write(f"The clock's mark was {ahead} ahead of the clocks. It is put back.")
            if count := rebuilding.make_right_reports_current():
                self.stdout.write(f"{count} reports were not current but should have been. They are current again.")
            rebuilding.enqueue()
        except ClocksDisagreeError as error:
            raise CommandError(str(error)) from None
        dispatch.wake()
        call_command("settle", timeout=timeout)
        self.stdout.write("Rebuilt.")

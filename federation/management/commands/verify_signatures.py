"""Verifies again every signature that is stored with a submission, and names faults."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from federation.database import one_snapshot
from federation.intake import evidence


class Command(BaseCommand):
    """Reads one snapshot and changes nothing. Exits 1 if a signature does not verify or its evidence is gone."""

    help = __doc__ or ""

    def handle(self, **_: object) -> None:
        signed = faults = 0
        with transaction.atomic():
            one_snapshot()
            for found in evidence.verify():
                signed += 1
                faults += len(found)
                for fault in found:
                    self.stdout.write(str(fault))
        self.stdout.write(f"{signed} signed submissions")
        if faults:
            raise CommandError(f"{faults} faults were found. The lines above say what was changed.")

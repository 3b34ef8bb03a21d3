"""Brings an agency in and, if asked, has it owe reports of an indicator. Safe to repeat."""

from datetime import date
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.db import transaction

from countries import registry
from countries.management.refusals import day, said_plainly
from countries.models import FREQUENCIES, Agency

BY = "command create_agency"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="The country's code, a hyphen, then capitals, digits or hyphens: NO-KRIPOS")
        parser.add_argument("--country", required=True, help="Its country: NO")
        parser.add_argument("--name", required=True)
        parser.add_argument("--invented", action="store_true", help="Made up, and shown as such everywhere")
        parser.add_argument("--indicator", help="What it reports: DOWNLOADS")
        parser.add_argument("--frequency", choices=list(FREQUENCIES), help="N minute, H hour, D day, M month")
        parser.add_argument("--from", dest="first", metavar="DAY", help="First UTC day: 2026-01-01")
        parser.add_argument("--to", dest="last", metavar="DAY", help="Last UTC day, included; open if left out")
        parser.add_argument(
            "--deadline-minutes", type=int, default=60, help="After the end of a period; 60 if left out"
        )

    def handle(
        self, *, code: str, country: str, name: str, invented: bool, indicator: str | None, **schedule: Any
    ) -> None:
        frequency, first, last = (schedule[name] for name in ("frequency", "first", "last"))
        if not (indicator and frequency and first) and any((indicator, frequency, first, last)):
            raise CommandError("A schedule needs --indicator, --frequency and --from.")
        with said_plainly(), transaction.atomic():
            agency = registry.create_agency(code=code, country=country, name=name, invented=invented, by=BY)
            self.stdout.write(f"Agency {agency.code}: {agency.name}")
            if indicator:
                deadline = schedule["deadline_minutes"]
                self._schedule(agency, indicator, frequency, day(first), last and day(last), deadline)

    def _schedule(
        self, agency: Agency, indicator: str, frequency: str, first: date, last: date | None, deadline: int
    ) -> None:
        registry.add_schedule(
            agency=agency,
            indicator=indicator,
            frequency=frequency,
            valid_from=first,
            valid_to=last,
            deadline_minutes=deadline,
            by=BY,
        )
        until = f"to {last}" if last else "on"
        self.stdout.write(f"It owes {indicator} by the {FREQUENCIES[frequency]} from {first} {until}.")

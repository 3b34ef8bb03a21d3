"""Adds an agency and, with --indicator, a schedule for its reports. Safe to repeat."""

from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.db import transaction

from countries import registry
from countries.actors import ActorKind, name_without_account
from countries.management.refusals import as_command_errors, parse_day
from countries.models import FREQUENCIES

BY = name_without_account(ActorKind.COMMAND, "create_agency")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="The country's code, a hyphen, then capitals, digits or hyphens: NO-KRIPOS")
        parser.add_argument("--country", required=True, help="Its country: NO")
        parser.add_argument("--name", required=True)
        parser.add_argument("--invented", action="store_true", help="An invented agency, which pages show as invented")
        parser.add_argument("--indicator", help="The indicator that it reports: DOWNLOADS")
        parser.add_argument("--frequency", choices=list(FREQUENCIES), help="N minute, H hour, D day, M month")
        parser.add_argument("--from", dest="first", metavar="DAY", help="First UTC day: 2026-01-01")
        parser.add_argument("--to", dest="last", metavar="DAY", help="Last UTC day, included; without it, no end")
        parser.add_argument("--deadline-minutes", type=int, default=60, help="Minutes after the end of a period (60)")

    def handle(
        self, *, code: str, country: str, name: str, invented: bool, indicator: str | None, **schedule: Any
    ) -> None:
        frequency, first, last = (schedule[name] for name in ("frequency", "first", "last"))
        if not (indicator and frequency and first) and any((indicator, frequency, first, last)):
            raise CommandError("A schedule needs --indicator, --frequency and --from.")
        with as_command_errors(), transaction.atomic():
            agency = registry.create_agency(code=code, country=country, name=name, invented=invented, by=BY)
            self.stdout.write(f"Agency {agency.code}: {agency.name}")
            if indicator:
                registry.add_schedule(
                    agency=agency,
                    indicator=indicator,
                    frequency=frequency,
                    valid_from=parse_day(first),
                    valid_to=last and parse_day(last),
                    deadline_minutes=schedule["deadline_minutes"],
                    by=BY,
                )
                until = f"to {last}" if last else "on"
                self.stdout.write(f"It owes {indicator} by the {FREQUENCIES[frequency]} from {first} {until}.")

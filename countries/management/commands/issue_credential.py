"""Issues OAuth2 client credentials to an agency or a coordinator and prints them as JSON, this once."""

import json
from datetime import UTC, datetime, time
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.utils import timezone

from countries.accounts import credentials
from countries.management.refusals import day, said_plainly
from countries.models import Agency


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", nargs="?", help="The agency: NO-KRIPOS")
        parser.add_argument("--coordinator", metavar="NAME", help="Instead: a user who may read all figures")
        parser.add_argument("--read-only", action="store_true", help="For reading only; a coordinator's always is")
        parser.add_argument("--expires", metavar="DAY", help="The UTC day on which it ends: 2027-01-01")
        parser.add_argument(
            "--network",
            dest="networks",
            metavar="RANGE",
            action="append",
            default=[],
            help="May be used from there only: 192.0.2.0/24 or 2001:db8::/32. More than one: give it again",
        )

    def handle(
        self,
        *,
        code: str | None,
        coordinator: str | None,
        read_only: bool,
        expires: str | None,
        networks: list[str],
        **_: Any,
    ) -> None:
        with said_plainly():
            issued = credentials.issue(
                agency=_agency(code) if code else None,
                coordinator=coordinator or "",
                read_only=read_only,
                expires=datetime.combine(day(expires), time(), UTC) if expires else None,
                networks=networks,
                by="command issue_credential",
                now=timezone.now(),
            )
        self.stdout.write(json.dumps({"client_id": issued.client_id, "client_secret": issued.client_secret}))


def _agency(code: str) -> Agency:
    agency = Agency.objects.filter(code=code).first()
    if agency is None:
        raise CommandError(f"There is no agency {code}.")
    return agency

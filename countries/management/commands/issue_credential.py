"""Issues OAuth2 client credentials to an agency or a coordinator, and prints them once, as JSON."""

import json
from datetime import UTC, datetime, time
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.utils import timezone

from countries.accounts import credentials
from countries.actors import ActorKind, name_without_account
from countries.management.refusals import as_command_errors, parse_day
from countries.models import AGENCY_SCOPES, Agency


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", nargs="?", help="The agency: NO-KRIPOS")
        parser.add_argument("--coordinator", metavar="NAME", help="Instead: a user who may read all figures")
        parser.add_argument(
            "--scopes", choices=AGENCY_SCOPES, default=AGENCY_SCOPES[0], help="What an agency may do with it"
        )
        parser.add_argument("--expires", metavar="DAY", help="The UTC day on which it ends: 2027-01-01")
        parser.add_argument(
            "--network",
            dest="networks",
            metavar="RANGE",
            action="append",
            default=[],
            help="A network from which it may be used: 192.0.2.0/24 or 2001:db8::/32. Repeat it for several",
        )

    def handle(
        self,
        *,
        code: str | None,
        coordinator: str | None,
        scopes: str,
        expires: str | None,
        networks: list[str],
        **_: Any,
    ) -> None:
        agency = Agency.objects.filter(code=code).first() if code else None
        if code and agency is None:
            raise CommandError(f"There is no agency {code}. Add it with create_agency.")
        with as_command_errors():
            issued = credentials.issue(
                agency=agency,
                coordinator=coordinator or "",
                scopes=scopes,
                expires=datetime.combine(parse_day(expires), time(), UTC) if expires else None,
                networks=networks,
                by=name_without_account(ActorKind.COMMAND, "issue_credential"),
                now=timezone.now(),
            )
        self.stdout.write(json.dumps({"client_id": issued.client_id, "client_secret": issued.client_secret}))

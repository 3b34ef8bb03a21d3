"""Registers the public half of an agency's Ed25519 key, and prints the keyid that signatures must name."""

import json
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.utils import timezone

from countries.accounts import signing
from countries.actors import ActorKind, name_without_account
from countries.management.refusals import as_command_errors, parse_day
from countries.models import Agency

#: In characters. No key is longer, and no more of a file is read.
_LONGEST = 10_000


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="The agency: NO-KRIPOS")
        parser.add_argument("--file", required=True, type=Path, help="The public key: PEM, or 32 bytes in base 64")
        parser.add_argument("--expires", metavar="DAY", help="The UTC day on which it ends: 2027-01-01")

    def handle(self, *, code: str, file: Path, expires: str | None, **_: Any) -> None:
        agency = Agency.objects.filter(code=code).first()
        if agency is None:
            raise CommandError(f"There is no agency {code}. Add it with create_agency.")
        try:
            with file.open(encoding="ascii", errors="replace") as opened:
                public_key = opened.read(_LONGEST)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}. Give a file that you may read.") from error
        with as_command_errors():
            key = signing.register(
                agency=agency,
                public_key=public_key,
                expires=datetime.combine(parse_day(expires), time(), UTC) if expires else None,
                by=name_without_account(ActorKind.COMMAND, "register_key"),
                now=timezone.now(),
            )
        self.stdout.write(json.dumps({"keyid": key.keyid, "fingerprint": key.fingerprint}))

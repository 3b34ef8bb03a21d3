"""Registers the public half of an agency's Ed25519 key and prints by which name signatures are to call it."""

import json
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser
from django.utils import timezone

from countries.accounts import signing
from countries.management.refusals import day, said_plainly
from countries.models import Agency

#: No key is ever so long; what is longer is not looked into.
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
            raise CommandError(f"There is no agency {code}.")
        with said_plainly():
            key = signing.register(
                agency=agency,
                public_key=_text(file),
                expires=datetime.combine(day(expires), time(), UTC) if expires else None,
                by="command register_key",
                now=timezone.now(),
            )
        self.stdout.write(json.dumps({"keyid": key.keyid, "fingerprint": key.fingerprint}))


def _text(file: Path) -> str:
    try:
        with file.open(encoding="ascii", errors="replace") as opened:
            return opened.read(_LONGEST)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error

"""Checks the audit trail from its first seal to its last, and names events that were changed, removed or added.

It also names interventions that are not what their event registered.
"""

import re
from argparse import ArgumentParser, ArgumentTypeError

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from federation.audit import chain, registrations
from federation.database import clock, one_snapshot
from federation.management.progress import Progress

_NOTED = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


class Command(BaseCommand):
    """Reads one snapshot and changes nothing. Exits 1 if the chain is broken."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head",
            type=_noted,
            metavar="POSITION:DIGEST",
            help="a head that you noted earlier, which must be in the chain",
        )

    def handle(self, *, head: tuple[int, bytes] | None, **_: object) -> None:
        with transaction.atomic():
            one_snapshot()
            length, faults = chain.length(), 0
            with Progress("Walking the audit chain", length.sealed, "seals") as bar:
                for faults, fault in enumerate(chain.verify(progress=bar.add), start=1):  # noqa: B007  asked afterwards
                    bar.say(str(fault))
            changed = list(registrations.changed())
            for sentence in changed:
                self.stdout.write(sentence)
            oldest = f", the oldest for {(clock.now() - length.oldest).total_seconds():.0f} s" if length.oldest else ""
            self.stdout.write(f"{length.unsealed} events wait to be sealed{oldest}")
            newest = chain.head()
            self.stdout.write(f"head {newest.position}:{newest.digest.hex()}")
            if head and not chain.holds(position=head[0], digest=head[1]):
                raise CommandError(
                    f"The head that you noted at position {head[0]} is not in the chain. Compare it with your note. "
                    "If the note is right, somebody changed the trail: read docs/explanation/audit.md."
                )
        if faults:
            raise CommandError(f"The chain is broken: {faults} faults. The lines above say what was changed.")
        if changed:
            raise CommandError("Interventions were changed after their registration. The lines above name them.")


def _noted(text: str) -> tuple[int, bytes]:
    found = _NOTED.fullmatch(text.strip().lower())
    if found is None:
        raise ArgumentTypeError(f"{text} is not a head. Give the position, a colon and 64 hexadecimal digits.")
    return int(found[1]), bytes.fromhex(found[2])

"""Waits until the workers have done all work that is due."""

import time
from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError

from federation import worklist
from federation.audit import chain
from federation.database import clock
from federation.errors import ClocksDisagreeError
from federation.findings import lateness
from federation.runs import schedules
from federation.worklist import dispatch

PAUSE = 0.05


class Command(BaseCommand):
    """Returns when no due work is pending, late agencies are found and the audit trail is sealed."""

    help = __doc__ or ""
    # They load everything that web servers need, which takes longer than most waits.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--timeout", type=float, default=60, help="seconds (60)")

    def handle(self, *, timeout: float, **_: object) -> None:
        gives_up = time.monotonic() + timeout
        schedules.tick(now=_now())
        dispatch.wake()
        while worklist.is_pending():
            if time.monotonic() > gives_up:
                raise CommandError(
                    f"Work is still pending after {timeout:g} s; the oldest waits for "
                    f"{worklist.oldest_age().total_seconds():.0f} s. Check that a worker runs."
                )
            time.sleep(PAUSE)
        # These depend on the numbers. Beat does them, too, but the caller waits for them.
        lateness.watch(now=_now())
        chain.seal(now=_now())
        if aside := worklist.set_aside():
            raise CommandError(
                "Work failed and was set aside. Correct the cause, then run manage.py rebuild:\n"
                + "\n".join(f"  {worklist.unpack(failure.item)}: {failure.reason}" for failure in aside)
            )


def _now() -> datetime:
    try:
        return clock.agreed()
    except ClocksDisagreeError as error:
        raise CommandError(f"{error} If only the clock's mark is ahead, run manage.py rebuild.") from None

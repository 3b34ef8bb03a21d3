"""Says when the files of all data are written: once a day, if anything has changed, and at once if one is damaged."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from federation import worklist
from federation.files import manifest
from federation.files.manifest import Manifest

#: From then on, in UTC. Most days are public by then.
WRITTEN_AT: Final = time(4, tzinfo=UTC)


def write_if_due(*, now: datetime) -> None:
    """Write the files once a day, and damaged files at once.

    The first ones wait until the work list is empty, so that no history is missing.
    """
    before = manifest.previous()
    if _is_due(before, now=now):
        # A large library. Workers that never write files do not load it.
        from federation.files import writing

        writing.write()


def _is_due(before: Manifest | None, *, now: datetime) -> bool:
    if before is None:
        return not worklist.is_pending()
    return before.made < _last_turn(now) or not manifest.is_complete(before)


def _last_turn(now: datetime) -> datetime:
    today = datetime.combine(now.date(), WRITTEN_AT)
    return today if today <= now else today - timedelta(days=1)

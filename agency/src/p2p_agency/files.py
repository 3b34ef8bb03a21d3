"""Reads the files of an agency: which reader fits, and the reports that it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from p2p_agency import history
from p2p_agency.errors import MachineError, RefusedError
from p2p_agency.settings import Settings
from p2p_core.payloads import submissions
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewReport, NewSubmission

#: By the ends of their names.
KINDS: Final = {".json": "json", ".csv": "csv"}


@dataclass(frozen=True, slots=True)
class Content:
    """The reports of a file, and when they were prepared: as the file says, or when it was last saved."""

    reports: Sequence[NewReport]
    prepared: datetime


def read(path: Path, settings: Settings) -> Content:
    """Read a file as the federation would. Raises a `PayloadError` with its faults."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise RefusedError(f"{path.name} cannot be read. Give a file whose name ends with {', '.join(KINDS)}.")
    now = datetime.now(UTC)

    def read_body(body: bytes) -> NewSubmission:
        return submissions.read(body, kind, received=now, indicators=numbers_of(settings), agency="")

    try:
        saved = min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)
        body = path.read_bytes()
    except OSError as error:
        raise MachineError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        found = read_body(body)
    except PayloadError as refusal:
        if kind == "csv" and refusal.code in history.TOO_MUCH:
            return Content(history.read(body, lambda part: read_body(part).reports), saved)
        raise
    return Content(found.reports, saved if found.prepared == now else found.prepared)


def numbers_of(settings: Settings) -> dict[str, int]:
    """Numbers for the indicators, which stand for them in reports."""
    return {code: number for number, code in enumerate(settings.indicators)}

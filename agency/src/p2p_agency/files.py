"""Reads the files of an agency: which reader fits, and the reports that it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from p2p_agency import history
from p2p_agency.errors import MachineError, RefusedError
from p2p_agency.settings import Settings
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewReport, NewSubmission
from p2p_core.workbooks import files
from p2p_core.workbooks.values import Clock

#: The ends of their names. Which reader fits, the content says.
KINDS: Final = (".xlsx", ".ods", ".csv", ".json")


@dataclass(frozen=True, slots=True)
class Content:
    """The reports of a file, and when they were prepared: as the file says, or when it was last saved."""

    reports: Sequence[NewReport]
    prepared: datetime


def read(path: Path, settings: Settings) -> Content:
    """Read a file as the federation would. Raises a `PayloadError` with its faults."""
    now = datetime.now(UTC)
    body = load(path)
    saved = min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)

    def read_body(body: bytes) -> NewSubmission:
        return files.read(body, **terms(settings, now))[1].submission

    try:
        found = read_body(body)
    except PayloadError as refusal:
        if files.kind_of(body) == "csv" and refusal.code in history.TOO_MUCH:
            return Content(history.read(body, lambda part: read_body(part).reports), saved)
        raise
    return Content(found.reports, saved if found.prepared == now else found.prepared)


def load(path: Path) -> bytes:
    """The content of a file that an agency means to send."""
    if path.suffix.lower() not in KINDS:
        raise RefusedError(f"{path.name} cannot be read. Give a file whose name ends with {', '.join(KINDS)}.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise MachineError(f"{path} cannot be read: {error.strerror}.") from None


def terms(settings: Settings, now: datetime) -> dict[str, Any]:
    """What the reading of a file depends on, beside its content. The agency is known to the federation only."""
    clock = Clock(settings.zone or UTC, settings.local_days)
    return {"received": now, "indicators": numbers_of(settings), "agency": "", "clock": clock}


def numbers_of(settings: Settings) -> dict[str, int]:
    """Numbers for the indicators, which stand for them in reports."""
    return {code: number for number, code in enumerate(settings.indicators)}

"""Reads the body of a submission, JSON or CSV."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from p2p_core.payloads import csv_plain, csv_walk, json_payload
from p2p_core.payloads.draft import Draft
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewSubmission


def read(
    body: bytes | bytearray,
    media: str,
    *,
    received: datetime,
    indicators: Mapping[str, int],
    agency: str,
    prepared: datetime | None = None,
) -> NewSubmission:
    """The submission in a body. Raises a :class:`PayloadError` that lists its faults.

    ``media`` is ``json`` or ``csv``. Only JSON says itself when it was ``prepared``.
    """
    if b"\0" in body:
        raise PayloadError("nul_character")
    draft = Draft(received=received, indicators=indicators, agency=agency)
    if media == "json":
        prepared = json_payload.read(body, draft)
        reports = draft.reports()
    else:
        try:
            reports = csv_plain.read(body, draft)
        except csv_plain.NotPlainError:
            draft = Draft(received=received, indicators=indicators, agency=agency)
            csv_walk.walk(body, draft)
            reports = draft.reports()
    return NewSubmission(
        reports=reports,
        observations=draft.observations,
        prepared=prepared or received,
        received=received,
        media=media,
        digest=sha256(body).digest(),
    )

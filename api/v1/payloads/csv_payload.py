"""Reads a CSV submission: a plain one by array operations, any other row by row."""

from collections.abc import Mapping
from datetime import datetime

from api.v1.payloads import csv_plain, csv_walk
from api.v1.payloads.csv_block import NotPlainError
from api.v1.payloads.draft import Draft, Payload


def read(
    body: bytes | bytearray, *, prepared: datetime, received: datetime, indicators: Mapping[str, int], agency: str
) -> Payload:
    """Return what a body says that an agency sends; raise the problem that lists its faults."""
    if b'"' not in body:
        draft = Draft(received=received, indicators=indicators, agency=agency)
        try:
            return Payload(csv_plain.read(body, draft), draft.observations, prepared)
        except NotPlainError:
            pass
    draft = Draft(received=received, indicators=indicators, agency=agency)
    csv_walk.walk(body, draft)
    return Payload(draft.reports(), draft.observations, prepared)

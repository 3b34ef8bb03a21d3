"""Corrections as JSON and as CSV. The structures are also the schemas of OpenAPI."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta as Doc

from api import formats
from api.formats import csv_table
from federation.published.corrections import Correction
from federation.published.detail import Withheld
from p2p_core import instants, periods

#: The values of the parameter ``limit``: if it is left out, and at most.
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
COLUMNS: Final = (
    "INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "VERSION", "KNOWN_AT", "VALUE_BEFORE", "VALUE_AFTER",
    "DIFFERENCE", "STATUS_BEFORE", "STATUS_AFTER", "AGENCIES_REPORTING_BEFORE", "AGENCIES_REPORTING_AFTER",
)  # fmt: skip


Before = Annotated[int, Doc(description="The value before the change; null if it was not known", ge=0)]
After = Annotated[int, Doc(description="The value after the change; null if it is not known any more", ge=0)]


class CorrectionDocument(msgspec.Struct, gc=False):
    """A published number that a later version changed. Past views (``as_of``) have both values."""

    period: formats.Period
    country: str
    network: str
    version: Annotated[int, Doc(description="The version that made the change")]
    known_at: Annotated[str, Doc(description="When this version became public", examples=["2026-12-01T00:01:07.482Z"])]
    value_before: Before | None
    value_after: After | None
    difference: Annotated[int, Doc(description="Null if one of the values is not known")] | None
    status_before: formats.Status
    status_after: formats.Status
    agencies_reporting_before: int
    agencies_reporting_after: int


class CorrectionsMeta(msgspec.Struct):
    """The request, and the newest correction of its indicator and frequency when the first page was read."""

    indicator: str
    frequency: Annotated[str, Doc(pattern="^[HDWMA]$")]
    since: formats.Instant | None
    version: (
        Annotated[int, Doc(description="The version that made the newest correction; null if there is none")] | None
    )
    known_at: (
        Annotated[str, Doc(description="When this version became public. Send it as `since` to get newer corrections")]
        | None
    )
    rounding_base: formats.Base | None
    notes: formats.Notes


class CorrectionList(msgspec.Struct):
    """Corrections, newest first. Within a version they are sorted by period, newest first, and then by code."""

    meta: CorrectionsMeta
    corrections: list[CorrectionDocument]
    withheld: list[Withheld]
    next: (
        Annotated[
            str, Doc(description="The address of the next page, with older corrections. An empty page may have one too")
        ]
        | None
    )


def corrections(frequency: str, rows: Iterable[Correction]) -> list[CorrectionDocument]:
    return [_document(frequency, row) for row in rows]


def _document(frequency: str, row: Correction) -> CorrectionDocument:
    country, network = row.series.codes
    return CorrectionDocument(
        version=row.version,
        known_at=instants.write(row.known_at),
        period=periods.label(frequency, row.period),
        country=country,
        network=network,
        value_before=row.value_before,
        value_after=row.value_after,
        difference=row.difference,
        status_before=row.coverage_before.status,
        status_after=row.coverage_after.status,
        agencies_reporting_before=row.coverage_before.agencies_reporting,
        agencies_reporting_after=row.coverage_after.agencies_reporting,
    )


def csv(indicator: str, frequency: str, rows: Iterable[Correction], *, invented: bool) -> bytes:
    """The same rows as in JSON. A value that is not known is empty."""
    last, end = ([csv_table.INVENTED_COLUMN], ",true") if invented else ([], "")
    lines = [",".join([*COLUMNS, *last])]
    for one in corrections(frequency, rows):
        cells = ("" if cell is None else str(cell) for cell in msgspec.structs.astuple(one))
        lines.append(f"{indicator},{frequency},{','.join(cells)}{end}")
    return "".join(f"{line}\r\n" for line in lines).encode()

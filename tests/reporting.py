"""Reports through the intake and the workers' code, without HTTP, for tests of what becomes of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from countries.models import Agency
from federation import intake, worklist
from federation.intake import Receipt
from federation.runs import reconciliation
from p2p_core.reports import NewReport, NewSubmission

Cells = Mapping[tuple[int, int], int]


def report(
    frequency: str,
    period: datetime,
    cells: Cells,
    status: str = "A",
    *,
    indicator: int = 1,
    withdrawn: bool = False,
) -> NewReport:
    """Make a report, its cells in the order that the intake expects."""
    named = sorted((place, value) for place, value in cells.items() if value)
    return NewReport(
        indicator=indicator,
        frequency=frequency,
        period=period,
        status=status,
        withdrawn=withdrawn,
        countries=np.array([country for (country, _), _ in named], np.int16),
        networks=np.array([network for (_, network), _ in named], np.int16),
        values=np.array([value for _, value in named], np.int64),
    )


def submit(
    agency: Agency,
    reports: Sequence[NewReport],
    prepared: datetime,
    received: datetime | None = None,
    *,
    digest: bytes = bytes(32),
    **more: Any,
) -> Receipt:
    """Send reports as one submission; what else the intake is given may be named."""
    return intake.accept(
        agency, submission(reports, prepared, received, digest=digest), **{"key": None, "by": agency.code} | more
    )


def submission(
    reports: Sequence[NewReport], prepared: datetime, received: datetime | None = None, *, digest: bytes = bytes(32)
) -> NewSubmission:
    """Make a submission of reports."""
    return NewSubmission(
        reports=list(reports),
        observations=sum(len(one.values) for one in reports),
        prepared=prepared,
        received=received or datetime.now(UTC),
        media="json",
        digest=digest,
    )


def settle() -> None:
    """Do all work of the list."""
    while worklist.is_pending():
        reconciliation.work_through()

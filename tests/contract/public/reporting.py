"""Reports through the intake and the workers' code, without HTTP, for tests of what becomes public of them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np

from countries.models import Agency
from federation import intake, reconciliation, worklist
from federation.intake import NewReport

Cells = Mapping[tuple[int, int], int]


def report(frequency: str, period: datetime, cells: Cells, status: str = "A") -> NewReport:
    """Make a report of the first indicator, in the order that the intake expects."""
    named = sorted((place, value) for place, value in cells.items() if value)
    return NewReport(
        indicator=1,
        frequency=frequency,
        period=period,
        status=status,
        withdrawn=False,
        countries=np.array([country for (country, _), _ in named], np.int16),
        networks=np.array([network for (_, network), _ in named], np.int16),
        values=np.array([value for _, value in named], np.int64),
    )


def submit(agency: Agency, reports: Iterable[NewReport], prepared: datetime) -> None:
    """Send reports as one submission."""
    sent = list(reports)
    intake.accept(
        agency=agency,
        reports=sent,
        observations=sum(len(one.values) for one in sent),
        prepared=prepared,
        received=datetime.now(UTC),
        media="json",
        body_digest=bytes(32),
        key=None,
        by=agency.code,
    )


def settle() -> None:
    """Do all the work that there is."""
    while worklist.is_pending():
        reconciliation.work_through()

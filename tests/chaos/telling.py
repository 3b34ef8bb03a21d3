"""Gives the second implementation all stored reports, in the order in which they were stored."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from countries.models import Schedule
from federation.database import clock
from federation.models.submissions import Report
from tests.integration.federation.comparison import stored_frozen
from tests.oracles import federation as oracle
from tests.oracles import records
from tests.oracles.desk import Desk
from tests.oracles.places import Place


class Said(NamedTuple):
    """The contents of a report."""

    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    cells: dict[Place, int]


def said(report: Report) -> Said:
    """The contents of a stored report. An unchanged one has those of the report that it equals."""
    source = report.equals or report
    cells = dict(zip(zip(source.countries, source.networks, strict=True), source.values, strict=True))
    return Said(report.frequency, report.period, report.status, report.withdrawn, cells)


def told_again() -> oracle.Federation:
    """The second implementation after all reports, in the order in which they were stored.

    Only the database knows which reports were there when a period was first published.
    """
    desk = desk_again()
    return oracle.Federation(
        desk.reports,
        [_promised(row) for row in Schedule.objects.all()],
        now=clock.mark(),
        secret=settings.ROUNDING_KEY,
        base=settings.ROUNDING_BASE,
        frozen=stored_frozen(),
    )


def desk_again() -> Desk:
    """The second implementation of the desk, after all stored reports, one after the other."""
    desk, came = Desk(settings.THRESHOLDS), defaultdict(list)
    for row in Report.objects.select_related("equals").order_by("id"):
        came[row.submission_id].append(row)
    for rows in came.values():
        desk.receive([_heard(row) for row in rows])
    return desk


def _heard(row: Report) -> records.Report:
    return records.Report(
        submission=row.submission_id,
        agency=row.agency_id,
        indicator=row.indicator_id,
        frequency=row.frequency,
        period=row.period,
        status=row.status,
        withdrawn=row.withdrawn,
        cells=said(row).cells,
        prepared=row.prepared,
        received=row.received,
    )


def _promised(row: Schedule) -> records.Schedule:
    deadline = timedelta(minutes=row.deadline_minutes)
    return records.Schedule(row.agency_id, row.indicator_id, row.frequency, row.valid_from, row.valid_to, deadline)

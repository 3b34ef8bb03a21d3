"""The second implementation of everything, told all that is stored, in the order in which it was."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from countries.models import Schedule
from federation.database import clock
from federation.models.submissions import Report
from tests.integration.federation.comparison import stored_frozen
from tests.oracles import federation as oracle
from tests.oracles.desk import Desk
from tests.oracles.federation import Place


class Said(NamedTuple):
    """What a report says, wherever it stands."""

    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    cells: dict[Place, int]


def said(report: Report) -> Said:
    """What a stored report says: of an unchanged one, what it equals says it."""
    source = report.equals or report
    cells = dict(zip(zip(source.countries, source.networks, strict=True), source.values, strict=True))
    return Said(report.frequency, report.period, report.status, report.withdrawn, cells)


def told_again() -> oracle.Federation:
    """The second implementation, told everything that came, in the order in which it was stored.

    What had come when a period was published first, only the database knows.
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
    """The second desk: all reports that are stored, one after the other."""
    desk, came = Desk(settings.THRESHOLDS), defaultdict(list)
    for row in Report.objects.select_related("equals").order_by("id"):
        came[row.submission_id].append(row)
    for rows in came.values():
        desk.receive([_heard(row) for row in rows])
    return desk


def _heard(row: Report) -> oracle.Report:
    return oracle.Report(
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


def _promised(row: Schedule) -> oracle.Schedule:
    deadline = timedelta(minutes=row.deadline_minutes)
    return oracle.Schedule(row.agency_id, row.indicator_id, row.frequency, row.valid_from, row.valid_to, deadline)

"""What the tests of findings send, and the findings that are then open."""

from datetime import UTC, datetime, timedelta

from federation.findings import decisions
from federation.models.findings import Finding
from federation.runs import rebuilding
from tests.integration.federation.world import Said

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
TEN = NOON - 2 * HOUR
TODAY = NOON.replace(hour=0)
#: Ended more than two days ago.
OLD = TODAY - 4 * DAY
NO, DE, UNKNOWN = (578, 1), (276, 1), (999, 1)


def hour(start=TEN, cells=None, **more):
    return Said("H", start, {NO: 100} if cells is None else cells, **more)


def day(start=OLD, cells=None, **more):
    return Said("D", start, {NO: 100} if cells is None else cells, **more)


def hours_of(start, each, count=24):
    return [Said("H", start + number * HOUR, {NO: each}) for number in range(count)]


def told(**of):
    """The findings that are open, by rule, frequency and period."""
    rows = Finding.objects.filter(resolved=None, **of).order_by("rule", "frequency", "period")
    return [(row.rule, row.frequency, row.period) for row in rows]


def the_finding(**of):
    return Finding.objects.get(resolved=None, **of)


def ends():
    """How findings came to their ends, in order."""
    return list(Finding.objects.exclude(resolved=None).order_by("id").values_list("rule", "resolution"))


def send(federation, *said, agency=0):
    """Send what is newer than all before, and do the work."""
    federation.now += timedelta(seconds=1)
    receipt = federation.submit(agency, *said)
    federation.settle()
    return receipt


def resolve(federation, finding):
    decisions.resolve(findings=[finding.pk], by="a coordinator", reason="it is known", now=federation.now)


def rebuilt(federation):
    rebuilding.enqueue()
    federation.settle()

"""Little is needed for a hold here, so that short histories have many."""

from datetime import UTC, datetime, timedelta

from countries import registry
from countries.models import Annotation

TOUCHY = {"R102_VALUES": 1, "R102_DISTANCE": 2, "R102_DIFFERENCE": 4}
WEEK = timedelta(weeks=1)
NOW = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
HOURS = [NOW.replace(hour=10, minute=0, second=0) - number * WEEK for number in range(4)]
NORWAY = (578, 1)


def key_of(report):
    return report.agency_id, report.indicator_id, report.frequency, report.period


def mark_break(federation, agency, at):
    federation.memory.desk.mark_break(federation.agencies[agency].pk, at)
    annotation = Annotation(
        kind="change", text="New computers", start=at, is_break=True, agency=federation.agencies[agency], indicator_id=1
    )
    registry.save(annotation, by="a coordinator")

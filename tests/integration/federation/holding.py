"""Little is needed for a hold here, so that short histories have many."""

from datetime import UTC, datetime, timedelta

from countries import registry
from countries.models import Annotation
from federation.findings import decisions
from federation.models.findings import Hold

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
    save_foreseen(annotation, by="a coordinator")


def save_foreseen(annotation, *, by="ada"):
    """Save an annotation, and see that it releases exactly the held reports that the desk would have listed."""
    fields = [field.name for field in Annotation._meta.concrete_fields]
    with registry.writing():
        before, after = registry.change_of(annotation, fields=fields)
        foreseen = decisions.released_by_break(before=before, after=after)
    waited = _waiting()
    registry.save(annotation, by=by)
    assert waited - _waiting() == set(foreseen)
    return annotation


def _waiting():
    return set(Hold.objects.filter(decision="").values_list("pk", flat=True))

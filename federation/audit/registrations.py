"""Finds interventions that are not what their registration says."""

from collections.abc import Iterator

from countries import registry
from federation.models.audit import AuditEvent
from federation.models.effects import Registration


def changed() -> Iterator[str]:
    """A sentence for each intervention of which more changed than its title and its description."""
    for registration in Registration.objects.select_related("intervention").order_by("pk"):
        intervention, event = registration.intervention, registration.event
        found = AuditEvent.objects.filter(pk=event, action="intervention.added").first()
        registered = found.details["after"] if found else {}
        stored = registry.columns_of(intervention)
        if any(registered.get(name) != stored[name] for name in stored.keys() - {*intervention.CHANGEABLE}):
            yield f"intervention {intervention.pk} was changed: it is not what event {event} registered"

"""The federation app; it listens to changes of the registry."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class FederationConfig(AppConfig):
    """Connects the registry's signal, which makes work and audit events."""

    name = "federation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from countries import registry
        from federation import groups, schedules

        post_migrate.connect(groups.establish, sender=self, dispatch_uid="federation.groups")
        registry.changed.connect(schedules.follow_registry, dispatch_uid="federation.schedules")

"""The federation app; it listens to changes of the registry."""

from django.apps import AppConfig


class FederationConfig(AppConfig):
    """Connects the registry's signal, which makes work and audit events."""

    name = "federation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from countries import registry
        from federation import schedules

        registry.changed.connect(schedules.follow_registry, dispatch_uid="federation.schedules")

"""The app of the federation, and Django's admin as the coordinators' desk."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core import checks
from django.db.models.signals import post_migrate


class FederationConfig(AppConfig):
    """Creates the desk's groups and grants the roles after migrations. Follows changes of the registry.

    Registers the checks of `manage.py check --deploy`.
    """

    name = "federation"
    default = True

    def ready(self) -> None:
        from countries import registry
        from federation.database import roles
        from federation.database.checks import check_public_role
        from federation.desk import groups
        from federation.notifications.checks import check_mail_server
        from federation.runs import schedules

        post_migrate.connect(groups.create_groups, sender=self, dispatch_uid="federation.desk.groups")
        post_migrate.connect(roles.grant, sender=self, dispatch_uid="federation.database.roles")
        for check in (check_public_role, check_mail_server):
            checks.register(check, checks.Tags.security, deploy=True)
        registry.changed.connect(schedules.follow_registry, dispatch_uid="federation.runs.schedules")


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin with a start page of our own."""

    default = False
    default_site = "federation.desk.site.DeskSite"

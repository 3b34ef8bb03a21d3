"""The groups of the desk and their permissions, which every migration sets again.

A permission that somebody adds to one of these groups by hand is lost at the next migration.
"""

from typing import Any, Final

from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

COORDINATORS: Final = "coordinator"
OBSERVERS: Final = "observer"

#: A coordinator may do everything in these apps, but nothing with the users and groups of django.contrib.auth.
_DESK: Final = Q(content_type__app_label__in=["countries", "federation"])


def create_groups(*, apps: Any = installed, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Create the groups and set their permissions. Django calls this after each migration."""
    try:
        groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:
        return
    for name, allowed in ((COORDINATORS, _DESK), (OBSERVERS, _DESK & Q(codename__startswith="view_"))):
        group, _made = groups.objects.using(using).get_or_create(name=name)
        group.permissions.set(permissions.objects.using(using).filter(allowed))

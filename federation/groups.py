"""The groups of the desk and what each may do, made anew after every migration.

They are exactly what this module says: a permission given to one of them by hand is gone after the next migration.
"""

from typing import Any, Final

from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from countries.liaisons import LIAISONS

COORDINATORS: Final = "coordinator"
OBSERVERS: Final = "observer"

#: Whatever these apps know can be done; never users, groups and what django.contrib.auth knows besides.
_DESK: Final = Q(content_type__app_label__in=["countries", "federation"])
_READ_BY_LIAISONS: Final = {
    "countries": (
        "agency", "annotation", "country", "credential", "helpservice", "indicator", "network", "population",
        "schedule", "setup",
    ),
    "federation": ("answer", "finding", "hold", "report", "submission"),
}  # fmt: skip
_DONE_BY_LIAISONS: Final = {
    "countries": ("add_annotation", "change_annotation", "add_setup", "change_setup"),
    "federation": ("add_answer",),
}


def establish(*, apps: Any = installed, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the groups and give them their permissions; Django calls this after it has migrated."""
    try:
        groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:
        return
    for name, allowed in (
        (COORDINATORS, _DESK),
        (OBSERVERS, _DESK & Q(codename__startswith="view_")),
        (LIAISONS, _by_liaisons()),
    ):
        group, _made = groups.objects.using(using).get_or_create(name=name)
        group.permissions.set(permissions.objects.using(using).filter(allowed))


def _by_liaisons() -> Q:
    read = {app: [f"view_{model}" for model in models] for app, models in _READ_BY_LIAISONS.items()}
    return _named(read) | _named(_DONE_BY_LIAISONS)


def _named(codenames: dict[str, Any]) -> Q:
    found = Q(pk__in=())
    for app, names in codenames.items():
        found |= Q(content_type__app_label=app, codename__in=names)
    return found

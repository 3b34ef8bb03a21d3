"""The groups of the desk and their permissions, which every migration sets again.

A permission that somebody adds to one of these groups by hand is lost at the next migration.
"""

from functools import reduce
from operator import or_
from typing import Any, Final

from django.apps import apps as installed
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from countries.liaisons import LIAISONS

COORDINATORS: Final = "coordinator"
OBSERVERS: Final = "observer"

#: A coordinator may do everything in these apps, but nothing with the users and groups of django.contrib.auth.
_DESK: Final = Q(content_type__app_label__in=["countries", "federation"])
#: App and permission.
READ_BY_LIAISONS: Final = (
    *(
        ("countries", f"view_{name}")
        for name in ("agency", "annotation", "country", "credential", "detail", "helpservice")
    ),
    *(("countries", f"view_{name}") for name in ("indicator", "indicatortranslation", "network", "population")),
    *(("countries", f"view_{name}") for name in ("schedule", "setup", "signingkey")),
    *(("federation", f"view_{name}") for name in ("answer", "finding", "hold", "report", "submission")),
)
DONE_BY_LIAISONS: Final = (
    ("countries", "add_annotation"),
    ("countries", "change_annotation"),
    ("countries", "add_setup"),
    ("countries", "change_setup"),
    ("federation", "add_answer"),
)


def create_groups(*, apps: Any = installed, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Create the groups and set their permissions. Django calls this after each migration."""
    try:
        groups, permissions = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:
        return
    liaisons = (Q(content_type__app_label=app, codename=code) for app, code in (*READ_BY_LIAISONS, *DONE_BY_LIAISONS))
    for name, allowed in (
        (COORDINATORS, _DESK),
        (OBSERVERS, _DESK & Q(codename__startswith="view_")),
        (LIAISONS, reduce(or_, liaisons)),
    ):
        group, _made = groups.objects.using(using).get_or_create(name=name)
        group.permissions.set(permissions.objects.using(using).filter(allowed))

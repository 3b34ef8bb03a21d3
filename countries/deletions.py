"""Why a row of the registry cannot be deleted."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db.models import PROTECT, Model

from countries.models import Agency, FixedRow, Indicator

#: A refusal to delete a row counts at most this many rows of a kind, and names at most this many kinds.
_COUNTED: Final = 1000
_KINDS_NAMED: Final = 4


def why_kept(instance: Model) -> str:
    """Why a row cannot be deleted and what to do instead, or ""."""
    if isinstance(instance, FixedRow):
        return f"{instance} cannot be deleted, because everybody may have seen it. {instance.INSTEAD_OF_DELETING}"
    found = [(relation.related_model, _count(instance, relation)) for relation in _uses(instance)]
    users = [(model, count) for model, count in found if count]
    if not users:
        return ""
    named = [_counted(model, count) for model, count in users[:_KINDS_NAMED]]
    named += ["other rows"] if len(users) > _KINDS_NAMED else []
    *first, last = named
    said = f"{', '.join(first)} and {last}" if first else last
    belong = "belongs" if len(users) == 1 and users[0][1] == 1 else "belong"
    return f"{instance} cannot be deleted: {said} {belong} to it. {_instead(instance, [model for model, _ in users])}"


def _uses(instance: Model) -> Iterator[Any]:
    """The relations whose rows keep a row. Without its members, nobody would have the rights of a group."""
    for relation in instance._meta.related_objects:
        if relation.on_delete is PROTECT or (isinstance(instance, Group) and relation.related_model is User):
            yield relation


def _count(instance: Model, relation: Any) -> int:
    """The number of rows, but not of all: an agency may have millions of reports."""
    rows = relation.related_model._base_manager.filter(**{relation.field.name: instance})
    return int(rows[: _COUNTED + 1].count())


def _counted(model: type[Model], count: int) -> str:
    if count == 1:
        return f"1 {model._meta.verbose_name}"
    number = f"more than {_COUNTED:,}" if count > _COUNTED else f"{count:,}"
    return f"{number} {model._meta.verbose_name_plural}"


def _instead(instance: Model, users: Sequence[type[Model]]) -> str:
    if isinstance(instance, Agency):
        return "Make it inactive instead."
    if isinstance(instance, Group):
        return "Take the users out of the group first."
    if isinstance(instance, Indicator) and any(model._meta.app_label != Agency._meta.app_label for model in users):
        return "Give its schedules a last day instead: then no report is expected any more."
    return "First delete the rows that belong to it."

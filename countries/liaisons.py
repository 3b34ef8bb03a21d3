"""Says which countries' rows a user sees at the desk and over the API. A national liaison sees only one country."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.db.models import Exists, Model, OuterRef, QuerySet

M = TypeVar("M", bound=Model)

#: The group of the national liaisons.
LIAISONS = "national liaison"
#: The permission to read exact figures. Coordinators and observers have it by their groups.
READS_FIGURES = "federation.view_figure"
#: Given as the path of rows that belong to no country, such as reference data. Every liaison sees all of these rows.
SHARED = "*"


@dataclass(frozen=True, slots=True)
class CountryScope:
    """Which countries' rows a user sees: all if not ``limited``, else those of ``country``, or none if that is None."""

    limited: bool
    country: int | None = None

    def rows(self, rows: QuerySet[M], path: str) -> QuerySet[M]:
        """Return those of the rows that the user may see.

        ``path`` leads from a row to its country over foreign keys, such as ``agency__country``. It is ``SHARED`` for
        rows of no country, and empty for rows that no liaison may see.
        """
        if not self.limited:
            return rows
        if self.country is None or not path:
            return rows.none()
        return rows if path == SHARED else rows.filter(**{path: self.country})

    def covers(self, row: Model, path: str) -> bool:
        """Whether the user may see a row. Its stored state decides, not changes that are not saved yet."""
        everything: QuerySet[Any] = type(row)._base_manager.all()
        return not self.limited or self.rows(everything, path).filter(pk=row.pk).exists()


def country_scope(user: AbstractBaseUser | AnonymousUser) -> CountryScope:
    """The scope of a user. Users with a country, or in the group of liaisons, are limited; superusers never are."""
    if user.pk is None:
        return CountryScope(limited=True)
    if getattr(user, "is_superuser", False):
        return CountryScope(limited=False)
    in_group = Exists(Group.objects.filter(user=OuterRef("pk"), name=LIAISONS))
    found = User.objects.filter(pk=user.pk).values_list("liaison__country", in_group).first()
    country, liaison = found or (None, True)
    return CountryScope(limited=liaison or country is not None, country=country)


def reads_figures(user: User) -> bool:
    """Whether a user may read the exact figures of all countries."""
    return user.is_active and user.is_staff and user.has_perm(READS_FIGURES) and not country_scope(user).limited

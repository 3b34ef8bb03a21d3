"""Users of the desk, and for which country a national liaison stands."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from countries import registry
from countries.admin.base import actor
from countries.admin.sight import OfCountry
from countries.models import Liaison

admin.site.unregister(User)


class LiaisonInline(admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    """For superusers only: it says how far somebody sees."""

    model = Liaison
    verbose_name_plural = "country that a national liaison stands for"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return _is_superuser(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return _is_superuser(request)


@admin.register(User)
class DeskUserAdmin(OfCountry, UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Django's screen, with the country that a liaison stands for.

    A user is made inactive, never deleted: the audit trail and credentials name them.
    """

    list_filter = (*UserAdmin.list_filter, "liaison__country")
    inlines = (LiaisonInline,)

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        # A user is made with a name and a password first.
        return super().get_inlines(request, obj) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            registry.delete(row, by=actor(request))
        for row in rows:
            registry.save(row, by=actor(request))


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))

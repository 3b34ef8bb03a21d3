"""Users of the desk, and for which country a national liaison stands."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        with self._told(request, object_id):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002  Django's
        with self._told(request, id):
            return super().user_change_password(request, id, form_url)

    @contextmanager
    def _told(self, request: HttpRequest, object_id: str | None) -> Iterator[None]:
        """What is changed of an account leaves a trace, as what the registry writes does."""
        user = self.get_object(request, object_id) if object_id and request.method == "POST" else None
        with registry.changing_account(user, by=actor(request)) if user else nullcontext():
            yield

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        # Django calls this in the transaction of the deed, once groups are written too.
        if isinstance(obj, User):
            registry.say_account_added(obj, by=actor(request))
        return super().log_addition(request, obj, message)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            registry.delete(row, by=actor(request))
        for row in rows:
            registry.save(row, by=actor(request))


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))

"""Users and groups of the desk, and the reset of a lost second factor."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from countries import deletions, registry
from countries.accounts import guessing, second_factor
from countries.admin.base import actor, refuse_traces, show_refusals
from countries.admin.odd_requests import OddRequests

admin.site.unregister([User, Group])


class SecondFactorResetForm(forms.Form):
    reason = forms.CharField(
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="How you checked who is asking. Somebody else may have the user's password.",
    )


@admin.register(User)
class DeskUserAdmin(OddRequests, UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Django's screen, without the name and e-mail address of the person.

    A user can be made inactive, but not deleted, because the audit trail and credentials refer to users.
    """

    fieldsets = tuple((title, about) for title, about in UserAdmin.fieldsets or () if "email" not in about["fields"])
    list_display = ("username", "is_active", "is_staff", "is_superuser", "last_login")
    search_fields = ("username",)
    ordering = ("-is_active", "username")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = path("<id>/second-factor/", wrap(self.reset_view), name="auth_user_reset")
        return [own, *super().get_urls()]

    def reset_view(self, request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002  as Django's beside it
        """Remove the second factor of a user who has lost it."""
        if not getattr(request.user, "is_superuser", False):
            raise PermissionDenied
        user = self.get_object(request, id)
        if user is None:
            raise Http404
        if user.pk == request.user.pk:
            # Users reset their own second factor on that page, where they give their password.
            return HttpResponseRedirect(reverse("admin:second_factor"))
        form = SecondFactorResetForm(request.POST or None)
        if form.is_valid():
            second_factor.remove(user=user, by=actor(request), reason=form.cleaned_data["reason"])
            guessing.unlock(user.get_username())
            self.log_change(request, user, "Second factor reset")
            self.message_user(request, f"{user} sets up another second factor at the next sign-in.", messages.SUCCESS)
            return HttpResponseRedirect("../change/")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        context["title"] = f"Reset the second factor of {user}"
        context["consequence"] = "Their sessions end, and they set up another at the next sign-in."
        return TemplateResponse(request, "admin/countries/action.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        def view() -> Any:
            with self._announce(request, object_id):
                return super(DeskUserAdmin, self).changeform_view(request, object_id, form_url, extra_context)

        return show_refusals(request, view)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002  Django's
        with self._announce(request, id):
            return super().user_change_password(request, id, form_url)

    @contextmanager
    def _announce(self, request: HttpRequest, object_id: str | None) -> Iterator[None]:
        """Announce changes of an account in the way in which the registry announces changes of its rows."""
        user = self.get_object(request, object_id) if object_id and request.method == "POST" else None
        with registry.announce_changes(user, by=actor(request)) if user else nullcontext():
            yield

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        # Django calls this in the same transaction, after it has written the groups.
        if isinstance(obj, User):
            registry.announce_new(obj, by=actor(request))
        return super().log_addition(request, obj, message)


@admin.register(Group)
class DeskGroupAdmin(OddRequests, GroupAdmin):
    """Django's screen, which announces changes of groups."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        group = self.get_object(request, object_id) if object_id and request.method == "POST" else None

        def view() -> Any:
            with registry.announce_changes(group, by=actor(request)) if group else nullcontext():
                return super(DeskGroupAdmin, self).changeform_view(request, object_id, form_url, extra_context)

        return show_refusals(request, view)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        # Django calls this in the same transaction, after it has written the permissions.
        if isinstance(obj, Group):
            registry.announce_new(obj, by=actor(request))
        return super().log_addition(request, obj, message)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        group = self.get_object(request, object_id)
        if group and self.has_delete_permission(request, group) and (why := deletions.why_kept(group)):
            self.message_user(request, why, messages.ERROR)
            return HttpResponseRedirect("../change/")
        view = super().delete_view
        return show_refusals(request, lambda: view(request, object_id, extra_context))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        registry.delete(obj, by=actor(request))

"""The base of the registry's screens: they write through the registry, with the coordinator's name and reason."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from countries import deletions, registry
from countries.admin.odd_requests import OddRequests
from countries.registry import Refused
from p2p_core import traces


def actor(request: HttpRequest) -> str:
    return request.user.get_username()


def refuse_traces(text: str) -> None:
    """Refuse a text with a trace of a person, because the audit trail keeps the text for ever."""
    if why := traces.refusal(text):
        raise ValidationError(why)


def page_of_agency(agency: Any) -> str:
    """The address of the page of an agency at the desk."""
    return reverse("admin:countries_agency_overview", args=[agency.pk])


def link_to_agency(agency: Any) -> str:
    return format_html('<a href="{}">{}</a>', page_of_agency(agency), agency)


def given_agency(request: HttpRequest) -> dict[str, str]:
    """What a form for a new row begins with: the agency in the address, if a page of an agency led here.

    After saving, the form leads back to the page of the agency of the row. So no address in a request decides this.
    """
    given = request.GET.get("agency", "")
    return {"agency": given} if given.isdecimal() and len(given) <= 9 else {}


def show_refusals(request: HttpRequest, view: Callable[[], Any]) -> Any:
    """Show the message if the registry refuses a change that the form accepted, such as two changes at once."""
    try:
        return view()
    except Refused as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(request.get_full_path())


class PasswordField(forms.CharField):
    """Asks the signed-in user for their password again, before an action that a stolen session must not allow."""

    WRONG: Final = "This is not your password. Type it again."

    def __init__(self) -> None:
        super().__init__(
            label="Your password",
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            help_text="The password of your own account, which confirms that it is you.",
        )


class RegistryForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A form that also asks for the reason of a change."""

    reason = forms.CharField(
        required=False,
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="The reason, for readers of the audit trail.",
    )


class LinksToAgencies(OddRequests):
    """A screen in whose list the agency of a row leads to the page of the agency."""

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        # A screen may have a column of its own with this name.
        if hasattr(self, "agency"):
            return columns
        # The first column leads to the row itself.
        return [*columns[:1], *("agency_page" if name == "agency" else name for name in columns[1:])]

    @admin.display(description="agency", ordering="agency__code", empty_value="–")
    def agency_page(self, row: Any) -> str | None:
        return link_to_agency(row.agency) if row.agency else None


class RegistryAdmin(LinksToAgencies, admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A screen whose rows only the registry writes."""

    form = RegistryForm
    fixed_after_adding: tuple[str, ...] = ()
    delete_confirmation_template = "admin/countries/delete_with_reason.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        readonly = list(super().get_readonly_fields(request, obj))
        return readonly + list(self.fixed_after_adding) if obj else readonly

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = list(super().get_fields(request, obj))
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        # Users who may only look at a row are not asked for a reason.
        return fields if may_write else [name for name in fields if name != "reason"]

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:  # noqa: FBT001
        # Save only the fields changed on this screen, because another coordinator may have changed others meanwhile.
        columns = {field.name for field in obj._meta.concrete_fields}
        fields = [name for name in form.changed_data if name in columns]
        if fields or not change:
            registry.save(obj, by=actor(request), reason=form.cleaned_data["reason"], fields=fields)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        by, reason = actor(request), form.cleaned_data["reason"]
        rows = formset.save(commit=False)
        for row in formset.deleted_objects:
            registry.delete(row, by=by, reason=reason)
        for row in rows:
            registry.save(row, by=by, reason=reason)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Go back to the page of the agency that led here, if one did."""
        agency = getattr(obj, "agency", None)
        if agency is not None and given_agency(request):
            return HttpResponseRedirect(page_of_agency(agency))
        return super().response_post_save_add(request, obj)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        registry.delete(obj, by=actor(request), reason=request.POST["reason"].strip())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        obj = self.get_object(request, object_id)
        if obj and self.has_delete_permission(request, obj):
            why = deletions.why_kept(obj)
            if why:
                self.message_user(request, why, messages.ERROR)
                return HttpResponseRedirect("../change/")
            if "post" in request.POST and not request.POST.get("reason", "").strip():
                self.message_user(request, "Nothing was deleted. Give a reason first.", messages.ERROR)
                return HttpResponseRedirect(request.get_full_path())
        view = super().delete_view
        return show_refusals(request, lambda: view(request, object_id, extra_context))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        view = super().changeform_view
        return show_refusals(request, lambda: view(request, object_id, form_url, extra_context))


class FactAdmin(LinksToAgencies, admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A screen that shows rows, but does not change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

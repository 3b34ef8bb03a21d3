"""The screen of agencies. Its list begins with those that need somebody: silent ones, then those that cannot send.

The list leads to the page of an agency, and the page leads to the form.
"""

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from countries.accounts import credential_limits
from countries.admin.agencies import AgencyAdmin
from countries.models import Agency, Credential
from federation.database import clock
from federation.desk.screens import agency_page
from federation.findings import lateness

#: What an agency needs, the most urgent first. The list is in this order.
_SILENT, _NO_CREDENTIAL, _NOTHING, _INACTIVE = "1", "2", "3", "4"
_NEEDS: Final = {
    _SILENT: "silent",
    _NO_CREDENTIAL: "has no usable credential",
    _NOTHING: "–",
    _INACTIVE: "not active",
}


class AgencyList(ChangeList):
    """A list whose rows lead to the pages of the agencies."""

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:countries_agency_overview", args=[result.pk])


@admin.register(Agency)
class AgencyListAdmin(AgencyAdmin):
    list_display = ("code", "name", "country", "needs", "signature_required", "invented")

    def get_ordering(self, request: HttpRequest) -> Any:  # noqa: ARG002
        return (_need().asc(), "code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        rows: QuerySet[Agency] = super().get_queryset(request)
        return rows.annotate(need=_need())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return AgencyList

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.overview)
        return [path("<path:object_id>/overview/", view, name="countries_agency_overview"), *super().get_urls()]

    def overview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of an agency."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        agency = self.get_object(request, object_id)
        if agency is None:
            self.message_user(request, f"There is no agency {object_id}.", messages.WARNING)
            return HttpResponseRedirect(reverse("admin:index"))
        context = {**self.admin_site.each_context(request), "title": agency.code, "opts": self.opts, "agency": agency}
        context |= agency_page.context(request, agency, now=clock.now())
        context["may_edit"] = self.has_change_permission(request, agency)
        return TemplateResponse(request, "admin/federation/agency.html", context)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:  # noqa: ARG002
        return HttpResponseRedirect(reverse("admin:countries_agency_overview", args=[obj.pk]))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return self.response_post_save_add(request, obj)

    @admin.display(description="state")
    def needs(self, agency: Any) -> str:
        return _NEEDS[agency.need]


def _need() -> Case:
    silent = lateness.silences().filter(agency=OuterRef("pk"))
    usable = credential_limits.live(Credential, timezone.now()).filter(agency=OuterRef("pk"))
    return Case(
        When(Q(active=False), then=Value(_INACTIVE)),
        When(Exists(silent), then=Value(_SILENT)),
        When(~Exists(usable), then=Value(_NO_CREDENTIAL)),
        default=Value(_NOTHING),
        output_field=CharField(),
    )

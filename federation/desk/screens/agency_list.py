"""The list of agencies. Those that need somebody come first: silent ones, then those that cannot send."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone

from countries.accounts import credential_limits
from countries.admin.agencies import AgencyAdmin
from countries.models import Agency, Credential
from federation.findings import lateness

#: What an agency needs, the most urgent first. The list is in this order.
_SILENT, _NO_CREDENTIAL, _NOTHING, _INACTIVE = "1", "2", "3", "4"
_NEEDS: Final = {
    _SILENT: "silent",
    _NO_CREDENTIAL: "has no usable credential",
    _NOTHING: "–",
    _INACTIVE: "not active",
}


@admin.register(Agency)
class AgencyListAdmin(AgencyAdmin):
    list_display = ("code", "name", "country", "needs", "signature_required", "invented")

    def get_ordering(self, request: HttpRequest) -> Any:  # noqa: ARG002
        return (_need().asc(), "code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        rows: QuerySet[Agency] = super().get_queryset(request)
        return rows.annotate(need=_need())

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

"""Held reports, beside the current totals."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from countries.admin.base import link_to_agency
from federation.database import clock
from federation.desk import queue
from federation.desk.screens import filters, outlook, queue_pages
from federation.desk.screens.decision_pages import REJECT, RELEASE, DecidingAdmin
from federation.desk.screens.outlook import HeldReport
from federation.desk.situations import situations
from federation.models.findings import Hold
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.rules.rulebook import RULES


@admin.register(Hold)
class HoldAdmin(DecidingAdmin):
    """Reports that a rule held; those that wait longest come first."""

    list_display = ("label", "agency", "indicator", "total", "current", "rule_link", "held_since", "decision_text")
    list_filter = (
        filters.OfDecision,
        filters.OfReportAgency,
        filters.OfReportIndicator,
        filters.OfReportFrequency,
        filters.OfRule,
        filters.OfDay,
        filters.OfFinding,
    )
    list_select_related = ("report__agency", "report__indicator")
    list_per_page = 50
    search_fields = ("=report__id", "=finding__id", "report__agency__code", "report__agency__name")
    search_help_text = "The number of a report or finding, or an agency"
    show_full_result_count = False
    # Those without a decision come first.
    ordering = ("decision", "since", "report")
    actions = ("release", "reject")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        """Load no cells, but the current total for the same period."""
        counts = Report.objects.filter(
            state=ReportState.CURRENT,
            withdrawn=False,
            agency=OuterRef("report__agency"),
            indicator=OuterRef("report__indicator"),
            frequency=OuterRef("report__frequency"),
            period=OuterRef("report__period"),
        )
        rows: QuerySet[Hold] = super().get_queryset(request)
        rows = rows.defer("report__countries", "report__networks", "report__values")
        return rows.annotate(current_total=Subquery(counts.values("total")[:1]))

    @admin.display(description="report", ordering="report__period")
    def label(self, hold: Hold) -> str:
        return f"{periods.NOUNS[hold.report.frequency]} {periods.label(hold.report.frequency, hold.report.period)}"

    @admin.display(description="agency", ordering="report__agency__code")
    def agency(self, hold: Hold) -> str:
        return link_to_agency(hold.report.agency)

    @admin.display(description="indicator")
    def indicator(self, hold: Hold) -> str:
        return hold.report.indicator.code

    @admin.display(description="its total", ordering="report__total")
    def total(self, hold: Hold) -> str:
        return f"{hold.report.total:,}"

    @admin.display(description="what counts now")
    def current(self, hold: Hold) -> str:
        total: int | None = getattr(hold, "current_total", None)
        return "nothing" if total is None else f"{total:,}"

    @admin.display(description="held by")
    def rule_link(self, hold: Hold) -> str:
        address = reverse("admin:federation_finding_change", args=[hold.finding_id])
        return format_html('<a href="{}">{}: {}</a>', address, hold.rule, RULES[hold.rule].name)

    @admin.display(description="since", ordering="since")
    def held_since(self, hold: Hold) -> str:
        return f"{hold.since:%Y-%m-%d %H:%M}"

    @admin.display(description="decision", ordering="decision")
    def decision_text(self, hold: Hold) -> str:
        if hold.decided is None:
            return "waits"
        return f"{hold.get_decision_display()}{f' by {hold.decided_by}' if hold.decided_by else ''}"

    def has_decide_hold_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("federation.decide_hold")

    @admin.action(description="Release held reports", permissions=["decide_hold"])
    def release(self, request: HttpRequest, chosen: QuerySet[Hold]) -> HttpResponse:
        return self.decide_selected(request, RELEASE, chosen)

    @admin.action(description="Reject held reports", permissions=["decide_hold"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Hold]) -> HttpResponse:
        return self.decide_selected(request, REJECT, chosen)

    def shown(self, rows: Sequence[Hold]) -> Sequence[HeldReport]:
        now = clock.now()
        return [outlook.held_report(one, now=now) for one in situations(rows)]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.next_view)
        return [path("next/", view, name="federation_hold_next"), *super().get_urls()]

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """Go to the first finding of the queue or of an agency, or to the one after or before a place."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if agency := request.GET.get("agency"):
            return queue_pages.go_to_first_of(request, agency)
        place = queue.read(request.GET, queue.BEFORE)
        if place is not None and (found := queue.before(place, queue.places())):
            return queue_pages.go_to(found)
        return queue_pages.go_after(request, queue.read(request.GET, queue.AFTER))

    def show_row(self, request: HttpRequest, row: Any) -> HttpResponse:  # noqa: ARG002
        """A held report is shown on the page of its finding."""
        return HttpResponseRedirect(reverse("admin:federation_finding_change", args=[row.finding_id]))

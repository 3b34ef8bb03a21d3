"""Held reports, beside the current totals."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from countries.admin.base import link_to_agency
from federation.desk.screens import filters
from federation.desk.screens.decision_pages import AT_ONCE, DecisionAction, HoldingAdmin, held_selection
from federation.models.findings import Hold
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.rules.rulebook import RULES


@admin.register(Hold)
class HoldAdmin(HoldingAdmin):
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

    def decide(
        self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Hold], *, back: str
    ) -> HttpResponse:
        holds = list(chosen[: AT_ONCE + 1])
        fields = [("action", action.name), *((ACTION_CHECKBOX_NAME, hold.pk) for hold in holds)]
        return self.decide_on(request, action, held_selection(holds, fields), back=back)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        hold = self.visible_row(request, object_id)
        if hold is None:
            return self.not_found(request, object_id)
        return self.page(
            request,
            "hold",
            f"{hold.report.agency.code} {hold.report.indicator.code} {self.label(hold)}",
            hold=hold,
            current=self.current(hold),
            rule=RULES[hold.rule],
            may_decide=not hold.decision and self.has_decide_hold_permission(request),
        )

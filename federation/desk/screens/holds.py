"""Held reports: what waits for a decision, beside what counts now."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from federation.desk.screens import decision_pages, filters
from federation.desk.screens.decision_pages import ACTIONS, REJECT, RELEASE, DecisionAction, HoldingAdmin
from federation.desk.screens.findings import held_selection
from federation.models.findings import Hold
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.rules.rulebook import RULES


@admin.register(Hold)
class HoldAdmin(HoldingAdmin):
    """Reports that a rule held, those that have waited longest first."""

    of_country = "report__agency__country"
    list_display = ("said", "agency", "indicator", "total", "current", "why", "waits", "decided_how")
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
    ordering = ("since", "report")
    actions = ("release", "reject")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        """Leave the cells where they are, and know what counts for the same period."""
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
    def said(self, hold: Hold) -> str:
        return f"{hold.report.frequency} {periods.label(hold.report.frequency, hold.report.period)}"

    @admin.display(description="agency", ordering="report__agency__code")
    def agency(self, hold: Hold) -> str:
        return hold.report.agency.code

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
    def why(self, hold: Hold) -> str:
        address = reverse("admin:federation_finding_change", args=[hold.finding_id])
        return format_html('<a href="{}">{}: {}</a>', address, hold.rule, RULES[hold.rule].name)

    @admin.display(description="since", ordering="since")
    def waits(self, hold: Hold) -> str:
        return f"{hold.since:%Y-%m-%d %H:%M}"

    @admin.display(description="decision", ordering="decision")
    def decided_how(self, hold: Hold) -> str:
        if hold.decided is None:
            return "waits"
        return f"{hold.get_decision_display()}{f' by {hold.decided_by}' if hold.decided_by else ''}"

    def decide(
        self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Hold], *, back: str
    ) -> HttpResponse:
        holds = list(chosen[: decision_pages.AT_ONCE + 1])
        fields = [("action", action.name), *((ACTION_CHECKBOX_NAME, hold.pk) for hold in holds)]
        return decision_pages.decide(self, request, action, held_selection(holds, fields), back=back)

    def get_urls(self) -> list[URLPattern]:
        """Add a page for each action."""
        wrap = self.admin_site.admin_view
        own = [
            path(
                f"<path:object_id>/{action.name}/",
                wrap(self.decide_view),
                {"action": action.name},
                f"federation_hold_{action.name}",
            )
            for action in (RELEASE, REJECT)
        ]
        return [*own, *super().get_urls()]

    def decide_view(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        """Release or reject one report."""
        hold = self._hold(request, object_id)
        if hold is None:
            return self._gone(request, object_id)
        back = reverse("admin:federation_hold_change", args=[hold.pk])
        return self.decide(request, ACTIONS[action], self.get_queryset(request).filter(pk=hold.pk), back=back)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Show the report beside what counts now, and what can be decided."""
        hold = self._hold(request, object_id)
        if hold is None:
            return self._gone(request, object_id)
        title = f"{hold.report.agency.code} {hold.report.indicator.code} {self.said(hold)}"
        return decision_pages.page(
            self,
            request,
            "hold",
            title,
            hold=hold,
            current=self.current(hold),
            rule=RULES[hold.rule],
            may_decide=not hold.decision and self.has_decide_hold_permission(request),
        )

    def _hold(self, request: HttpRequest, object_id: str) -> Hold | None:
        found = self.get_object(request, object_id)
        return found if isinstance(found, Hold) and self.has_view_permission(request, found) else None

    def _gone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.message_user(request, f"There is no held report {object_id}, or it is not yours to see.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:index"))

"""Work that failed, and why. The list is read-only."""

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from countries.admin.base import FactAdmin
from countries.models import Agency, Indicator
from federation import worklist
from federation.desk.screens import filters
from federation.models.worklist import Failure
from federation.worklist import Stage
from p2p_core import periods


@admin.register(Failure)
class FailureAdmin(FactAdmin):
    """Items that could not be computed. Each is tried again a few times, then set aside for a person."""

    list_display = ("what", "agency", "indicator", "since", "attempts", "next", "reason")
    list_filter = (filters.SetAside,)
    search_fields = ("reason",)
    search_help_text = "A word of a reason"
    show_full_result_count = False
    # What nobody tries again comes first.
    ordering = (F("retry_at").asc(nulls_first=True), "since")
    fields = ("what", "agency", "indicator", "since", "attempts", "next", "reason")
    readonly_fields = ("what", "agency", "indicator", "next")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Failure]:
        """Add the codes of the agency and indicator that are packed into an item."""
        # The bits are those of worklist.WorkItem.pack.
        agency = Agency.objects.filter(pk=OuterRef("item").bitand(0xFFFF)).values("code")
        indicator = Indicator.objects.filter(number=OuterRef("item").bitrightshift(16).bitand(0x3FF)).values("code")
        rows: QuerySet[Failure] = super().get_queryset(request)
        return rows.annotate(agency_code=Subquery(agency), indicator_code=Subquery(indicator))

    @admin.display(description="what")
    def what(self, failure: Failure) -> str:
        item = worklist.unpack(failure.item)
        if item.stage == Stage.PANEL:
            return f"comparison by {periods.NOUNS[item.frequency]} (panel)"
        if item.stage == Stage.EFFECT:
            return "estimates of interventions"
        kind = "figure" if item.stage == Stage.FIGURE else "publication"
        unit = periods.NOUNS[item.frequency]
        return f"{kind} of {unit} {periods.label(item.frequency, item.period)}"

    @admin.display(description="agency")
    def agency(self, failure: Failure) -> str:
        # A publication is about all agencies.
        return getattr(failure, "agency_code", None) or "all"

    @admin.display(description="indicator")
    def indicator(self, failure: Failure) -> str:
        return getattr(failure, "indicator_code", None) or "–"

    @admin.display(description="what comes next")
    def next(self, failure: Failure) -> str:
        if failure.retry_at is None:
            return "set aside: waits for a person"
        return f"tried again at {failure.retry_at:%H:%M:%S}"

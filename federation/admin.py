"""The desk: what agencies sent, to look at. Facts are read-only."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from countries.admin.sight import OfCountry
from federation.models.audit import AuditEvent
from federation.models.submissions import Report, Submission
from federation.rules import periods


class FactAdmin(OfCountry, admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A screen for facts, which nobody adds, changes or removes by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Submission)
class SubmissionAdmin(FactAdmin):
    """What arrived, newest first."""

    of_country = "agency__country"

    list_display = ("received", "agency", "media", "report_count", "observation_count", "became")
    list_filter = ("agency", "media", "received")
    list_select_related = ("agency",)
    search_fields = ("=id", "agency__code")
    date_hierarchy = "received"
    ordering = ("-received",)
    exclude = ("body_digest",)

    @admin.display(description="outcomes")
    def became(self, submission: Submission) -> str:
        """How many of its reports became what, at receipt."""
        return ", ".join(f"{count} {outcome}" for outcome, count in submission.outcomes.items())


@admin.register(Report)
class ReportAdmin(FactAdmin):
    """What agencies say of each period; revisions stand beside what they replaced."""

    of_country = "agency__country"

    list_display = ("said", "agency", "indicator", "total", "status", "state", "received")
    list_filter = ("state", "outcome", "frequency", "indicator", "agency")
    list_select_related = ("agency", "indicator")
    search_fields = ("=submission__id", "agency__code")
    ordering = ("-id",)
    exclude = ("digest",)
    raw_id_fields = ("submission", "equals")

    @admin.display(description="report", ordering="period")
    def said(self, report: Report) -> str:
        """The frequency and the period, by their SDMX names."""
        return f"{report.frequency} {periods.label(report.frequency, report.period)}"


@admin.register(AuditEvent)
class AuditEventAdmin(FactAdmin):
    """Who did what, when and why."""

    list_display = ("at", "actor", "action", "subject", "reason")
    list_filter = ("action", "at")
    search_fields = ("actor", "subject", "reason")
    ordering = ("-id",)
    exclude = ("digest",)

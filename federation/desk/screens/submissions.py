"""Submissions, reports and answers of agencies, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from countries.admin.base import FactAdmin
from federation.desk.screens import filters
from federation.desk.screens.filters import NewestPages
from federation.models.findings import Answer
from federation.models.submissions import Report, Submission
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES

_CELLS = ("countries", "networks", "values")
#: The most cells of a report that are shown, largest first. A report may have two thousand cells.
_SHOWN = 100


@admin.register(Submission)
class SubmissionAdmin(FactAdmin):
    """Submissions, newest first."""

    list_display = ("received", "agency", "media", "report_count", "observation_count", "became", "signed_by")
    list_filter = (filters.OfAgency, filters.OfMedia, filters.OfSigning, "received")
    list_select_related = ("agency", "signature__key")
    search_fields = ("=id", "agency__code")
    search_help_text = "The whole id of a submission, or an agency"
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-received", "-id")
    exclude = ("body_digest",)
    readonly_fields = ("signed_by", "fingerprint", "signed_text")

    @admin.display(description="signed with")
    def signed_by(self, submission: Submission) -> str | None:
        signature = getattr(submission, "signature", None)
        return signature.key.keyid if signature else None

    @admin.display(description="fingerprint of the key")
    def fingerprint(self, submission: Submission) -> str | None:
        signature = getattr(submission, "signature", None)
        return signature.key.fingerprint if signature else None

    @admin.display(description="what was signed")
    def signed_text(self, submission: Submission) -> str | None:
        signature = getattr(submission, "signature", None)
        return format_html("<pre>{}</pre>", signature.base) if signature else None

    @admin.display(description="what its reports became")
    def became(self, submission: Submission) -> str:
        return ", ".join(f"{count} {outcome}" for outcome, count in submission.outcomes.items())


@admin.register(Report)
class ReportAdmin(FactAdmin):
    """Reports, with the revisions that replaced them."""

    list_display = ("label", "agency", "indicator", "total_text", "status", "state", "received")
    list_filter = ("state", "outcome", filters.OfFrequency, filters.OfIndicator, filters.OfAgency)
    list_select_related = ("agency", "indicator")
    search_fields = ("=id", "=submission__id", "agency__code")
    search_help_text = "The number of a report, the whole id of a submission, or an agency"
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-id",)
    exclude = ("digest", *_CELLS)
    readonly_fields = ("cells",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """The list loads no cells."""
        rows: QuerySet[Report] = super().get_queryset(request)
        return rows.defer(*_CELLS)

    @admin.display(description="report", ordering="period")
    def label(self, report: Report) -> str:
        return f"{report.frequency} {periods.label(report.frequency, report.period)}"

    @admin.display(description="total", ordering="total")
    def total_text(self, report: Report) -> str:
        return f"{report.total:,}"

    @admin.display(description="observations")
    def cells(self, report: Report) -> str:
        cells = sorted(zip(report.values, report.countries, report.networks, strict=True), reverse=True)
        if not cells:
            return "none: nothing was counted, or the report was withdrawn or is equal to another one"
        rows = format_html_join(
            "",
            '<tr><td>{}</td><td>{}</td><td class="number">{}</td></tr>',
            (
                (COUNTRY_CODES[country], NETWORK_CODES[network], f"{value:,}")
                for value, country, network in cells[:_SHOWN]
            ),
        )
        return format_html(
            "<table><caption>{} cells, the largest first{}</caption><thead><tr><th scope=col>Country</th>"
            "<th scope=col>Network</th><th scope=col>Value</th></tr></thead><tbody>{}</tbody></table>",
            f"{len(cells):,}",
            f"; {_SHOWN} are shown" if len(cells) > _SHOWN else "",
            rows,
        )


@admin.register(Answer)
class AnswerAdmin(FactAdmin):
    """Answers of agencies to findings, newest first."""

    list_display = ("at", "agency", "about", "answer", "remark", "by")
    list_filter = ("answer", "at")
    list_select_related = ("finding__agency",)
    search_fields = ("=finding__id", "finding__agency__code", "remark")
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-id",)

    @admin.display(description="agency", ordering="finding__agency__code")
    def agency(self, answer: Answer) -> str:
        return answer.finding.agency.code

    @admin.display(description="to")
    def about(self, answer: Answer) -> str:
        return str(answer.finding)

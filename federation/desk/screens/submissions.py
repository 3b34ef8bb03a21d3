"""Submissions, reports and answers of agencies, read-only."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from countries.admin.base import FactAdmin, link_to_agency
from countries.models import Credential, Network, named_country
from federation.desk import event_words
from federation.desk.screens import filters, words
from federation.desk.screens.fact_pages import RowPageAdmin
from federation.desk.screens.filters import NewestPages
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Hold
from federation.models.submissions import Outcome, Report, ReportState, Submission
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES

_CELLS = ("countries", "networks", "values")
#: The most cells of a report that are shown, largest first. A report may have two thousand cells.
_SHOWN = 100
#: The most reports of a submission that are shown, in its order.
_REPORTS_SHOWN = 200
#: What became of reports when they came.
_OUTCOMES: Final = {
    Outcome.CURRENT: "accepted",
    Outcome.UNCHANGED: "with the same numbers as before",
    Outcome.SUPERSEDED: "older than the one in use",
    Outcome.HELD: "held for a decision",
    Outcome.WITHDRAWN: "withdrawing an earlier one",
}
_STATES: Final = {
    ReportState.CURRENT: "It is used.",
    ReportState.SUPERSEDED: "It is not used: another report took its place.",
    ReportState.HELD: "It is not used yet: it waits for a decision.",
    ReportState.REJECTED: "It is not used: it was rejected.",
}


def _became(submission: Submission) -> str:
    return ", ".join(f"{count:,} {_OUTCOMES[Outcome(outcome)]}" for outcome, count in submission.outcomes.items())


def _period(report: Report) -> str:
    return f"{periods.NOUNS[report.frequency]} {periods.label(report.frequency, report.period)}"


@admin.register(Submission)
class SubmissionAdmin(RowPageAdmin):
    """Submissions, newest first."""

    row_template = "submission"
    list_display = ("received_at", "agency", "reports", "observations", "became", "way", "signed_by")
    list_filter = (filters.OfAgency, filters.OfMedia, filters.OfSigning, "received")
    list_select_related = ("agency", "signature__key")
    search_fields = ("=id", "agency__code")
    search_help_text = "The whole id of a submission, or an agency"
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-received", "-id")

    @admin.display(description="received", ordering="received")
    def received_at(self, submission: Submission) -> str:
        return f"{submission.received:%Y-%m-%d %H:%M}"

    @admin.display(description="reports")
    def reports(self, submission: Submission) -> str:
        return f"{submission.report_count:,}"

    @admin.display(description="observations")
    def observations(self, submission: Submission) -> str:
        return f"{submission.observation_count:,}"

    @admin.display(description="sent as")
    def way(self, submission: Submission) -> str:
        return "a file on the pages" if submission.from_pages else submission.media.upper()

    @admin.display(description="signed with")
    def signed_by(self, submission: Submission) -> str | None:
        signature = getattr(submission, "signature", None)
        return signature.key.keyid if signature else None

    @admin.display(description="what its reports became")
    def became(self, submission: Submission) -> str:
        return _became(submission)

    def title_of(self, row: Submission) -> str:
        return f"Submission of {row.agency.code}, {row.received:%Y-%m-%d %H:%M}"

    def facts_of(self, row: Submission) -> dict[str, Any]:
        sent = AuditEvent.objects.filter(subject=f"submission {row.pk}", action="submission.accepted").first()
        # Not all of a submission with a year of hours, and no cells.
        reports = row.reports.select_related("indicator").defer(*_CELLS).order_by("position")[:_REPORTS_SHOWN]
        return {
            "became": _became(row),
            "sender": event_words.actor(sent.actor) if sent else "",
            "credential": _credential(sent.actor) if sent else None,
            "signature": getattr(row, "signature", None),
            "reports": [(_period(one), _OUTCOMES[Outcome(one.outcome)], one) for one in reports],
        }


def _credential(actor: str) -> Credential | None:
    """The credential that an event names as its actor, if it was one."""
    kind, _, name = actor.partition(" ")
    return Credential.objects.filter(client_id=name).first() if kind == "credential" else None


@admin.register(Report)
class ReportAdmin(RowPageAdmin):
    """Reports, with the revisions that replaced them."""

    row_template = "report"
    list_display = ("label", "agency", "indicator", "total_text", "status", "state", "received_at")
    list_filter = ("state", "outcome", filters.OfFrequency, filters.OfIndicator, filters.OfAgency)
    list_select_related = ("agency", "indicator")
    search_fields = ("=id", "=submission__id", "agency__code")
    search_help_text = "The number of a report, the whole id of a submission, or an agency"
    show_full_result_count = False
    paginator = NewestPages
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """The list loads no cells."""
        rows: QuerySet[Report] = super().get_queryset(request)
        return rows.defer(*_CELLS)

    @admin.display(description="report", ordering="period")
    def label(self, report: Report) -> str:
        return _period(report)

    @admin.display(description="total", ordering="total")
    def total_text(self, report: Report) -> str:
        return f"{report.total:,}"

    @admin.display(description="received", ordering="id")
    def received_at(self, report: Report) -> str:
        return f"{report.received:%Y-%m-%d %H:%M}"

    def title_of(self, row: Report) -> str:
        return f"Report of {row.agency.code}, {row.indicator.code}, {_period(row)}"

    def facts_of(self, row: Report) -> dict[str, Any]:
        cells = list(_cells(row))
        return {
            "state": _STATES[ReportState(row.state)],
            "outcome": _OUTCOMES[Outcome(row.outcome)],
            "is_held": Hold.objects.filter(pk=row.pk).exists(),
            "cells": cells[:_SHOWN],
            "caption": f"{words.count(len(cells), 'observation')}, the largest first"
            f"{f'; {_SHOWN} are shown' if len(cells) > _SHOWN else ''}",
        }


def _cells(report: Report) -> Iterator[tuple[str, str, int]]:
    """The country and the network of each observation by name, and its value. The largest comes first."""
    names = dict(Network.objects.values_list("code", "name"))
    for number, country, network in sorted(
        zip(report.values, report.countries, report.networks, strict=True), reverse=True
    ):
        code = NETWORK_CODES[network]
        yield named_country(COUNTRY_CODES[country]), names.get(code, code), number


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
        return link_to_agency(answer.finding.agency)

    @admin.display(description="to")
    def about(self, answer: Answer) -> str:
        return str(answer.finding)

"""Findings: a list to be worked off, and a page each with all that is needed to decide."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from countries.admin.base import actor, refuse_traces
from federation.database import clock
from federation.desk import series
from federation.desk.screens import chart, decision_pages, facts, filters
from federation.desk.screens.decision_pages import ACTIONS, RESOLVE, DecisionAction, HoldingAdmin, Selection
from federation.errors import FederationError
from federation.findings import decisions
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, AnswerKind, Finding, Hold
from p2p_core import periods
from p2p_core.rules.rulebook import RULES, say

#: The page of a finding lists so many of the reports that it holds, those that wait first.
_SHOWN = 50
_ANSWER = "federation.add_answer"


class AnswerForm(forms.Form):
    """What an agency says to a finding."""

    use_required_attribute = False
    answer = forms.ChoiceField(choices=AnswerKind.choices, widget=forms.RadioSelect)
    remark = forms.CharField(
        required=False,
        max_length=2000,
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="For the coordinators. No names, addresses or other traces of persons.",
    )


def sentence(finding: Finding) -> str:
    """The finding in a sentence."""
    return say(finding.rule, finding.frequency, finding.period, finding.last_period, finding.facts)


@admin.register(Finding)
class FindingAdmin(HoldingAdmin):
    """The findings of the rules, newest first."""

    of_country = "agency__country"
    list_display = ("said", "agency", "indicator", "severity", "level", "stands", "span", "opened_at")
    list_filter = (
        filters.OfState,
        filters.OfSeverity,
        filters.OfRule,
        filters.OfAgency,
        filters.OfIndicator,
        filters.OfFrequency,
        filters.OfAge,
    )
    list_select_related = ("agency", "indicator")
    list_per_page = 50
    search_fields = ("=id", "agency__code", "agency__name")
    search_help_text = "A number, an agency, or a word of a rule's name: silent, level"
    show_full_result_count = False
    ordering = ("-id",)
    actions = ("resolve", "release", "reject")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        """Know of each how many of its reports wait."""
        waiting = Count("holds", filter=Q(holds__decision=""))
        rows: QuerySet[Finding] = super().get_queryset(request)
        return rows.annotate(waiting=waiting)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find rules by their names too."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term:
            return found, may_repeat
        word = search_term.lower()
        named = [rule.id for rule in RULES.values() if word in f"{rule.id} {rule.name}".lower()]
        return found | queryset.filter(rule__in=named), may_repeat

    @admin.display(description="finding")
    def said(self, finding: Finding) -> str:
        return sentence(finding)

    @admin.display(description="severity")
    def severity(self, finding: Finding) -> str:
        severity = RULES[finding.rule].severity
        return format_html('<span class="severity {0}">{0}</span>', severity.value)

    @admin.display(description="level")
    def level(self, finding: Finding) -> str:
        rule = RULES[finding.rule]
        return format_html('<abbr title="validation level {0}; {1}: {2}">{0}</abbr>', rule.level, rule.id, rule.name)

    @admin.display(description="state", ordering="state")
    def stands(self, finding: Finding) -> str:
        if finding.resolution:
            return f"resolved: {finding.get_resolution_display()}"
        waiting: int = getattr(finding, "waiting", 0)
        return f"{finding.get_state_display()}; holds {waiting:,}" if waiting else finding.get_state_display()

    @admin.display(description="period", ordering="period")
    def span(self, finding: Finding) -> str:
        first, last = (periods.label(finding.frequency, at) for at in (finding.period, finding.last_period))
        return f"{finding.frequency} {first}" if first == last else f"{finding.frequency} {first} to {last}"

    @admin.display(description="opened", ordering="opened")
    def opened_at(self, finding: Finding) -> str:
        return f"{finding.opened:%Y-%m-%d %H:%M}"

    def has_resolve_finding_permission(self, request: HttpRequest) -> bool:
        """Whether the user may close findings."""
        return request.user.has_perm("federation.resolve_finding")

    @admin.action(description="Resolve", permissions=["resolve_finding"])
    def resolve(self, request: HttpRequest, chosen: QuerySet[Finding]) -> HttpResponse:
        """Close the chosen findings."""
        return self.decide(
            request, RESOLVE, decision_pages.selected(self, request, chosen), back=request.get_full_path()
        )

    def decide(
        self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Finding], *, back: str
    ) -> HttpResponse:
        findings = list(chosen[: decision_pages.AT_ONCE + 1])
        fields = [("action", action.name), *((ACTION_CHECKBOX_NAME, one.pk) for one in findings)]
        ids = [one.pk for one in findings]
        if action is RESOLVE:
            selection = Selection(ids, [(one, sentence(one)) for one in findings], fields)
        else:
            selection = _holds_of(request, ids, fields)
        return decision_pages.decide(self, request, action, selection, back=back)

    def get_urls(self) -> list[URLPattern]:
        """Add a page for each action."""
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/answer/", wrap(self.answer_view), name="federation_finding_answer"),
            *(
                path(
                    f"<path:object_id>/{action}/",
                    wrap(self.decide_view),
                    {"action": action},
                    f"federation_finding_{action}",
                )
                for action in ACTIONS
            ),
            *super().get_urls(),
        ]

    def decide_view(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        """Release, reject or resolve one finding."""
        finding = self._finding(request, object_id)
        if finding is None:
            return self._gone(request, object_id)
        back = reverse("admin:federation_finding_change", args=[finding.pk])
        return self.decide(request, ACTIONS[action], Finding.objects.filter(pk=finding.pk), back=back)

    def answer_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for the agency."""
        finding = self._finding(request, object_id)
        if finding is None:
            return self._gone(request, object_id)
        if not request.user.has_perm(_ANSWER):
            return decision_pages.refuse(self, request, "Your account may look at this, but not answer it.")
        form = AnswerForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._page(request, finding, form)
        try:
            decisions.answer(
                finding=finding.pk, agency=finding.agency_id, by=actor(request), now=clock.agreed(), **form.cleaned_data
            )
        except FederationError as error:
            self.message_user(request, str(error), messages.WARNING)
        else:
            self.message_user(request, "Your answer is noted.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:federation_finding_change", args=[finding.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Show all that is needed to decide."""
        finding = self._finding(request, object_id)
        return self._gone(request, object_id) if finding is None else self._page(request, finding, AnswerForm())

    def _finding(self, request: HttpRequest, object_id: str) -> Finding | None:
        found = self.get_object(request, object_id)
        return found if isinstance(found, Finding) and self.has_view_permission(request, found) else None

    def _gone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.message_user(request, f"There is no finding {object_id}, or it is not yours to see.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:index"))

    def _page(self, request: HttpRequest, finding: Finding, form: AnswerForm) -> HttpResponse:
        shown = series.around(finding, now=clock.now())
        noticed = next(point for point in shown.points if point.noticed)
        held = series.held_of(finding.pk, limit=_SHOWN)
        may = request.user.has_perm
        waiting: int = getattr(finding, "waiting", 0)
        return decision_pages.page(
            self,
            request,
            "finding",
            f"{finding.agency.code}: {RULES[finding.rule].name}",
            finding=finding,
            rule=RULES[finding.rule],
            sentence=sentence(finding),
            span=self.span(finding),
            facts=list(facts.rows(finding.rule, finding.facts)),
            series=shown,
            labels=[(periods.label(shown.frequency, point.period), point) for point in shown.points],
            chart=chart.draw(shown),
            bars=chart.compare(shown.before, noticed),
            held=[(periods.label(finding.frequency, row.period), row) for row in held],
            waiting=waiting,
            answers=Answer.objects.filter(finding=finding).order_by("id"),
            decisions=_decisions(finding, held),
            form=form,
            may_decide=may("federation.decide_hold") and waiting,
            may_resolve=may("federation.resolve_finding") and finding.resolved is None and not waiting,
            may_answer=may(_ANSWER) and finding.resolved is None,
        )


def _holds_of(request: HttpRequest, findings: Collection[int], fields: list[tuple[str, object]]) -> Selection:
    """Return the reports that findings hold; those of the form that asked for a reason, decided or not, if it did."""
    holds = decision_pages.visible_holds(request).filter(finding__in=findings).order_by("report__period", "pk")
    asked = [int(one) for one in request.POST.getlist("report") if one.isdecimal()]
    chosen: QuerySet[Hold] = holds.filter(pk__in=asked) if asked else holds.filter(decision="")
    rows = list(chosen[: decision_pages.AT_ONCE + 1])
    return held_selection(rows, fields)


def held_selection(holds: list[Hold], fields: list[tuple[str, object]]) -> Selection:
    """Return held reports as what is decided on, beside what is current."""
    current = {row.report: row.current for row in series.rows_of(holds)}
    rows = [(hold, periods.label(hold.report.frequency, hold.report.period), current[hold.pk]) for hold in holds]
    ids = [hold.pk for hold in holds]
    return Selection(ids, rows, [*fields, *(("report", one) for one in ids)])


def _decisions(finding: Finding, held: list[series.HeldRow]) -> QuerySet[AuditEvent]:
    """Return who decided what of a finding and of the reports in it, oldest first."""
    subjects = [f"finding {finding.pk}", *(f"report {row.report}" for row in held)]
    return AuditEvent.objects.filter(subject__in=subjects).order_by("id")

"""Findings: the list of what is open, and a page for each with everything needed to decide."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from countries import queries
from countries.admin.base import actor, refuse_traces
from federation.database import clock
from federation.desk import event_words, queue
from federation.desk.queue import Place
from federation.desk.screens import filters, held_choice, queue_pages
from federation.desk.screens.decision_pages import RELEASE, RESOLVE, DecidingAdmin, ReasonForm
from federation.desk.screens.held_choice import HeldChoice
from federation.errors import FederationError
from federation.findings import chart, decisions, series
from federation.findings.series import FindingPeriods
from federation.geometry import Canvas
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Finding, Hold
from p2p_core import periods
from p2p_core.payloads.answers import ANSWERS
from p2p_core.rules.rulebook import RULES, Severity, say

#: The page of a finding lists at most this many reports on which was decided.
_SHOWN = 50
_ANSWER = "federation.add_answer"
#: The areas of the charts, in pixels. The values and the dates have room around them.
_SERIES = Canvas(868, 266, left=76, top=18)
_BARS = Canvas(520, 166, top=18)


class AnswerForm(forms.Form):
    """An agency's answer to a finding."""

    use_required_attribute = False
    answer = forms.ChoiceField(choices=list(ANSWERS.items()), widget=forms.RadioSelect)
    remark = forms.CharField(
        required=False,
        max_length=2000,
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="For the coordinators. No names, addresses or other traces of persons.",
    )


def sentence(finding: Finding) -> str:
    return say(finding.rule, finding.frequency, finding.period, finding.last_period, finding.facts)


@admin.register(Finding)
class FindingAdmin(DecidingAdmin):
    """The findings of the rules, newest first."""

    list_display = ("summary", "agency", "indicator", "severity", "level", "state_text", "span", "opened_at")
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
    actions = ("resolve",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        """Count the held reports of each."""
        waiting = Count("holds", filter=Q(holds__decision=""))
        rows: QuerySet[Finding] = super().get_queryset(request)
        return rows.annotate(waiting=waiting)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Severe ones first while only open ones are listed; there are too many of all to sort them."""
        if request.GET.get(filters.OfState.parameter_name):
            return self.ordering
        errors = [rule.id for rule in RULES.values() if rule.severity == Severity.ERROR]
        return (Case(When(rule__in=errors, then=0), default=1), *self.ordering)

    def named(self, word: str) -> Q:
        """The findings of a rule that is called so."""
        return Q(rule__in=[rule.id for rule in RULES.values() if word in f"{rule.id} {rule.name}".lower()])

    @admin.display(description="finding")
    def summary(self, finding: Finding) -> str:
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
    def state_text(self, finding: Finding) -> str:
        if finding.resolution:
            return f"resolved: {finding.get_resolution_display()}"
        waiting: int = getattr(finding, "waiting", 0)
        return f"{finding.get_state_display()}; holds {waiting:,}" if waiting else finding.get_state_display()

    @admin.display(description="period", ordering="period")
    def span(self, finding: Finding) -> str:
        first, last = (periods.label(finding.frequency, at) for at in (finding.period, finding.last_period))
        unit = periods.NOUNS[finding.frequency]
        return f"{unit} {first}" if first == last else f"{unit}s {first} to {last}"

    @admin.display(description="opened", ordering="opened")
    def opened_at(self, finding: Finding) -> str:
        return f"{finding.opened:%Y-%m-%d %H:%M}"

    def has_resolve_finding_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("federation.resolve_finding")

    @admin.action(description="Resolve", permissions=["resolve_finding"])
    def resolve(self, request: HttpRequest, chosen: QuerySet[Finding]) -> HttpResponse:
        return self.decide_selected(request, RESOLVE, chosen)

    def shown(self, rows: Sequence[Finding]) -> Sequence[tuple[Finding, str]]:
        return [(one, sentence(one)) for one in rows]

    def get_urls(self) -> list[URLPattern]:
        views = {"answer": self.answer_view, "decide": self.decide_view, "resolve": self.resolve_view}
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"federation_finding_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def resolve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        finding = self.visible_row(request, object_id)
        if finding is None:
            return self.not_found(request, object_id)
        if not request.user.has_perm(RESOLVE.permission):
            return self.refuse(request, "Your account may look at this, but not resolve it.")
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if not form.is_valid() or not self.carry_out(request, RESOLVE, [finding.pk], form):
            return self._finding_page(request, finding, resolution=form)
        return HttpResponseRedirect(reverse("admin:federation_finding_change", args=[finding.pk]))

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Release or reject the chosen reports, then go on in the queue. Without a decision, offer the whole series."""
        finding = self.visible_row(request, object_id)
        if finding is None:
            return self.not_found(request, object_id)
        if not request.user.has_perm(RELEASE.permission):
            return self.refuse(request, "Your account may look at this, but not decide on it.")
        action = held_choice.ACTIONS.get(request.POST.get("decision", ""))
        if action is None:
            typed = ReasonForm(initial={"reason": request.POST.get("reason", "")})
            return self._finding_page(request, finding, decision=HeldChoice(typed, is_whole_series=True))
        chosen, form = held_choice.ticked(request, finding), ReasonForm(request.POST)
        if not form.is_valid() or not chosen or not self.carry_out(request, action, chosen, form):
            choice = HeldChoice(form, is_whole_series="whole_series" in request.POST, ticked=frozenset(chosen))
            return self._finding_page(request, finding, decision=choice)
        place = queue.read(request.POST, queue.AT) or Place(queue.NO_WAIT, finding.pk)
        return queue_pages.go_on(request, place)

    def answer_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for the agency."""
        finding = self.visible_row(request, object_id)
        if finding is None:
            return self.not_found(request, object_id)
        if not request.user.has_perm(_ANSWER):
            return self.refuse(request, "Your account may look at this, but not answer it.")
        form = AnswerForm(request.POST if request.method == "POST" else None)
        now = self.agreed_time(request) if form.is_valid() else None
        if now is None:
            return self._finding_page(request, finding, answer=form)
        try:
            decisions.answer(
                finding=finding.pk, agency=finding.agency_id, by=actor(request), now=now, **form.cleaned_data
            )
        except FederationError as error:
            self.message_user(request, str(error), messages.WARNING)
        else:
            self.message_user(request, "Your answer is saved.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:federation_finding_change", args=[finding.pk]))

    def show_row(self, request: HttpRequest, row: Any) -> HttpResponse:
        return self._finding_page(request, row)

    def _finding_page(
        self,
        request: HttpRequest,
        finding: Finding,
        *,
        answer: AnswerForm | None = None,
        decision: HeldChoice | None = None,
        resolution: ReasonForm | None = None,
    ) -> HttpResponse:
        """The page with everything that a coordinator needs to decide."""
        about = FindingPeriods(
            finding.agency_id, finding.indicator_id, finding.frequency, finding.period, finding.last_period
        )
        now = clock.now()
        shown = series.around(about, now=now)
        in_finding = next(point for point in shown.points if point.in_finding)
        ended = Hold.objects.filter(finding=finding).exclude(decision="").select_related("report")
        ended = ended.order_by("report__period", "pk").defer(*held_choice.CELLS)[:_SHOWN]
        about_it = [f"finding {finding.pk}", *(f"report {one.pk}" for one in ended)]
        may = request.user.has_perm
        waiting: int = getattr(finding, "waiting", 0)
        if waiting and decision is None:
            decision = HeldChoice(ReasonForm())
        events = list(AuditEvent.objects.filter(subject__in=about_it).order_by("id"))
        return self.page(
            request,
            "finding",
            f"{finding.agency.code}: {RULES[finding.rule].name}",
            finding=finding,
            rule=RULES[finding.rule],
            sentence=sentence(finding),
            span=self.span(finding),
            facts=list(_facts(finding)),
            series=shown,
            chart=chart.draw(shown, _SERIES),
            bars=chart.compare(shown.before, in_finding, _BARS),
            ended=[(periods.label(finding.frequency, one.report.period), one) for one in ended],
            waiting=waiting,
            answers=Answer.objects.filter(finding=finding).order_by("id"),
            decisions=list(zip(events, event_words.in_words(events), strict=True)),
            form=answer or AnswerForm(),
            resolution=resolution or ReasonForm(),
            may_decide=may(RELEASE.permission),
            may_mark_break=may("countries.add_annotation") and may("countries.mark_break"),
            may_resolve=may(RESOLVE.permission) and finding.resolved is None and not waiting,
            may_answer=may(_ANSWER) and finding.resolved is None,
            **(held_choice.shown(finding, decision, now=now) if decision else {}),
        )


def _facts(finding: Finding) -> Iterator[tuple[str, str]]:
    """The numbers behind a finding, each with its label."""
    facts = finding.facts
    for name, label in RULES[finding.rule].facts.items():
        if name in facts:
            yield label, _fact(name, facts[name])
    for one in facts.get("countries", ()):
        shares = f"{one['own']:.0%} of its own, {one['others']:.0%} of all others'"
        yield f"share of {queries.country_name(one['country'])}", shares


def _fact(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name.endswith("_frequency"):
        return periods.NOUNS[value]
    if name in ("share", "others_elsewhere"):
        return f"{value:.1%}"
    if name == "country":
        return queries.country_name(value)
    if isinstance(value, list):
        return ", ".join(f"{one:,}" for one in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)

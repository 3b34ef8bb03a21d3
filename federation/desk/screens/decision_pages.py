"""Pages on which a coordinator decides. Each shows the chosen rows, a field for the reason, and one button."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from countries.admin.base import actor, refuse_traces
from federation.database import clock
from federation.desk import held_reports
from federation.desk.screens import words
from federation.desk.screens.fact_pages import PageAdmin
from federation.errors import ClocksDisagreeError
from federation.findings import decisions
from federation.findings.decisions import Decided
from federation.models.findings import Finding, Hold
from p2p_core import periods

#: The most rows of one decision: nobody could look through more.
AT_ONCE: Final = 500


class ReasonForm(forms.Form):
    use_required_attribute = False
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="The audit trail keeps it with your name, and the agency can read it.",
        error_messages={"required": "Say why. Nothing was decided yet, and your selection is kept."},
    )


@dataclass(frozen=True, slots=True)
class DecisionAction:
    """Something that a coordinator does with held reports, or with findings."""

    name: str
    permission: str
    noun: str
    done: str
    means: str
    process: Callable[..., Decided]


RELEASE = DecisionAction(
    "release", "federation.decide_hold", "report", "released",
    "A released report counts for its period from now on, and is public within seconds.", decisions.release,
)  # fmt: skip
REJECT = DecisionAction(
    "reject", "federation.decide_hold", "report", "rejected",
    "A rejected report is stored but not used. The current report continues to count.", decisions.reject,
)  # fmt: skip
RESOLVE = DecisionAction(
    "resolve", "federation.resolve_finding", "finding", "resolved",
    "A resolved finding does not come back while the numbers stay the same.", decisions.resolve,
)  # fmt: skip
ACTIONS = {action.name: action for action in (RELEASE, REJECT, RESOLVE)}


@dataclass(frozen=True, slots=True)
class RowSelection:
    """The ids to decide on, the rows to show, and the form fields that lead back to the same selection."""

    ids: Sequence[int]
    rows: Sequence[Any]
    fields: Sequence[tuple[str, object]] = ()


class HoldingAdmin(PageAdmin):
    """A screen whose rows are held reports, or findings that hold some."""

    #: The actions that have a page for each row.
    page_actions: tuple[DecisionAction, ...] = (RELEASE, REJECT)

    def has_decide_hold_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("federation.decide_hold")

    @admin.action(description="Release held reports", permissions=["decide_hold"])
    def release(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
        return self.decide_selected(request, RELEASE, chosen)

    @admin.action(description="Reject held reports", permissions=["decide_hold"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
        return self.decide_selected(request, REJECT, chosen)

    def decide_selected(self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Any]) -> HttpResponse:
        """Decide on the selected rows of the list."""
        if request.POST.get("select_across", "0") == "0":
            # The rows are read again. Rows that were decided since they were selected are no longer in the list, and
            # the page says so.
            chosen = self.get_queryset(request).filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        return self.decide(request, action, chosen, back=request.get_full_path())

    def get_urls(self) -> list[URLPattern]:
        view, model = self.admin_site.admin_view(self.decide_view), self.opts.model_name
        own = [
            path(f"<path:object_id>/{one.name}/", view, {"action": one.name}, f"federation_{model}_{one.name}")
            for one in self.page_actions
        ]
        return [*own, *super().get_urls()]

    def decide_view(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        row = self.visible_row(request, object_id)
        if row is None:
            return self.not_found(request, object_id)
        back = reverse(f"admin:federation_{self.opts.model_name}_change", args=[row.pk])
        return self.decide(request, ACTIONS[action], self.get_queryset(request).filter(pk=row.pk), back=back)

    def decide(self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Any], *, back: str) -> HttpResponse:
        """Ask for the reason; with it, decide on the rows."""
        raise NotImplementedError

    def decide_on(
        self, request: HttpRequest, action: DecisionAction, selection: RowSelection, *, back: str
    ) -> HttpResponse:
        """Ask for the reason; with it, decide, say what happened, and go back."""
        if not request.user.has_perm(action.permission):
            return self.refuse(request, f"Your account may look at this, but not {action.name} it.")
        if not 0 < len(selection.ids) <= AT_ONCE:
            why = f"There is nothing here to {action.name} any more: it was decided already."
            if selection.ids:
                why = f"You chose more than {AT_ONCE} rows, which nobody can look through at once. Choose fewer."
            self.message_user(request, why, messages.WARNING)
            return HttpResponseRedirect(back)

        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            title = f"{action.name.capitalize()} {words.count(len(selection.ids), action.noun)}"
            return self.page(request, "decide", title, action=action, selection=selection, form=form, back=back)

        chosen = {f"{action.noun}s": selection.ids}
        try:
            now = clock.agreed()
        except ClocksDisagreeError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(back)
        decided = action.process(**chosen, by=actor(request), reason=form.cleaned_data["reason"], now=now)
        for level, message in _messages(action, decided, now):
            self.message_user(request, message, level)
        return HttpResponseRedirect(back)


def _messages(action: DecisionAction, decided: Decided, now: datetime) -> Iterator[tuple[int, str]]:
    """The messages about what was decided, and what was not."""
    if decided.done:
        yield messages.SUCCESS, f"{words.count(len(decided.done), action.noun)} {action.done}."
    if decided.already:
        before = "; ".join(dict.fromkeys(_earlier(action.noun, decided.already, now)))
        yield (
            messages.WARNING,
            f"{words.count(len(decided.already), action.noun)} decided already, and left as it was: {before}.",
        )
    if decided.holding:
        findings = words.count(len(decided.holding), "finding")
        yield messages.WARNING, f"{findings} left open, with held reports: release or reject those."


def _earlier(noun: str, ids: Collection[int], now: datetime) -> Iterator[str]:
    """Who decided on rows before, how and when."""
    if noun == "report":
        holds = Hold.objects.filter(pk__in=ids).exclude(decision="")
        rows = [(one.get_decision_display(), one.decided_by, one.decided) for one in holds]
    else:
        findings = Finding.objects.filter(pk__in=ids).exclude(resolved=None)
        rows = [
            (
                "resolved" if one.resolved_by else f"resolved, as {one.get_resolution_display()},",
                one.resolved_by,
                one.resolved,
            )
            for one in findings
        ]
    for how, by, at in rows:
        yield how + (f" by {by}" if by else "") + (f" at {words.moment(at, now=now)}" if at else "")


def held_selection(holds: Sequence[Hold], fields: Sequence[tuple[str, object]]) -> RowSelection:
    """Held reports to decide on, beside the current totals."""
    current = {row.report: row.current for row in held_reports.held_rows(holds)}
    rows = [(hold, periods.label(hold.report.frequency, hold.report.period), current[hold.pk]) for hold in holds]
    ids = [hold.pk for hold in holds]
    return RowSelection(ids, rows, [*fields, *(("report", one) for one in ids)])

"""How a coordinator decides: on rows of a list, which a page shows with a field for the reason, or on other pages."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from countries.admin.base import actor, refuse_traces
from federation.database import clock
from federation.desk.screens import words
from federation.desk.screens.fact_pages import PageAdmin
from federation.errors import ClocksDisagreeError
from federation.findings import decisions
from federation.findings.decisions import Decided
from federation.models.findings import Finding, Hold

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
    process: Callable[..., Decided]


RELEASE = DecisionAction("release", "federation.decide_hold", "report", "released", decisions.release)
REJECT = DecisionAction("reject", "federation.decide_hold", "report", "rejected", decisions.reject)
RESOLVE = DecisionAction("resolve", "federation.resolve_finding", "finding", "resolved", decisions.resolve)


class DecidingAdmin(PageAdmin):
    """A screen on which coordinators decide."""

    def decide_selected(self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Any]) -> HttpResponse:
        """Decide on the selected rows of the list."""
        if request.POST.get("select_across", "0") == "0":
            # The rows are read again. Rows that were decided since they were selected are no longer in the list, and
            # the page says so.
            chosen = self.get_queryset(request).filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        return self.decide(request, action, chosen, back=request.get_full_path())

    def decide(self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Any], *, back: str) -> HttpResponse:
        """Ask for the reason; with it, decide, say what happened, and go back."""
        if not request.user.has_perm(action.permission):
            return self.refuse(request, f"Your account may look at this, but not {action.name} it.")
        rows = list(chosen[: AT_ONCE + 1])
        if not 0 < len(rows) <= AT_ONCE:
            why = f"There is nothing here to {action.name} any more: it was decided already."
            if rows:
                why = f"You chose more than {AT_ONCE} rows, which nobody can look through at once. Choose fewer."
            self.message_user(request, why, messages.WARNING)
            return HttpResponseRedirect(back)

        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid() or not self.carry_out(request, action, [row.pk for row in rows], form):
            title = f"{action.name.capitalize()} {words.count(len(rows), action.noun)}"
            fields = [("action", action.name), *((ACTION_CHECKBOX_NAME, row.pk) for row in rows)]
            shown = {"rows": self.shown(rows), "fields": fields, "form": form, "back": back}
            return self.page(request, "decide", title, action=action, **shown)
        return HttpResponseRedirect(back)

    def shown(self, rows: Sequence[Any]) -> Sequence[Any]:
        """The rows as the page that asks for the reason shows them."""
        raise NotImplementedError

    def carry_out(self, request: HttpRequest, action: DecisionAction, ids: Sequence[int], form: ReasonForm) -> bool:
        """Decide, and say what happened. False if the clocks disagree: then the form is shown again."""
        now = self.agreed_time(request)
        if now is None:
            return False
        reason = form.cleaned_data["reason"]
        decided = action.process(**{f"{action.noun}s": ids}, by=actor(request), reason=reason, now=now)
        for level, message in _messages(action, decided, now):
            self.message_user(request, message, level)
        return True

    def agreed_time(self, request: HttpRequest) -> datetime | None:
        """The time of a decision, or None with a message if the clocks disagree."""
        try:
            return clock.agreed()
        except ClocksDisagreeError as error:
            self.message_user(request, f"Nothing was saved. Try again later. {error}", messages.ERROR)
            return None


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

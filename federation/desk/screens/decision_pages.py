"""Pages on which a coordinator decides: what is chosen, the reason, and one button."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from countries.admin.base import FactAdmin, actor, refuse_traces
from countries.admin.country_scope import country_scope_of
from federation.database import clock
from federation.desk.screens import words
from federation.errors import ClocksDisagreeError
from federation.findings import decisions
from federation.findings.decisions import Decided
from federation.models.findings import Finding, Hold

M = TypeVar("M", bound=Model)

#: More at once could not be looked through.
AT_ONCE = 500


class ReasonForm(forms.Form):
    """Asks why."""

    use_required_attribute = False
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        validators=[refuse_traces],
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="The audit trail keeps it with your name, and the agency can read it.",
        error_messages={"required": "Say why. Nothing was decided yet, and what you chose is still chosen."},
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
    "A rejected report is kept and not used: what counts now goes on to count.", decisions.reject,
)  # fmt: skip
RESOLVE = DecisionAction(
    "resolve", "federation.resolve_finding", "finding", "resolved",
    "A resolved finding does not come back while the numbers stay as they are.", decisions.resolve,
)  # fmt: skip
ACTIONS = {action.name: action for action in (RELEASE, REJECT, RESOLVE)}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is decided on: the ids, the rows to show, and form fields that lead back to the same choice."""

    chosen: Sequence[int]
    rows: Sequence[Any]
    fields: Sequence[tuple[str, object]] = ()


def selected(screen: "ModelAdmin[Any]", request: HttpRequest, chosen: QuerySet[M]) -> QuerySet[M]:
    """Return the rows of a list that were ticked.

    Rows that somebody decided after they were ticked are no longer in the list. They are read again, to tell the user.
    """
    if request.POST.get("select_across", "0") != "0":
        return chosen
    return screen.get_queryset(request).filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))


class HoldingAdmin(FactAdmin):
    """A screen whose rows are held reports, or hold some: what is ticked can be released or rejected."""

    def has_decide_hold_permission(self, request: HttpRequest) -> bool:
        """Whether the user may release and reject."""
        return request.user.has_perm("federation.decide_hold")

    @admin.action(description="Release what is held", permissions=["decide_hold"])
    def release(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
        """Let it count."""
        return self.decide(request, RELEASE, selected(self, request, chosen), back=request.get_full_path())

    @admin.action(description="Reject what is held", permissions=["decide_hold"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
        """Refuse it."""
        return self.decide(request, REJECT, selected(self, request, chosen), back=request.get_full_path())

    def decide(self, request: HttpRequest, action: DecisionAction, chosen: QuerySet[Any], *, back: str) -> HttpResponse:
        """Ask why, and decide on some rows."""
        raise NotImplementedError


def decide(
    screen: "ModelAdmin[Any]", request: HttpRequest, action: DecisionAction, selection: Selection, *, back: str
) -> HttpResponse:
    """Ask for the reason; with it, decide, say what happened, and go back."""
    if not request.user.has_perm(action.permission):
        return refuse(screen, request, f"Your account may look at this, but not {action.name} it.")
    if not 0 < len(selection.chosen) <= AT_ONCE:
        screen.message_user(request, _refused(action, selection), messages.WARNING)
        return HttpResponseRedirect(back)
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        by, reason = actor(request), form.cleaned_data["reason"]
        try:
            now = clock.agreed()
        except ClocksDisagreeError as error:
            screen.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(back)
        decided = action.process(**{f"{action.noun}s": selection.chosen}, by=by, reason=reason, now=now)
        for level, said in _told(action, decided, now):
            screen.message_user(request, said, level)
        return HttpResponseRedirect(back)
    title = f"{action.name.capitalize()} {words.count(len(selection.chosen), action.noun)}"
    return page(screen, request, "decide", title, action=action, selection=selection, form=form, back=back)


def _refused(action: DecisionAction, selection: Selection) -> str:
    if selection.chosen:
        return f"More than {AT_ONCE} at once cannot be looked through. Choose fewer."
    return f"There is nothing here to {action.name} any more: it was decided already."


def _told(action: DecisionAction, decided: Decided, now: datetime) -> Iterable[tuple[int, str]]:
    """Say what was decided, and what was not."""
    if done := len(decided.done):
        yield messages.SUCCESS, f"{words.count(done, action.noun)} {action.done}."
    if decided.already:
        before = _holds_said(decided.already, now) if action.noun == "report" else _findings_said(decided.already, now)
        many = words.count(len(decided.already), action.noun)
        yield messages.WARNING, f"{many} decided already, and left as it was: {'; '.join(dict.fromkeys(before))}."
    if holding := len(decided.holding):
        yield (
            messages.WARNING,
            f"{words.count(holding, 'finding')} left open, with held reports: release or reject those.",
        )


def _holds_said(ids: Collection[int], now: datetime) -> Iterable[str]:
    for hold in Hold.objects.filter(pk__in=ids).exclude(decision=""):
        yield _by_whom(hold.get_decision_display(), hold.decided_by, hold.decided, now)


def _findings_said(ids: Collection[int], now: datetime) -> Iterable[str]:
    for finding in Finding.objects.filter(pk__in=ids).exclude(resolved=None):
        how = "resolved" if finding.resolved_by else f"resolved, as {finding.get_resolution_display()},"
        yield _by_whom(how, finding.resolved_by, finding.resolved, now)


def _by_whom(what: str, who: str, when: datetime | None, now: datetime) -> str:
    by = f" by {who}" if who else ""
    at = f" at {words.moment(when, now=now)}" if when else ""
    return f"{what}{by}{at}"


def visible_holds(request: HttpRequest) -> QuerySet[Hold]:
    """Return the holds that the user may see, with their reports without cells."""
    rows = country_scope_of(request).rows(Hold.objects.all(), "report__agency__country")
    rows = rows.select_related("report__agency", "report__indicator")
    return rows.defer("report__countries", "report__networks", "report__values")


def refuse(screen: "ModelAdmin[Any]", request: HttpRequest, why: str) -> HttpResponse:
    """Say politely that somebody may not do this."""
    response = page(screen, request, "refused", "This is for others to decide", why=why)
    response.status_code = 403
    return response


def page(screen: "ModelAdmin[Any]", request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    """Return a page of the desk."""
    context |= {**screen.admin_site.each_context(request), "title": title, "opts": screen.opts}
    return TemplateResponse(request, f"admin/federation/{name}.html", context)

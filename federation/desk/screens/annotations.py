"""What readers of a series should know: annotations on the time axis, and breaks.

Before a break is saved, a page lists the held reports that it releases. A break that releases none is saved at once.
If the address fills in the break, the form itself has the list, and the user can confirm it there.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime

from countries import registry
from countries.models import Annotation
from federation.desk import queue
from federation.desk.screens import queue_pages, words
from federation.desk.screens.confirmation import (
    CONFIRMED,
    ConfirmedForm,
    ConfirmingAdmin,
    Consequence,
    digest,
)
from federation.findings import decisions
from federation.models.findings import Hold
from p2p_core import periods

_MARK_BREAK = "countries.mark_break"
_INSTANTS = ("start", "end")


class AnnotationForm(ConfirmedForm):
    remark = "Released reports count from then on. Nobody can take a release back."
    nothing_left = "It releases no held report any more."
    #: How many held reports are released when it is saved.
    released = 0

    class Meta:
        widgets = {"text": forms.Textarea(attrs={"rows": 2, "cols": 80, "maxlength": 300})}

    def consequences(self) -> Sequence[Consequence]:
        before, after = registry.change_of(self.instance, fields=self.changed_data)
        reports = decisions.released_by_break(before=before, after=after)
        self.released = len(reports)
        return released_reports(reports)

    def preview(self) -> Sequence[Consequence]:
        """What a new break does as the form begins or comes back. Empty if the form has no whole break."""
        try:
            given = self.cleaned_data if self.is_bound else self._proposed()
            new = Annotation(**{name: given[name] for name in ("start", "agency", "indicator", "is_break")})
            new.full_clean(exclude=("kind", "text"))
        except (ValidationError, KeyError):
            return ()
        _, after = registry.change_of(new, fields=())
        return released_reports(decisions.explained_by_break(before=None, after=after))

    def _proposed(self) -> dict[str, Any]:
        """The break with which a new form begins."""
        given = {
            name: self.get_initial_for_field(self.fields[name], name) for name in ("agency", "indicator", "is_break")
        }
        return {"start": self.initial.get("start")} | {
            name: self.fields[name].clean(one) for name, one in given.items()
        }


@admin.register(Annotation)
class AnnotationAdmin(ConfirmingAdmin):
    form = AnnotationForm
    fields = ("kind", "text", "start", "end", "agency", "indicator", "is_break", "reason")
    list_display = ("start", "end", "kind", "text", "agency", "indicator", "is_break")
    list_display_links = ("start", "text")
    list_filter = ("kind", "is_break", "agency", "indicator")
    list_select_related = ("agency", "indicator")
    search_fields = ("text", "agency__code", "agency__name")
    date_hierarchy = "start"
    autocomplete_fields = ("agency",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        readonly = super().get_readonly_fields(request, obj)
        return readonly if request.user.has_perm(_MARK_BREAK) else [*readonly, "is_break"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_move(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_move(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill in what the address says. Django does not read the instants in it."""
        given: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        instants = {name: _instant(given.pop(name, "")) for name in _INSTANTS}
        return given | {name: at for name, at in instants.items() if at}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what a new break releases in the form itself, as long as the form says it. The user can confirm it."""
        form = context["adminform"].form
        if kwargs.get("add") and not form.unconfirmed and (found := form.preview()):
            confirmation = digest(found)
            context |= {"consequences": found, "confirmation": confirmation, "remark": form.remark}
            context["is_confirmed"] = form.data.get(CONFIRMED) == confirmation
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if form.released:
            said = f"The break released {words.count(form.released, 'held report')}."
            self.message_user(request, said, messages.SUCCESS)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Go back to the queue of held reports, if the form was opened from there."""
        answer = super().response_add(request, obj, post_url_continue)
        place = queue.read(request.GET, queue.AT)
        goes_elsewhere = "_addanother" in request.POST or "_continue" in request.POST
        return answer if place is None or goes_elsewhere else queue_pages.go_on(request, place)


def _may_move(request: HttpRequest, annotation: Any) -> bool:
    """Whether a user may change or delete an annotation.

    A break releases held reports. So users who may not mark a break may not move or delete one either.
    """
    return annotation is None or not annotation.is_break or request.user.has_perm(_MARK_BREAK)


def _instant(text: str) -> datetime | None:
    """The instant of an address, or None if it has no such instant."""
    with suppress(ValueError, OverflowError):
        found = parse_datetime(text)
        return found and found.replace(tzinfo=found.tzinfo or UTC)
    return None


def released_reports(reports: Sequence[int]) -> list[Consequence]:
    """The held reports that are released: a sentence for each agency and indicator, with the reports."""
    names = ("report__agency__code", "report__indicator__code")
    rows = Hold.objects.filter(pk__in=reports).order_by(*names, "report__frequency", "report__period")
    columns = (*names, "report__frequency", "report__period", "report__total", "pk")
    return [
        Consequence(
            f"It releases {words.count(len(some), 'held report')} of {agency}, {indicator}:",
            [
                f"{periods.NOUNS[frequency].capitalize()} {periods.label(frequency, period)}: {total:,} (report {pk})"
                for _, _, frequency, period, total, pk in some
            ],
        )
        for (agency, indicator), found in groupby(rows.values_list(*columns), itemgetter(0, 1))
        for some in [list(found)]
    ]

"""Interventions, with the seals of their registrations, and draws of an order of countries."""

from datetime import UTC, datetime, time
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from countries.admin.base import RegistryAdmin, RegistryForm
from countries.admin.country_fields import CountryPicker
from countries.models import Draw, Intervention, named_country
from federation.models.audit import AuditSeal
from p2p_core.codes import NETWORKS, UNKNOWN


class PublicRowAdmin(RegistryAdmin):
    """A screen of rows that are never deleted. ``found_later`` names the fields that a new row does not have yet."""

    found_later: tuple[str, ...] = ()
    #: What a stored row shows instead of its columns with codes of countries.
    in_words: ClassVar = {"countries": "country_names", "comparison": "comparison_names"}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        if obj is None:
            return [name for name in fields if name not in self.found_later]
        return [self.in_words.get(name, name) for name in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        readonly = super().get_readonly_fields(request, obj)
        return [self.in_words.get(name, name) for name in readonly] if obj else readonly

    @admin.display(description="countries")
    def country_names(self, row: Any) -> str:
        return ", ".join(map(named_country, row.countries))

    @admin.display(description="comparison")
    def comparison_names(self, row: Any) -> str:
        return ", ".join(map(named_country, row.comparison)) or "all other countries"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class InterventionForm(RegistryForm):
    networks = forms.MultipleChoiceField(
        choices=[(code, code) for code in NETWORKS if code != UNKNOWN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="On which networks. If you tick none, on all of them.",
    )

    class Meta:
        widgets = {
            "description": forms.Textarea(attrs={"rows": 6, "cols": 80}),
            "countries": CountryPicker,
            "comparison": CountryPicker,
        }


class DrawForm(RegistryForm):
    class Meta:
        widgets = {"countries": CountryPicker}


@admin.register(Intervention)
class InterventionAdmin(PublicRowAdmin):
    form = InterventionForm
    fixed_after_adding = (
        "registrant", "countries", "networks", "indicator", "direction", "start", "weeks_before", "weeks_after",
        "comparison", "draw",
    )  # fmt: skip
    found_later = ("registered", "seal")
    fields = ("title", "description", *fixed_after_adding, *found_later, "reason")
    readonly_fields = found_later
    list_display = ("title", "registrant", "country_names", "indicator", "direction", "start", "state")
    list_filter = ("indicator", "direction")
    list_select_related = ("indicator",)
    search_fields = ("title", "description", "registrant")
    date_hierarchy = "start"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Intervention]:
        """Add the position and the time of the seal of the event that registered a row."""
        seal = AuditSeal.objects.filter(event=OuterRef("registration__event"))
        rows: QuerySet[Intervention] = super().get_queryset(request)
        return rows.annotate(position=Subquery(seal.values("position")), sealed=Subquery(seal.values("sealed")))

    @admin.display(description="registration")
    def state(self, row: Any) -> str:
        if _is_late(row):
            return "late"
        return "before the start" if row.sealed else "not sealed yet"

    @admin.display(description="seal in the audit trail")
    def seal(self, row: Any) -> str:
        if row.sealed is None:
            late = "not sealed yet, and late: the intervention has started"
            return late if _is_late(row) else "not sealed yet; open this page again in a few seconds"
        where = f"sealed at position {row.position} on {row.sealed:%Y-%m-%d at %H:%M:%S} UTC"
        return f"{where}, late: after the start" if _is_late(row) else f"{where}, before the start"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not change and timezone.now() >= _start(obj):
            late = "This intervention has already started. All pages and answers will show that it was registered late."
            self.message_user(request, late, messages.WARNING)


@admin.register(Draw)
class DrawAdmin(PublicRowAdmin):
    """Draws. A new draw names the random value before anybody knows it; later, somebody enters the value once."""

    form = DrawForm
    fixed_after_adding = ("title", "countries", "source", "known_from")
    found_later = ("announced", "value", "drawn", "order")
    fields = ("title", "countries", "source", "known_from", "announced", "value", "drawn", "order", "reason")
    readonly_fields = ("announced", "drawn", "order")
    list_display = ("title", "known_from", "state", "order")
    # Those that wait for their value come first.
    ordering = (F("drawn").desc(nulls_first=True), "known_from")
    search_fields = ("title", "source")
    date_hierarchy = "known_from"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        readonly = super().get_readonly_fields(request, obj)
        # A form that was opened before somebody else entered the value still sends one, and must get an error.
        return [*readonly, "value"] if obj and obj.drawn and request.method != "POST" else readonly

    @admin.display(description="order")
    def order(self, row: Draw) -> str:
        return ", ".join(map(named_country, row.order)) or "–"

    @admin.display(description="state")
    def state(self, row: Draw) -> str:
        if row.drawn:
            return "drawn"
        return "the value can be entered" if row.known_from <= timezone.now() else "waits for the value"


def _start(row: Intervention) -> datetime:
    return datetime.combine(row.start, time(), UTC)


def _is_late(row: Any) -> bool:
    """Whether a row, with its seal, was not sealed before its start."""
    return bool(max(row.sealed or timezone.now(), row.registered) >= _start(row))

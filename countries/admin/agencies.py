"""Agencies: their schedules, thresholds and set-ups."""

from itertools import combinations
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone

from countries.accounts import credential_limits
from countries.admin.base import RegistryAdmin, RegistryForm
from countries.models import OVERLAP, Country, Schedule, Setup, SigningKey, Threshold
from p2p_core.codes import NETWORKS, UNKNOWN


class AgencyForm(RegistryForm):
    def clean_code(self) -> str:
        """The country is the one that the code begins with."""
        code: str = self.cleaned_data["code"]
        begins = code.partition("-")[0]
        country = Country.objects.filter(code=begins).exclude(code=UNKNOWN).first()
        if country is None:
            raise ValidationError(f"There is no country {begins}. Begin with the code of a country, such as NO-KRIPOS.")
        self.instance.country = country
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        deciding = {"active", "signature_required"}.intersection(self.changed_data)
        if self.instance.pk and deciding and not cleaned.get("reason"):
            self.add_error("reason", "Say why: this decides whether the agency can send.")
        if "signature_required" in deciding and cleaned.get("signature_required"):
            keys = credential_limits.live(SigningKey, timezone.now())
            if not self.instance.pk or not keys.filter(agency=self.instance).exists():
                self.add_error("signature_required", "Register a signing key of the agency first, or it cannot send.")
        return cleaned


class ScheduleFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic at run time
    def clean(self) -> None:
        """Refuse schedules that overlap. The screen has all schedules of the agency, so comparing these is enough."""
        super().clean()
        # A row that was left empty has no cleaned data.
        kept = [
            form.instance
            for form in self.forms
            if form.is_valid() and form.cleaned_data and form not in self.deleted_forms
        ]
        if any(first.overlaps(second) for first, second in combinations(kept, 2)):
            raise ValidationError(OVERLAP)


class ScheduleInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Schedule
    formset = ScheduleFormSet

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:  # noqa: ARG002
        """An empty row for the first schedule of an agency."""
        return 0 if obj and obj.schedules.exists() else 1


class ThresholdInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """The thresholds of rules that are set for this agency alone."""

    model = Threshold
    extra = 0
    verbose_name_plural = "own thresholds (the settings apply to all others)"


class NetworksForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    networks = forms.MultipleChoiceField(
        choices=[(code, code) for code in NETWORKS if code != UNKNOWN],
        widget=forms.CheckboxSelectMultiple,
        help_text="The networks that the agency watches. Public.",
    )


class FirstSetupInline(admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    """The set-up with which a new agency begins. It may be left empty."""

    model = Setup
    form = NetworksForm
    verbose_name = "set-up, if you know it already"
    extra = max_num = 1
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """At most one set-up. Django would show a thousand if a request says so, each with all time zones."""
        return super().get_formset(request, obj, **{**kwargs, "absolute_max": self.max_num})


class AgencyAdmin(RegistryAdmin):
    form = AgencyForm
    fixed_after_adding = ("code", "country")
    list_display = ("code", "name", "country", "active", "signature_required", "invented")
    list_filter = ("active", "signature_required", "invented", ("country", RelatedOnlyFieldListFilter))
    list_select_related = ("country",)
    search_fields = ("code", "name")
    inlines = (ScheduleInline, ThresholdInline, FirstSetupInline)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A new agency has no field for its country, because the code names it."""
        fields = super().get_fields(request, obj)
        return fields if obj else [name for name in fields if name != "country"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:  # noqa: ARG002
        """Later set-ups are added on the screen of set-ups, because each one has its reason."""
        return [one for one in self.inlines if not (obj and one is FirstSetupInline)]


class SetupForm(NetworksForm, RegistryForm):
    pass


@admin.register(Setup)
class SetupAdmin(RegistryAdmin):
    """Set-ups. Each change is a new row, so that the set-up of any earlier day can still be read."""

    form = SetupForm
    fixed_after_adding = ("agency",)
    list_display = ("valid_from", "agency", "watched", "time_zone", "location_source")
    list_filter = ("agency",)
    list_select_related = ("agency",)
    search_fields = ("agency__code", "agency__name", "location_source")
    autocomplete_fields = ("agency",)

    @admin.display(description="networks")
    def watched(self, setup: Setup) -> str:
        return ", ".join(setup.networks)

"""Agencies and the schedules by which they owe reports."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter

from countries.admin.base import RegistryAdmin, RegistryForm
from countries.models import Agency, Schedule


class AgencyForm(RegistryForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and "active" in self.changed_data and not cleaned.get("reason"):
            self.add_error("reason", "Say why: this decides whether the agency can send.")
        return cleaned


class ScheduleInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Schedule
    extra = 0
    verbose_name = "schedule (two for the same days are refused; end one before its successor begins)"


@admin.register(Agency)
class AgencyAdmin(RegistryAdmin):
    form = AgencyForm
    fixed_after_adding = ("code", "country")
    list_display = ("code", "name", "country", "active", "invented")
    list_filter = ("active", "invented", ("country", RelatedOnlyFieldListFilter))
    list_select_related = ("country",)
    search_fields = ("code", "name")
    autocomplete_fields = ("country",)
    inlines = (ScheduleInline,)

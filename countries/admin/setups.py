"""What agencies count with, from a day on."""

from django import forms
from django.contrib import admin

from countries.admin.base import RegistryAdmin, RegistryForm
from countries.models import Setup
from p2p_core.codes import NETWORKS, UNKNOWN

_WATCHED = [(code, code) for code in NETWORKS if code != UNKNOWN]


class SetupForm(RegistryForm):
    networks = forms.MultipleChoiceField(
        choices=_WATCHED, widget=forms.CheckboxSelectMultiple, help_text="The networks that the agency watches."
    )


@admin.register(Setup)
class SetupAdmin(RegistryAdmin):
    """A change of set-up is a row of its own, so that it can be read later what counted when."""

    of_country = "agency__country"
    form = SetupForm
    fixed_after_adding = ("agency",)
    list_display = ("agency", "valid_from", "computers", "watched", "geo_database", "geo_version")
    list_filter = ("agency",)
    list_select_related = ("agency",)
    search_fields = ("agency__code", "agency__name", "geo_database")
    autocomplete_fields = ("agency",)

    @admin.display(description="networks")
    def watched(self, setup: Setup) -> str:
        return ", ".join(setup.networks)

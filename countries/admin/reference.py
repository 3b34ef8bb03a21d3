"""Reference data. Nobody edits countries and networks; people edit indicators, population and help services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Model, Q, QuerySet, TextField, URLField
from django.http import HttpRequest
from django.utils import timezone

from countries import queries, registry
from countries.admin.base import FactAdmin, RegistryAdmin, RegistryForm, actor
from countries.admin.country_fields import CountryFilter, OfCountryAdmin
from countries.models import Country, Detail, HelpService, Indicator, IndicatorTranslation, Network, Population


class LinesField(forms.CharField):
    """A list of texts, one on each line, because the texts contain commas."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 100})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


_SHORT: dict[Any, Any] = {TextField: {"widget": forms.Textarea(attrs={"rows": 3, "cols": 100})}}


class IndicatorForm(RegistryForm):
    notes = LinesField(
        required=False, help_text="What the number does not say, one note per line. Shown beside the number everywhere."
    )


class TranslationForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    notes = LinesField(required=False, help_text="One per line.")


class TranslationInline(admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    model = IndicatorTranslation
    form = TranslationForm
    verbose_name_plural = "translations (if a field is empty, pages show the English text)"
    extra = 0
    classes = ("collapse",)
    formfield_overrides = _SHORT


@admin.register(Country)
class CountryAdmin(FactAdmin):
    list_display = ("code", "name", "number", "groups")
    search_fields = ("code",)
    search_help_text = "A code or a part of the English name"
    list_per_page = 300

    @admin.display(description="name")
    def name(self, country: Country) -> str:
        return queries.country_name(country.code)

    @admin.display(description="groups")
    def groups(self, country: Country) -> str:
        return ", ".join(queries.groups_of(country.code))

    def named(self, word: str) -> Q:
        return Q(number__in=[row.number for row in queries.countries() if word in row.name.lower()])


@admin.register(Network)
class NetworkAdmin(FactAdmin):
    list_display = ("code", "name", "number")


@admin.register(Indicator)
class IndicatorAdmin(RegistryAdmin):
    form = IndicatorForm
    fields = ("code", "name", "unit", "description", "notes", "usual_rate", "reason")
    formfield_overrides = _SHORT
    inlines = (TranslationInline,)
    fixed_after_adding = ("code",)
    list_display = ("code", "name", "number")
    search_fields = ("code", "name")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Delete the details of an indicator with it, although no user may delete them alone."""
        _, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return [str(one) for one in objs], counts, lacking - {Detail._meta.verbose_name}, protected


@admin.register(Population)
class PopulationAdmin(OfCountryAdmin):
    fixed_after_adding = ("country", "year")
    list_display = ("country", "year", "inhabitants", "source")
    list_filter = ("year", ("country", CountryFilter), "source")
    list_select_related = ("country",)
    autocomplete_fields = ("country",)


@admin.register(HelpService)
class HelpServiceAdmin(OfCountryAdmin):
    fixed_after_adding = ("code",)
    list_display = ("name", "country", "languages", "phone", "shown", "checked")
    list_filter = ("shown", ("checked", admin.EmptyFieldListFilter), ("country", CountryFilter))
    list_select_related = ("country",)
    search_fields = ("name", "code", "description", "country__code")
    search_help_text = "A name, a word of the description, or a country"
    # Services that nobody has checked yet come first.
    ordering = (F("checked").asc(nulls_first=True), "country", "name")
    autocomplete_fields = ("country",)
    actions = ("mark_checked",)
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        # The next load would add it again. A service can be hidden instead.
        return False

    @admin.action(description="I checked name, address, telephone and languages today", permissions=["change"])
    def mark_checked(self, request: HttpRequest, chosen: QuerySet[HelpService]) -> None:
        today = timezone.now().date()
        for service in chosen:
            service.checked = today
            registry.save(service, by=actor(request), fields=["checked"])
        self.message_user(request, f"Marked as checked on {today}: {len(chosen)}")

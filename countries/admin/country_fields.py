"""Countries in forms, searches and filters: by name, with the code, so that nobody needs to know the codes."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.db.models import Q
from django.http import HttpRequest

from countries.admin.base import RegistryAdmin
from countries.models import named_country
from p2p_core.codes import COUNTRIES, COUNTRY_NAMES, UNKNOWN


def by_name(choices: Iterable[tuple[Any, Any]]) -> list[tuple[Any, str]]:
    """Choices in the order of their names, after the empty one."""
    return sorted(
        ((key, str(name)) for key, name in choices), key=lambda one: (not one[1].startswith("-"), one[1].casefold())
    )


def numbers_named(word: str) -> list[int]:
    """The countries whose name contains a word, in small letters."""
    return [number for code, number in COUNTRIES.items() if word in COUNTRY_NAMES[code].lower()]


class CountryPicker(forms.SelectMultiple):
    """Picks several countries by name. The field gets their codes, separated by commas.

    Without scripts it is a plain list. With scripts, one types a part of a name.
    """

    class Media:
        js = (
            "admin/js/vendor/jquery/jquery.min.js",
            "admin/js/vendor/select2/select2.full.min.js",
            "admin/js/jquery.init.js",
            "admin/js/autocomplete.js",
            "countries/pickers.js",
        )
        css: Final = {"screen": ("admin/css/vendor/select2/select2.min.css", "admin/css/autocomplete.css")}

    def __init__(self) -> None:
        codes = (code for code in COUNTRIES if code != UNKNOWN)
        super().__init__(
            {"class": "country-picker", "size": 10}, by_name((code, named_country(code)) for code in codes)
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:  # noqa: ARG002
        return ",".join(data.getlist(name) if hasattr(data, "getlist") else data.get(name, ()))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # noqa: ARG002
        # A list without a choice sends nothing.
        return False

    def format_value(self, value: Any) -> list[str]:
        codes = value.split(",") if isinstance(value, str) else value or ()
        return [str(code).strip() for code in codes]


class CountryFilter(RelatedOnlyFieldListFilter):
    """By country, in the order of the names."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return by_name(super().field_choices(field, request, model_admin))


class OfCountryAdmin(RegistryAdmin):
    """A screen whose rows have a country. The search finds it by its code and by its name."""

    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("country__code",)
    search_help_text = "A country: its code, or a part of its name"

    def named(self, word: str) -> Q | None:
        return Q(country__in=numbers_named(word))

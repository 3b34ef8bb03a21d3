"""Answers odd requests to the desk, on every screen: values in an address or a form that no row can have."""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import ForeignKey, Q, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponseRedirect

if TYPE_CHECKING:
    Screen = admin.ModelAdmin[Any]
else:
    Screen = object


#: Errors for values in a filter that no row can have: too large a number, no text, or no date of the calendar.
_IMPOSSIBLE_VALUE: Final = (DataError, IncorrectLookupParameters, OverflowError, TypeError, ValueError)
#: No row has a longer number. Python refuses to read numbers of thousands of digits.
_DIGITS: Final = 19


class AutocompleteOfRows(AutocompleteSelect):
    """Shows a refused form again also if the value that was sent is no number. Screen readers get a name for it."""

    @property
    def media(self) -> Media:
        # After the scripts that make the field.
        return super().media + Media(js=["admin/js/jquery.init.js", "admin/js/autocomplete.js", "countries/pickers.js"])

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, list(filter(_may_be_number, map(str, value))), attr)


def _may_be_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _DIGITS


class OddRequests(Screen):
    """The first base of every screen of the desk."""

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = AutocompleteOfRows(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        # Django refuses filters that it cannot parse, but not values that the database or the calendar cannot have.
        try:
            return super().get_changelist_instance(request)
        except _IMPOSSIBLE_VALUE as error:
            if ERROR_FLAG not in request.GET:
                self.message_user(
                    request,
                    "No row can have a value that the address asks for. This is the list without filters.",
                    messages.WARNING,
                )
            raise IncorrectLookupParameters(error) from error

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # PostgreSQL refuses texts with a NUL.
        term = search_term.replace("\0", "")
        found, may_repeat = super().get_search_results(request, queryset, term)
        named = self.named(term.lower()) if term else None
        return found if named is None else found | queryset.filter(named), may_repeat

    def named(self, word: str) -> Q | None:  # noqa: ARG002  for screens that override it
        """The rows that a search finds by a name that is not in their table, if the screen has such names."""
        return None

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        keys = request.POST.getlist(ACTION_CHECKBOX_NAME)
        try:
            possible = not any("\0" in key or self.opts.pk.to_python(key) is None for key in keys)
        except ValidationError:
            possible = False
        if possible:
            return super().response_action(request, *args, **kwargs)
        self.message_user(
            request,
            "Your selection contains something that is not a row. Nothing was done. Choose rows of the list.",
            messages.WARNING,
        )
        return HttpResponseRedirect(request.get_full_path())

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A look-up by range needs two values, and Django would pass each character as a value.
        return not lookup.endswith("__range") and super().lookup_allowed(lookup, value, request)

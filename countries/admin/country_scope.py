"""Limits national liaisons to the rows of their own country, on every screen of the desk and at every address."""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from countries import liaisons
from countries.liaisons import SHARED, CountryScope

if TYPE_CHECKING:
    Screen = admin.ModelAdmin[Any]
else:
    # The base of both screens and inlines.
    Screen = object


#: Errors for values in a filter that no row can have: too large a number, no text, or no date of the calendar.
_IMPOSSIBLE_VALUE: Final = (DataError, IncorrectLookupParameters, OverflowError, TypeError, ValueError)


def country_scope_of(request: HttpRequest) -> CountryScope:
    """The scope of the user of a request. It is looked up once for each request."""
    cached = vars(request)
    if "country_scope" not in cached:
        cached["country_scope"] = liaisons.country_scope(request.user)
    scope: CountryScope = cached["country_scope"]
    return scope


class OfCountryFilter(admin.RelatedFieldListFilter):
    """A filter that offers only rows that the user may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        ordering = self.field_admin_ordering(field, request, model_admin)
        seen = model_admin.rows_in_scope(request, field.remote_field.model)
        chosen = {"pk__in": seen} if country_scope_of(request).limited else {}
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=chosen)


class AutocompleteOfRows(AutocompleteSelect):
    """Shows a refused form again also if the value that was sent for a row is no number."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if str(one).isdecimal()], attr)


class OfCountry(Screen):
    """Shows a liaison only rows of their own country. It is the first base of every screen and inline of the desk.

    ``of_country`` is the path from a row to its country, over foreign keys: ``"agency__country"``,
    ``"report__agency__country"``. ``SHARED`` is for rows of no country. Without a path, a liaison sees
    nothing on the screen. Other users see everything that their permissions allow.

    For everything that a screen shows, Django takes rows from ``get_queryset``: lists, searches, ``?field=`` in an
    address, date hierarchies, actions, autocomplete, history, and the address of a single row. So a screen that
    overrides ``get_queryset`` must start from ``super().get_queryset(request)``. This class also limits the choices of
    foreign keys, and filters on foreign keys (``list_filter = ("agency",)``). If a screen has a filter class or a view
    of its own, it must take rows from ``self.get_queryset(request)`` or ``country_scope_of(request).rows(rows, path)``,
    and never from a model's manager.
    """

    of_country = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return country_scope_of(request).rows(super().get_queryset(request), self.of_country)

    def rows_in_scope(self, request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
        """The rows of another model that the user may see, by the ``of_country`` of its own screen."""
        of_country = ""
        if self.admin_site.is_registered(model):
            of_country = getattr(self.admin_site.get_model_admin(model), "of_country", "")
        return country_scope_of(request).rows(model._default_manager.all(), of_country)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and self._in_scope(request, obj)

    def has_add_permission(self, request: HttpRequest, *obj: Any) -> bool:
        return super().has_add_permission(request, *obj) and self._may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_write(request) and self._in_scope(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_write(request) and self._in_scope(request, obj)

    def _may_write(self, request: HttpRequest) -> bool:
        """Whether the user may write here. A liaison must not write rows that belong to no country."""
        return self.of_country not in ("", SHARED) or not country_scope_of(request).limited

    def _in_scope(self, request: HttpRequest, obj: Model | None) -> bool:
        # Django asks an inline about the row to which the inline belongs. The screen of that row checks it.
        return not isinstance(obj, self.model) or country_scope_of(request).covers(obj, self.of_country)

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        offered = super().get_field_queryset(db, db_field, request)
        if not country_scope_of(request).limited:
            return offered
        model = db_field.remote_field.model
        offered = model._default_manager.all() if offered is None else offered
        first, _, rest = self.of_country.partition("__")
        if db_field.name == first:
            return country_scope_of(request).rows(offered, rest or "pk")
        return offered.filter(pk__in=self.rows_in_scope(request, model))

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = AutocompleteOfRows(db_field, self.admin_site)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if (
            field is not None
            and country_scope_of(request).limited
            and db_field.name == self.of_country.partition("__")[0]
        ):
            # Without an agency, the row would belong to all countries.
            field.required = True
        return field

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = []
        for each in super().get_list_filter(request):
            field = _field(self.model, each) if isinstance(each, str) else None
            filters.append((each, OfCountryFilter) if field is not None and field.remote_field else each)
        return filters

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
        return super().get_search_results(request, queryset, search_term.replace("\0", ""))

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

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        assert request is not None  # noqa: S101  Django gives it; only the type says otherwise
        if lookup.endswith("__range"):
            # This look-up needs two values, and Django would pass each character as a value.
            return False
        if country_scope_of(request).limited:
            name, _, rest = lookup.partition("__")
            key = self.model._meta.pk
            field = key if name == "pk" else _field(self.model, name)
            if field is not None and not field.concrete:
                # A reverse relation would show to which rows the rows of another country refer.
                return False
            if field is not None and name == "pk" and rest:
                lookup = f"{field.name}__{rest}"
        return super().lookup_allowed(lookup, value, request)


def _field(model: type[Model], path: str) -> "Field[Any, Any] | None":
    try:
        found: Any = model._meta.get_field(path)
    except FieldDoesNotExist:
        return None
    return found  # type: ignore[no-any-return]

"""Columns and their values in words, as the audit trail has them: JSON values of the columns of a row."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Field, ForeignKey, Model

from countries.models import named_country

#: Longer texts are cut, and so are longer lists.
_LONGEST, _ITEMS = 300, 40
#: Columns with the codes of countries.
_COUNTRIES: Final = frozenset({"countries", "comparison"})
#: Columns that say nothing to a reader: keys, and what django-oauth-toolkit has in its table.
_QUIET: Final = frozenset({
    "id", "number", "client_type", "authorization_grant_type", "skip_authorization", "algorithm",
    "hash_client_secret", "redirect_uris", "post_logout_redirect_uris", "allowed_origins",
})  # fmt: skip
NOTHING: Final = "nothing"


class Names:
    """How the rows are called that others refer to. Each table is read once."""

    def __init__(self, keys: Mapping[type[Model], Iterable[Any]]) -> None:
        self._names = {
            (model, key): str(row)
            for model, wanted in keys.items()
            for key, row in model._base_manager.in_bulk(list(wanted)).items()
        }

    def of(self, model: type[Model], key: Any) -> str:
        """The name of a row, or its number if the row is gone."""
        return self._names.get((model, key), f"number {key}")


def field(model: type[Model] | None, column: str) -> "Field[Any, Any] | None":
    """The field of a column. The state of an account also has columns that are no fields."""
    try:
        found = model._meta.get_field(column) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def label(model: type[Model], column: str) -> str:
    """The name of a column. The unit of a column is in its values."""
    found = field(model, column)
    return str(found.verbose_name).removesuffix(" minutes") if found else spaced(column)


def is_shown(column: str, value: Any) -> bool:
    return column not in _QUIET and value not in (None, "", [])


def value(model: type[Model], column: str, stored: Any, names: Names) -> str:
    """A value of a column."""
    found = field(model, column)
    if stored in (None, "", []) or found is None:
        # The rights of an account or group are codes such as "add_agency".
        return plain([spaced(code) for code in stored] if column == "permissions" and stored else stored)
    if isinstance(found, ForeignKey):
        return names.of(found.related_model, stored)
    if isinstance(found, DateTimeField):
        return instant(stored)
    if isinstance(stored, list):
        return plain([named_country(code) for code in stored] if column in _COUNTRIES else stored)
    if column.endswith("_minutes") and isinstance(stored, int):
        return f"{stored:,} minute{'' if stored == 1 else 's'}"
    chosen = dict(found.flatchoices).get(stored)
    return str(chosen or (stored if column == "year" else plain(stored)))


def plain(stored: Any) -> str:
    """A JSON value without its field."""
    if stored is None or stored in ("", [], {}):
        return NOTHING
    if isinstance(stored, bool):
        return "yes" if stored else "no"
    if isinstance(stored, int | float):
        return f"{stored:,}"
    if isinstance(stored, dict):
        return "; ".join(f"{spaced(name)}: {plain(one)}" for name, one in stored.items())
    if isinstance(stored, list):
        more = f" and {len(stored) - _ITEMS} more" if len(stored) > _ITEMS else ""
        return f"{', '.join(map(plain, stored[:_ITEMS]))}{more}"
    text = str(stored)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def instant(text: str) -> str:
    """A time from JSON, in UTC."""
    at = datetime.fromisoformat(text)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def spaced(name: str) -> str:
    return name.replace("_", " ")

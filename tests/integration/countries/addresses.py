"""Every address of the desk, from its URL resolver, and the queries that it accepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLResolver

from countries.models import Agency, AgencyAccount, Credential, SigningKey, Webhook
from federation.models.findings import Finding, Hold

ROOT = "/admin/"
ONE_ROW = ({"object_id"}, {"id"})
STANDARD = {"changelist", "add", "change", "delete", "history", ""}
OF_THE_SITE = {
    "index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site",
    "app_list", "second_factor", "",
}  # fmt: skip
#: Views beside the standard ones. A new one is written down here, and so walked through on purpose.
ACTION_PAGES: dict[type[Model], set[str]] = {
    Agency: {"overview"},
    AgencyAccount: {"again", "revoke"},
    Credential: {"rotate", "revoke", "networks"},
    Finding: {"answer", "decide", "resolve"},
    Hold: {"next"},
    SigningKey: {"revoke"},
    User: {"password_change", "reset"},
    Webhook: {"test"},
}
#: Of the user who walks.
PASSWORD = "a password for a test"


@dataclass(frozen=True)
class Route:
    """A line of the URL configuration: what it looks like, its name and its parameters."""

    pattern: str
    name: str
    parameters: frozenset[str]

    @property
    def model(self) -> type[Model] | None:
        parts = self.pattern.split("/")
        try:
            return apps.get_model(parts[0], parts[1])
        except (LookupError, IndexError):
            return None

    @property
    def view(self) -> str:
        """What is left of the name without the model's."""
        if self.model is None:
            return self.name
        return self.name.removeprefix(f"{self.model._meta.app_label}_{self.model._meta.model_name}_")

    def addresses(self, rows: dict[type[Model], list[Model]]) -> list[str]:
        """Return the addresses of some rows here."""
        if not self.parameters:
            return [ROOT + self.pattern]
        if self.parameters in ONE_ROW and self.model is not None:
            (parameter,) = self.parameters
            holes = (f"<path:{parameter}>", f"<{parameter}>")
            pattern = next(self.pattern.replace(hole, "{}") for hole in holes if hole in self.pattern)
            return [ROOT + pattern.format(row.pk) for row in rows[self.model]]
        return {
            frozenset({"app_label"}): [f"{ROOT}{app}/" for app in ("auth", "countries", "federation", "admin")],
            frozenset({"url"}): [f"{ROOT}countries/nothing/", f"{ROOT}countries/agency"],
            frozenset({"content_type_id", "object_id"}): [
                f"{ROOT}r/{ContentType.objects.get_for_model(model).pk}/{row.pk}/"
                for model, several in rows.items()
                for row in several
            ],
        }[self.parameters]


def routes() -> list[Route]:
    return list(_walk(admin.site.urls[0], ""))


def by_screen() -> dict[str, list[Route]]:
    """Return the routes of each screen, and of the site itself."""
    found: dict[str, list[Route]] = {}
    for route in routes():
        found.setdefault(route.model._meta.label if route.model else "the site", []).append(route)
    return found


def _walk(patterns: Any, prefix: str) -> Iterator[Route]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, prefix + str(each.pattern))
        else:
            yield Route(prefix + str(each.pattern), each.name or "", frozenset(each.pattern.regex.groupindex))


def form_of(row: Model, *, but: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a form with the values of a row, changed by ``but``, and with the other fields that the desk requires."""
    words = [(word, other) for word, other in but.items() if isinstance(word, str)]
    form: dict[str, Any] = {
        "_save": "Save", "post": "yes", "reason": "because", "answer": "confirmed", "remark": "so it is",
        "keep_hours": "0", "coordinator": "", "password1": "a new long word", "password2": "a new long word",
        "usable_password": "true", "password": PASSWORD,
    }  # fmt: skip
    for prefix in ("schedules", "thresholds", "translations"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    for field in row._meta.concrete_fields:
        value = field.value_from_object(row)
        if isinstance(value, datetime):
            form |= {f"{field.name}_0": f"{value:%Y-%m-%d}", f"{field.name}_1": f"{value:%H:%M:%S}"}
        elif isinstance(value, bool):
            form |= {field.name: "on"} if value else {}
        elif isinstance(value, str):
            form[field.name] = next((value.replace(word, other) for word, other in words if word in value), value)
        elif isinstance(value, int | UUID | date):
            form[field.name] = but.get(value, value)
        elif isinstance(value, list):
            form[field.name] = [but.get(each, each) for each in value]
    return form

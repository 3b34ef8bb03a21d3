"""The detail of countries. Before a change is saved, a page says what it does to the country and to the groups."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest

from countries.admin.country_fields import CountryFilter, OfCountryAdmin, by_name
from countries.models import Detail
from countries.reference import Reference
from federation.desk.screens import words
from federation.desk.screens.confirmation import ConfirmedForm, ConfirmingAdmin, Consequence
from federation.rules.detail import CountryDetail, DetailChange, Details
from p2p_core import codes, periods

_NAMES: Final = codes.COUNTRY_NAMES | {
    codes.UNKNOWN: "the unknown country",
    codes.TOTAL: "the world",
    "EUROPE": "Europe",
    "EU27_2020": "the European Union",
}


class DetailForm(ConfirmedForm):
    remark = "Earlier months stay as they are."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A user who may only look is not asked to confirm.
        if "reason" in self.fields:
            self.fields["reason"].required = True
        # On the page of a row, the country is read-only.
        if "country" in self.fields:
            self.fields["country"].choices = by_name(self.fields["country"].choices)  # type: ignore[attr-defined]

    def consequences(self) -> Sequence[Consequence]:
        return [Consequence(sentence) for sentence in consequences(self.instance)]


@admin.register(Detail)
class DetailAdmin(OfCountryAdmin, ConfirmingAdmin):
    """A change of the detail is a row for a month that has not begun; earlier months keep theirs."""

    form = DetailForm
    fixed_after_adding = ("country", "indicator", "valid_from")
    list_display = ("country", "indicator", "valid_from", "step", "network_step")
    list_filter = ("indicator", ("country", CountryFilter), "step", "network_step", "valid_from")
    list_select_related = ("country", "indicator")
    # Planned changes first.
    ordering = ("-valid_from", "country", "indicator")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        begun = obj is not None and obj.has_begun
        return not begun and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        # A change that is planned can be changed back, and the audit trail shows both.
        return False


def consequences(detail: Detail) -> list[str]:
    """What becomes published or withheld if a detail is saved, in sentences: of its country, then of the groups."""
    month = periods.epoch(datetime.combine(detail.valid_from, time(), UTC))
    own = CountryDetail(detail.country_id, month, detail.step, detail.network_step)
    present = [CountryDetail._make(row[1:]) for row in Reference.current().details if row[0] == detail.indicator_id]
    others = [row for row in present if row[:2] != own[:2]]
    planned = sorted([*others, own], key=lambda row: row.month)
    found = list(Details.of(present).changes(Details.of(planned)))
    if not found:
        return ["Nothing that is published changes."]
    alone = [] if found[-1].place in codes.GROUPS.values() else ["Nothing changes for groups of countries."]
    return [*map(_sentence, found), *alone]


def _sentence(change: DetailChange) -> str:
    by = " by network" if change.by_network else ""
    steps = [f"{periods.NOUNS[step]}s" for step in change.steps]
    has = f"has {words.listed(steps)}" if change.is_published else f"has no {words.listed(steps, 'or')}"
    first = datetime.fromtimestamp(change.start, UTC)
    when = f"From {first:%B %Y}"
    if change.end is not None:
        last = datetime.fromtimestamp(change.end - 1, UTC)
        when = f"In {first:%B %Y}" if periods.start_of("M", last) == first else f"{when} to {last:%B %Y}"
    said = f"{when}, {_name(change.place)} {has}{by}"
    if change.place not in codes.GROUPS.values():
        return f"{said}."
    if not change.members:
        return f"{said}, because all of its countries have {steps[0]}{by}."
    number, names = len(change.members), [_name(one) for one in change.members]
    outside = f" outside {_name(change.outside)}" if change.outside else ""
    have = f"{number} of its countries{outside} {'has' if number == 1 else 'have'} no {steps[0]}{by}"
    few = f" ({words.listed(names)})" if number < 3 else ""
    return f"{said}, because {have}{few}. The number of such countries must be 0 or at least 3."


def _name(place: int) -> str:
    return _NAMES[codes.COUNTRY_CODES[place]]

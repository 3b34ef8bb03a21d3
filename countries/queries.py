"""Reads of who takes part and of reference data, as plain values, so that the API needs no model.

Names of countries come from CLDR, in any language that it has. Names and texts hold only what XML can write.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.db import connections
from django.db.models import F, Q

from countries.characters import writable
from countries.codes import COUNTRIES, COUNTRY_CODES, DATA, GROUP_MEMBERS, GROUPS, TOTAL, UNKNOWN
from countries.models import Agency, Annotation, HelpService, Indicator, Network, Population, Setup, Threshold
from postgresql.routing import alias, read_primary_unless

# CLDR's codes for what ISO has none for.
_TERRITORIES = {TOTAL: "001", "EUROPE": "150", "EU27_2020": "EU", UNKNOWN: "ZZ"}
# One written language in CLDR's eyes and two in the world's: whoever asks for any of them is served by each.
_NORWEGIAN = frozenset({"no", "nb", "nn"})
# The columns that are public. By name, as others of these tables are not.
_OF_AGENCIES = ("code", "country_id", "name", "active", "invented")
_OF_ANNOTATIONS = ("kind", "text", "start", "end", "is_break")


@dataclass(frozen=True, slots=True)
class CountryRow:
    code: str
    number: int
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    code: str
    number: int
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkRow:
    code: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    number: int
    code: str
    name: str
    description: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgencyRow:
    id: int
    code: str
    country: str
    name: str
    active: bool
    invented: bool


@dataclass(frozen=True, slots=True)
class HelpServiceRow:
    """``country`` is None for a service for people everywhere."""

    code: str
    name: str
    languages: tuple[str, ...]
    country: str | None
    address: str
    phone: str
    description: str
    checked: date | None


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """Without an agency it holds for all, without an indicator for each; both are codes.

    ``until`` is its last instant: the end, the start of what is a moment, or None for what goes on.
    """

    kind: str
    text: str
    start: datetime
    end: datetime | None
    until: datetime | None
    agency: str | None
    indicator: str | None
    is_break: bool

    def holds_for(self, *, agency: str | None = None, indicator: str | None = None) -> bool:
        """Whether it tells something of an agency, of an indicator, or of both."""
        return _is_or_all(self.agency, agency) and _is_or_all(self.indicator, indicator)

    def overlaps(self, start: datetime | None, end: datetime | None) -> bool:
        """Whether some of it lies from ``start`` on and before ``end``, where there are such bounds."""
        begins = end is None or self.start < end
        return begins and (start is None or self.until is None or self.until >= start)


@dataclass(frozen=True, slots=True)
class SetupRow:
    """What an agency counts with, from a day on."""

    valid_from: date
    computers: int
    networks: tuple[str, ...]
    geo_database: str
    geo_version: str
    remark: str


def reference_version() -> int:
    """Counted up by every change of what this module reads."""
    return _reference()[0]


def reference_changed() -> datetime:
    """When it was counted up last."""
    return _reference()[1]


def _reference() -> tuple[int, datetime]:
    # Part of every question that is not held, so in plain SQL: to build it otherwise takes longer than to run it.
    with connections[alias()].cursor() as cursor:
        cursor.execute("SELECT number, changed FROM countries_referenceversion")
        return cursor.fetchone() or (0, datetime.fromtimestamp(0, UTC))


def at_reference_version(number: int) -> None:
    """Read on where that version of the reference data is: a replica may not have it yet."""
    read_primary_unless(lambda: reference_version() >= number)


def country_name(code: str, language: str = "en") -> str:
    """The name of a country or country group in a language, or in English where CLDR has none."""
    territory = _TERRITORIES.get(code, code)
    english = _territory_names("en")
    return _territory_names(language).get(territory) or english.get(territory, code)


def countries(language: str = "en") -> list[CountryRow]:
    """All single countries, ``_U`` included, by code."""
    return [
        CountryRow(code, number, country_name(code, language), groups_of(code)) for code, number in COUNTRIES.items()
    ]


def groups(language: str = "en") -> list[GroupRow]:
    return [
        GroupRow(code, number, country_name(code, language), tuple(sorted(GROUP_MEMBERS[code])))
        for code, number in GROUPS.items()
    ]


def groups_of(country: str) -> tuple[str, ...]:
    return tuple(group for group, members in GROUP_MEMBERS.items() if country in members)


def networks() -> list[NetworkRow]:
    """All single networks, ``_U`` included, in order of their numbers."""
    return [NetworkRow(row.code, row.number, writable(row.name)) for row in Network.objects.order_by("number")]


def indicators() -> list[IndicatorRow]:
    return [_indicator_row(row) for row in Indicator.objects.order_by("number")]


def indicator(code: str) -> IndicatorRow | None:
    row = None if _beyond_text(code) else Indicator.objects.filter(code=code).first()
    return _indicator_row(row) if row else None


def agencies() -> list[AgencyRow]:
    """All agencies by code, those no longer active too: what they reported stays."""
    return [_agency_row(row) for row in Agency.objects.only(*_OF_AGENCIES).order_by("code")]


def agency(code: str) -> AgencyRow | None:
    row = None if _beyond_text(code) else Agency.objects.only(*_OF_AGENCIES).filter(code=code).first()
    return _agency_row(row) if row else None


def _beyond_text(code: str) -> bool:
    """Whether PostgreSQL would stop at it: a NUL is in no text of its."""
    return "\0" in code


def help_services(*, country: str | None = None, language: str | None = None) -> list[HelpServiceRow]:
    """The services for people in a country, its own first and then those for people everywhere."""
    rows = HelpService.objects.filter(shown=True).select_related("country")
    rows = rows.order_by(F("country__code").asc(nulls_last=True), "name", "code")
    found = [_help_service_row(row) for row in rows]
    _services_read[:] = found
    return serving(found, country=country, language=language)


def help_services_at_hand() -> list[HelpServiceRow]:
    """The services as this process read them last, or as they came with the project: to be named without a database."""
    return list(_services_read) or _services_of_file()


#: As read last. Help is the one thing that must not wait for the database.
_services_read: list[HelpServiceRow] = []


@cache
def _services_of_file() -> list[HelpServiceRow]:
    """The services that come with the project, in the order in which the database gives them."""
    rows = [_row_of_file(row) for row in json.loads((DATA / "help_services.json").read_text(encoding="utf-8"))]
    return sorted(rows, key=lambda row: (row.country is None, row.country or "", row.name, row.code))


def _row_of_file(row: dict[str, Any]) -> HelpServiceRow:
    columns = {column.name: row[column.name] for column in fields(HelpServiceRow)}
    checked = date.fromisoformat(row["checked"]) if row["checked"] else None
    return HelpServiceRow(**columns | {"languages": tuple(row["languages"]), "checked": checked})


def serving(
    services: Iterable[HelpServiceRow], *, country: str | None = None, language: str | None = None
) -> list[HelpServiceRow]:
    """Those for people in a country, or everywhere, who speak a language."""
    return [
        row
        for row in services
        if (country is None or row.country in (country, None))
        and (language is None or _speaks(row.languages, language))
    ]


def population_on(year: int) -> dict[int, int]:
    """Inhabitants in a year, or the latest before it that is known, by number of country and country group.

    A group counts the members whose population is known; ``_U`` and countries without a figure are left out.
    """
    latest = Population.objects.filter(year__lte=year).order_by("country_id", "-year").distinct("country_id")
    people = dict(latest.values_list("country_id", "inhabitants"))
    for group, number in GROUPS.items():
        known = [people[COUNTRIES[code]] for code in GROUP_MEMBERS[group] if COUNTRIES[code] in people]
        if known:
            people[number] = sum(known)
    return people


def annotations() -> list[AnnotationRow]:
    """All annotations, first one first."""
    of_others = ("agency__code", "indicator__code")
    rows = Annotation.objects.select_related("agency", "indicator").only(*_OF_ANNOTATIONS, *of_others)
    rows = rows.order_by("start", "id")
    return [_annotation_row(row) for row in rows]


def setups(agency: int) -> list[SetupRow]:
    """How an agency described its set-up, newest first."""
    rows = Setup.objects.filter(agency=agency).order_by("-valid_from")
    return [
        SetupRow(row.valid_from, row.computers, tuple(row.networks), row.geo_database, row.geo_version, row.remark)
        for row in rows
    ]


class Break(NamedTuple):
    """From when on values are not comparable with those before; without an indicator that holds for each."""

    indicator: int | None
    start: datetime


def breaks() -> list[Break]:
    """Return all breaks in the series of any agency."""
    rows = Annotation.objects.filter(is_break=True)
    return [Break(*row) for row in rows.values_list("indicator", "start")]


def breaks_of(agency: int, indicator: int, *, except_for: int | None = None) -> list[datetime]:
    """When the series of an agency and indicator broke, first break first; breaks for all and for each count too.

    ``except_for`` is the id of an annotation that is left out.
    """
    marked = Annotation.objects.filter(_holds_for("agency", agency), _holds_for("indicator", indicator), is_break=True)
    if except_for is not None:
        marked = marked.exclude(pk=except_for)
    return list(marked.order_by("start").values_list("start", flat=True))


def thresholds(agencies: Collection[int]) -> dict[int, dict[str, float]]:
    """The thresholds of the rules for each agency: its own, and those of the settings for the rest."""
    found = {agency: dict(settings.THRESHOLDS) for agency in agencies}
    for agency, name, value in Threshold.objects.filter(agency__in=agencies).values_list("agency", "name", "value"):
        found[agency][name] = value
    return found


def _holds_for(name: str, key: int) -> Q:
    """An annotation without an agency holds for all, one without an indicator for each."""
    return Q(**{name: key}) | Q(**{f"{name}__isnull": True})


# A caller chooses the language, so the number of kept ones is bounded.
@lru_cache(maxsize=64)
def _territory_names(language: str) -> dict[str, str]:
    try:
        locale = Locale.parse(language.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    return dict(locale.territories)


def _speaks(languages: Sequence[str], language: str) -> bool:
    asked = _primary(language)
    alike = _NORWEGIAN if asked in _NORWEGIAN else {asked}
    return any(_primary(spoken) in alike for spoken in languages)


def _primary(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()


def _indicator_row(row: Indicator) -> IndicatorRow:
    return IndicatorRow(
        number=row.number,
        code=row.code,
        name=writable(row.name),
        description=writable(row.description),
        notes=tuple(map(writable, row.notes)),
    )


def _agency_row(row: Agency) -> AgencyRow:
    return AgencyRow(row.id, row.code, COUNTRY_CODES[row.country_id], writable(row.name), row.active, row.invented)


def _annotation_row(row: Annotation) -> AnnotationRow:
    return AnnotationRow(
        kind=row.kind,
        text=writable(row.text),
        start=row.start,
        end=row.end,
        until=row.end or (None if row.kind in Annotation.LASTING else row.start),
        agency=row.agency.code if row.agency else None,
        indicator=row.indicator.code if row.indicator else None,
        is_break=row.is_break,
    )


def _is_or_all(own: str | None, asked: str | None) -> bool:
    return own is None or asked is None or own == asked


def _help_service_row(row: HelpService) -> HelpServiceRow:
    return HelpServiceRow(
        code=row.code,
        name=writable(row.name),
        languages=tuple(row.languages),
        country=row.country.code if row.country else None,
        address=writable(row.address),
        phone=writable(row.phone),
        description=writable(row.description),
        checked=row.checked,
    )

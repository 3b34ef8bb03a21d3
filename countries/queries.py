"""Names of countries from CLDR in any of its languages, breaks in series, and thresholds of agencies."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec
from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.db.models import Q

from countries.models import Annotation, Threshold
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS, GROUPS, TOTAL, UNKNOWN

# The codes of CLDR for what has no code in ISO 3166.
_TERRITORIES = {TOTAL: "001", "EUROPE": "150", "EU27_2020": "EU", UNKNOWN: "ZZ"}


class Country(msgspec.Struct):
    """A single country, or ``_U`` for events whose country is not known."""

    code: str
    number: int
    name: str
    groups: tuple[str, ...]


class CountryGroup(msgspec.Struct):
    """A group of countries, or ``_T`` for all countries and ``_U``."""

    code: str
    name: str
    members: tuple[str, ...]


def country_name(code: str, language: str = "en") -> str:
    """The name of a country or country group in a language, or in English if CLDR has none."""
    territory = _TERRITORIES.get(code, code)
    english = _territory_names("en")
    return _territory_names(language).get(territory) or english.get(territory, code)


def countries(language: str = "en") -> list[Country]:
    """All single countries and ``_U``, in order of code."""
    return [Country(code, number, country_name(code, language), groups_of(code)) for code, number in COUNTRIES.items()]


def groups(language: str = "en") -> list[CountryGroup]:
    return [CountryGroup(code, country_name(code, language), tuple(sorted(GROUP_MEMBERS[code]))) for code in GROUPS]


def groups_of(country: str) -> tuple[str, ...]:
    return tuple(group for group, members in GROUP_MEMBERS.items() if country in members)


class Break(NamedTuple):
    """A time: later values are not comparable with earlier ones. Without an indicator, this concerns all indicators."""

    indicator: int | None
    start: datetime


def breaks() -> list[Break]:
    """The breaks of all agencies and indicators."""
    rows = Annotation.objects.filter(is_break=True)
    return [Break(*row) for row in rows.values_list("indicator", "start")]


def breaks_of(agency: int, indicator: int, *, except_for: int | None = None) -> list[datetime]:
    """The times of the breaks that concern an agency and an indicator, earliest first.

    Breaks that concern all agencies or all indicators are included. ``except_for`` is the id of an annotation to
    leave out.
    """
    marked = Annotation.objects.filter(
        Q(agency=agency) | Q(agency=None), Q(indicator=indicator) | Q(indicator=None), is_break=True
    )
    if except_for is not None:
        marked = marked.exclude(pk=except_for)
    return list(marked.order_by("start").values_list("start", flat=True))


def thresholds(agencies: Collection[int]) -> dict[int, dict[str, float]]:
    """The thresholds of the rules for each agency: its own, or else those in the settings."""
    found = {agency: dict(settings.THRESHOLDS) for agency in agencies}
    for agency, name, value in Threshold.objects.filter(agency__in=agencies).values_list("agency", "name", "value"):
        found[agency][name] = value
    return found


# Clients choose the language, so the number of cached languages is limited.
@lru_cache(maxsize=64)
def _territory_names(language: str) -> dict[str, str]:
    try:
        locale = Locale.parse(language.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    return dict(locale.territories)

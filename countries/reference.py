"""Reference data as one frozen snapshot. Each process loads a version once, and all readers share it.

Names and texts contain only characters that XML allows.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from django.db import connections

from countries import models
from countries.database.routing import alias
from p2p_core.characters import writable
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS, GROUPS

_SQL: Final = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
# CLDR has one written language, and the world has two. Readers of any of these codes can read each of them.
_NORWEGIAN: Final = frozenset({"no", "nb", "nn"})


class Network(msgspec.Struct, frozen=True):
    number: int
    code: str
    name: str


class IndicatorWords(msgspec.Struct, frozen=True, kw_only=True):
    """The name of an indicator, the unit of its numbers, what is counted, and what the numbers do not say.

    ``unit`` holds the plural forms in the order of CLDR: one, two, few, many, other.
    """

    name: str
    unit: tuple[str, ...]
    description: str
    notes: tuple[str, ...]


class Indicator(IndicatorWords, frozen=True, kw_only=True):
    """Its own words are English."""

    number: int
    code: str
    translations: dict[str, IndicatorWords]

    def in_language(self, language: str) -> "Indicator":
        """The same with the words of a language, where it has any."""
        words = self.translations.get(language)
        own = {name: value for name, value in msgspec.structs.asdict(words).items() if value} if words else {}
        return msgspec.structs.replace(self, **own)


class Agency(msgspec.Struct, frozen=True):
    id: int
    code: str
    country: str
    name: str
    active: bool
    invented: bool


class HelpService(msgspec.Struct, frozen=True):
    """Where to find help. Without a country it is for people everywhere."""

    code: str
    name: str
    languages: tuple[str, ...]
    country: str | None
    address: str
    phone: str | None
    description: str
    checked: date | None


class Annotation(msgspec.Struct, frozen=True):
    """``agency`` and ``indicator`` are codes; None means all of them."""

    kind: str
    text: str
    start: datetime
    end: datetime | None
    agency: str | None
    indicator: str | None
    is_break: bool

    @property
    def until(self) -> datetime | None:
        """Its last instant: the end, the start if it is a moment, or None if it continues."""
        return self.end or (None if self.kind in models.Annotation.LASTING else self.start)


class Reference(msgspec.Struct, frozen=True, eq=False, dict=True):
    """All reference data at one version. Rows are in the order in which they are listed."""

    version: int
    changed: datetime
    #: By number.
    indicators: tuple[Indicator, ...]
    networks: tuple[Network, ...]
    #: By code, inactive ones too, because their reports stay.
    agencies: tuple[Agency, ...]
    #: Number of the country, year, inhabitants; by year.
    population: tuple[tuple[int, int, int], ...]
    #: Earliest first.
    annotations: tuple[Annotation, ...]
    #: By country; those for people everywhere come last.
    help_services: tuple[HelpService, ...]

    @classmethod
    def current(cls) -> "Reference":
        """The snapshot at the version of the database that this answer is read from."""
        with connections[alias()].cursor() as cursor:
            cursor.execute("SELECT number FROM countries_referenceversion")
            (number,) = cursor.fetchone() or (0,)
            found = snapshots.get(number)
            if found is None:
                cursor.execute(_SQL)
                (row,) = cursor.fetchone()
                found = msgspec.convert(_writable(row), cls)
                snapshots[found.version] = found
                # Two are enough, because a replica may be one version behind.
                for old in sorted(snapshots)[:-2]:
                    snapshots.pop(old, None)
        return found

    @cached_property
    def invented(self) -> bool:
        """Whether there are invented agencies, so that numbers may be invented, too."""
        return any(agency.invented for agency in self.agencies)

    @cached_property
    def indicators_by_code(self) -> dict[str, Indicator]:
        return {one.code: one for one in self.indicators}

    @cached_property
    def indicator_numbers(self) -> dict[str, int]:
        return {one.code: one.number for one in self.indicators}

    @cached_property
    def indicator_codes(self) -> dict[int, str]:
        return {one.number: one.code for one in self.indicators}

    @cached_property
    def agencies_by_code(self) -> dict[str, Agency]:
        return {one.code: one for one in self.agencies}

    @cached_property
    def agency_codes(self) -> dict[int, str]:
        return {one.id: one.code for one in self.agencies}

    def annotations_of(
        self, start: datetime | None, end: datetime | None, *, agency: str | None = None, indicator: str | None
    ) -> list[Annotation]:
        """Annotations of the time from ``start`` until before ``end``; None means no bound, or any."""
        return [
            row
            for row in self.annotations
            if (agency is None or row.agency in (None, agency))
            and (indicator is None or row.indicator in (None, indicator))
            and (end is None or row.start < end)
            and (start is None or row.until is None or row.until >= start)
        ]

    def inhabitants(self, country: int, year: int) -> int | None:
        """The population of a country or group, by its number, in a year, or else in the latest year before.

        A group counts the members whose population is known; ``_U`` has none.
        """
        return self._people.get(max((known for known in self._people if known <= year), default=0), {}).get(country)

    @cached_property
    def _people(self) -> dict[int, dict[int, int]]:
        """Inhabitants by country, for each year with a figure."""
        found = {}
        for until in {year for _, year, _ in self.population}:
            people = {country: inhabitants for country, year, inhabitants in self.population if year <= until}
            for group, number in GROUPS.items():
                known = [people[COUNTRIES[code]] for code in GROUP_MEMBERS[group] if COUNTRIES[code] in people]
                if known:
                    people[number] = sum(known)
            found[until] = people
        return found


#: The newest snapshots by their version.
snapshots: Final[dict[int, Reference]] = {}


def cached_help_services() -> tuple[HelpService, ...]:
    """Help services without the database: those that this process read last, or those of the project's file."""
    return snapshots[max(snapshots)].help_services if snapshots else _shipped_help_services()


@cache
def _shipped_help_services() -> tuple[HelpService, ...]:
    # In the order of the database.
    rows = msgspec.json.decode(
        (Path(__file__).with_name("data") / "help_services.json").read_bytes(), type=list[HelpService]
    )
    return tuple(sorted(rows, key=lambda row: (row.country is None, row.country or "", row.name, row.code)))


def services_for(
    services: Iterable[HelpService], *, country: str | None = None, language: str | None = None
) -> list[HelpService]:
    """The services for speakers of a language in a country, and those for all countries."""
    wanted = language and _primary(language)
    alike = _NORWEGIAN if wanted in _NORWEGIAN else {wanted}
    return [
        row
        for row in services
        if (country is None or row.country in (country, None))
        and (language is None or any(_primary(spoken) in alike for spoken in row.languages))
    ]


def _primary(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()


def _writable(found: Any) -> Any:
    if isinstance(found, str):
        return writable(found)
    if isinstance(found, dict):
        return {name: _writable(value) for name, value in found.items()}
    return [_writable(value) for value in found] if isinstance(found, list) else found

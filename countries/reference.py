"""Reference data as one snapshot that never changes. Each process loads a version once, and all requests share it.

Names and texts contain only characters that XML allows.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from django.db import connections

from countries import models
from countries.database.routing import alias
from countries.population import Inhabitants, PopulationHistory, PopulationRow
from p2p_core.characters import writable
from p2p_core.instants import EPOCH
from p2p_core.periods import Frequency

_SQL: Final = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
#: The ways of counting by their codes, in words.
COUNTINGS: Final = models.Setup.COUNTINGS
# CLDR has one code for Norwegian, but it has two written forms. People who read one of these can read all of them.
_NORWEGIAN: Final = frozenset({"no", "nb", "nn"})


class Network(msgspec.Struct, frozen=True):
    number: int
    code: str
    name: str


class IndicatorWords(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of an indicator: its name, the unit, a description of what is counted, and what the numbers do not say.

    ``unit`` holds the plural forms in the order of CLDR: one, two, few, many, other.
    """

    name: str
    unit: tuple[str, ...]
    description: str
    notes: tuple[str, ...]


class Indicator(IndicatorWords, frozen=True, kw_only=True):
    """An indicator. The texts outside ``translations`` are English."""

    number: int
    code: str
    #: Per 100,000 inhabitants and day.
    usual_rate: float
    translations: dict[str, IndicatorWords]

    def in_language(self, language: str) -> "Indicator":
        """The indicator with its texts in a language. Texts that are not translated stay English."""
        words = self.translations.get(language)
        own = {name: value for name, value in msgspec.structs.asdict(words).items() if value} if words else {}
        return msgspec.structs.replace(self, **own)


class Setup(msgspec.Struct, frozen=True):
    """What an agency counts with, and how, from the day ``valid_from`` on. ``counting`` is a code of the model."""

    valid_from: date
    networks: tuple[str, ...]
    counting: str
    time_zone: str
    local_days: bool
    location_source: str
    location_date: date


class Schedule(msgspec.Struct, frozen=True):
    """How often an agency reports an indicator, from one UTC day to another, both included. None is no end."""

    indicator: int
    frequency: str
    valid_from: date
    valid_to: date | None
    #: After the end of a period.
    deadline_minutes: int


class Agency(msgspec.Struct, frozen=True):
    id: int
    code: str
    country: str
    name: str
    active: bool
    invented: bool
    #: A page or a mailbox. Empty if none is known.
    contact: str
    #: The first day for which the agency owes reports. None if it owes none yet.
    since: date | None
    #: Earliest first, as are the set-ups.
    schedules: tuple[Schedule, ...]
    setups: tuple[Setup, ...]

    def setup_on(self, day: date) -> Setup | None:
        return next((setup for setup in reversed(self.setups) if setup.valid_from <= day), None)

    def step_on(self, day: date, indicator: int) -> str | None:
        """The shortest periods that the agency reports. None if no schedule expects a report."""
        found = {
            one.frequency
            for one in self.schedules
            if one.indicator == indicator and one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
        }
        return min(found, key=tuple(Frequency).index, default=None)


class HelpService(msgspec.Struct, frozen=True):
    """Where to find help. A service without a country is for people everywhere."""

    code: str
    name: str
    languages: tuple[str, ...]
    country: str | None
    address: str
    phone: str | None
    description: str
    checked: date | None


class Annotation(msgspec.Struct, frozen=True):
    """``agency`` and ``indicator`` are codes. None means that the annotation is about all of them.

    A registered intervention is an annotation too. Then ``intervention`` is its id, ``countries`` are its own, and
    ``registered`` is the time of its registration. ``changed`` is when the annotation was added or last changed.
    """

    kind: str
    text: str
    start: datetime
    end: datetime | None
    agency: str | None
    indicator: str | None
    is_break: bool
    intervention: int | None = None
    countries: tuple[str, ...] = ()
    registered: datetime | None = None
    id: int = 0
    changed: datetime = EPOCH

    @property
    def until(self) -> datetime | None:
        """The first instant after the annotation: the start if it is only a moment, and None if it has no end yet."""
        return self.end or (None if self.kind in models.Annotation.LASTING else self.start)


class Withdrawn(msgspec.Struct, frozen=True):
    """An annotation that was deleted, or (``is_break``) a break that is none any more. The newest ones are known."""

    annotation: int
    is_break: bool
    withdrawn: datetime


class Draw(msgspec.Struct, frozen=True):
    """A draw of the order in which countries start. ``value`` is the random value, or "" before the draw."""

    id: int
    title: str
    countries: tuple[str, ...]
    source: str
    known_from: datetime
    announced: datetime
    value: str
    drawn: datetime | None

    @property
    def order(self) -> list[str]:
        """The countries in the order that was drawn. Empty before the draw."""
        return models.drawn_order(self.value, self.countries)


class Intervention(msgspec.Struct, frozen=True):
    """What somebody does from the Monday ``start`` on, where, and what they expect. ``indicator`` is a code.

    Without ``networks`` it is on all networks. Without a ``comparison`` it is compared with all other countries.
    """

    id: int
    title: str
    description: str
    registrant: str
    countries: tuple[str, ...]
    networks: tuple[str, ...]
    indicator: str
    direction: str
    start: date
    weeks_before: int
    weeks_after: int
    comparison: tuple[str, ...]
    draw: int | None
    registered: datetime

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.start, time(), UTC)

    @property
    def first(self) -> datetime:
        """The start of the first week before the intervention."""
        return self.begins - timedelta(weeks=self.weeks_before)

    @property
    def end(self) -> datetime:
        """The end of the last week after the start."""
        return self.begins + timedelta(weeks=self.weeks_after)

    def is_late(self, sealed: datetime | None, *, now: datetime) -> bool:
        """Whether its registration, sealed at this time or not yet, was not sealed before the start."""
        # A seal has the time at which its sealer began to seal, so an event can be newer than its seal.
        return max(sealed or now, self.registered) >= self.begins

    def is_disturbed_by(self, other: "Intervention") -> bool:
        """Whether another intervention on the same indicator runs in the weeks before or after the start."""
        is_other = other.id != self.id and other.indicator == self.indicator
        return is_other and other.begins < self.end and self.first < other.end


class Reference(msgspec.Struct, frozen=True, eq=False, dict=True):
    """All reference data at one version. Rows are in the order in which answers list them."""

    version: int
    changed: datetime
    #: By number.
    indicators: tuple[Indicator, ...]
    networks: tuple[Network, ...]
    #: By code. Inactive agencies are included, because their reports stay.
    agencies: tuple[Agency, ...]
    #: In order of year.
    population: tuple[PopulationRow, ...]
    #: Number of the indicator and the country, the first second of a month, and the finest steps from then on, over all
    #: networks and by network; by month.
    details: tuple[tuple[int, int, int, str, str], ...]
    #: Earliest first.
    annotations: tuple[Annotation, ...]
    #: Newest first.
    withdrawn: tuple[Withdrawn, ...]
    #: Latest start first.
    interventions: tuple[Intervention, ...]
    #: Latest announcement first.
    draws: tuple[Draw, ...]
    #: In order of country. Services for people everywhere come last.
    help_services: tuple[HelpService, ...]

    @classmethod
    def current(cls) -> "Reference":
        """The snapshot of the version that is in the database from which this answer is read."""
        with connections[alias()].cursor() as cursor:
            cursor.execute("SELECT number FROM countries_referenceversion")
            (number,) = cursor.fetchone() or (0,)
            found = snapshots.get(number)
            if found is None:
                cursor.execute(_SQL)
                (row,) = cursor.fetchone()
                found = msgspec.convert(_writable(row), cls)
                snapshots[found.version] = found
                # Two snapshots are enough: that of the primary, and that of a replica that is one version behind.
                for old in sorted(snapshots)[:-2]:
                    snapshots.pop(old, None)
        return found

    @cached_property
    def invented(self) -> bool:
        """Whether there are invented agencies. Then published numbers may be invented too."""
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
        self,
        start: datetime | None,
        end: datetime | None,
        *,
        indicator: str | None,
        agency: str | None = None,
        as_of: datetime | None = None,
    ) -> list[Annotation]:
        """The annotations of the time from ``start`` until before ``end``.

        A time that is None is no limit. An agency or indicator that is None stands for any. Interventions that were
        registered after ``as_of`` are left out.
        """
        return [
            row
            for row in self.annotations
            if (agency is None or row.agency in (None, agency))
            and (indicator is None or row.indicator in (None, indicator))
            and (end is None or row.start < end)
            and (as_of is None or row.registered is None or row.registered <= as_of)
            # A moment is in the range that begins with it. An annotation with an end is not in one that begins there.
            and (start is None or row.until is None or row.until > start or row.start >= start)
        ]

    @property
    def inhabitants(self) -> Inhabitants:
        """The inhabitants as they are known now."""
        return self.inhabitants_at(None)

    def inhabitants_at(self, instant: datetime | None) -> Inhabitants:
        """The inhabitants as they were known at an instant, or as they are known now."""
        return self._history.at(instant)

    @cached_property
    def _history(self) -> PopulationHistory:
        return PopulationHistory(self.population)


#: The newest snapshots, by version.
snapshots: Final[dict[int, Reference]] = {}


def last_read() -> Reference | None:
    """The snapshot that this process read last, without the database."""
    return snapshots[max(snapshots)] if snapshots else None


def cached_help_services() -> tuple[HelpService, ...]:
    """Help services without the database: those that this process read last, or else those in the project's file."""
    found = last_read()
    return found.help_services if found else _shipped_help_services()


@cache
def _shipped_help_services() -> tuple[HelpService, ...]:
    # In the order in which the database returns them.
    rows = msgspec.json.decode(
        (Path(__file__).with_name("data") / "help_services.json").read_bytes(), type=list[HelpService]
    )
    return tuple(sorted(rows, key=lambda row: (row.country is None, row.country or "", row.name, row.code)))


def services_for(
    services: Iterable[HelpService], *, country: str | None = None, language: str | None = None
) -> list[HelpService]:
    """The services in a country for speakers of a language, and the services for all countries."""
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

"""The agencies that take part, with all that is public of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from api.site import calendars, coverage, pages, readings
from countries.reference import Agency, Indicator, Reference, Setup
from federation.database import clock
from p2p_core import periods
from p2p_core.codes import COUNTRIES
from p2p_core.periods import Frequency

#: By the number of an indicator: the ids of the agencies.
_Agencies: TypeAlias = Mapping[int, Collection[int]]


@dataclass(frozen=True, slots=True)
class Participant:
    """An agency with its present set-up.

    For each indicator: the shortest periods that it reports, and those that are published about its own country.
    """

    agency: Agency
    setup: Setup | None
    steps: list[tuple[Indicator, str]]
    details: list[tuple[Indicator, str]]
    is_mailbox: bool
    has_calendar: bool


def by_minute() -> dict[int, list[int]]:
    """The agencies of the live strip: those that have reported any of its minutes, and those that a schedule expects.

    An agency may report minutes without a schedule.
    """
    return {
        indicator.number: [agency.id for agency in coverage.expected(readings.minutes(indicator))]
        for indicator in pages.indicators().values()
    }


def count_by_minute(listed: list[Participant]) -> list[tuple[Indicator, int]]:
    """How many agencies report by the minute, for each indicator of which any does."""
    steps = [one for row in listed for one in row.steps]
    counts = [(indicator, steps.count((indicator, Frequency.MINUTE))) for indicator in pages.indicators().values()]
    return [(indicator, count) for indicator, count in counts if count]


def read() -> list[Participant]:
    """All agencies by the name of their country, those that have left last."""
    reference, now, live = Reference.current(), clock.now(), by_minute()
    listed = sorted(reference.agencies, key=lambda row: (not row.active, readings.sort_key(row.country), row.name))
    return [
        Participant(
            row,
            row.setup_on(now.date()),
            list(_steps(row, now.date(), live)),
            list(_details(reference, COUNTRIES[row.country], periods.epoch(now))),
            "@" in row.contact,
            calendars.has_calendar(row),
        )
        for row in listed
    ]


def _steps(agency: Agency, day: date, live: _Agencies) -> Iterator[tuple[Indicator, str]]:
    for indicator in pages.indicators().values():
        is_live = agency.id in live[indicator.number]
        if step := Frequency.MINUTE if is_live else agency.step_on(day, indicator.number):
            yield indicator, step


def _details(reference: Reference, country: int, now: int) -> Iterator[tuple[Indicator, str]]:
    for indicator in pages.indicators().values():
        steps = [
            step
            for number, place, since, step, _ in reference.details
            if (number, place) == (indicator.number, country) and since <= now
        ]
        if steps:
            yield indicator, steps[-1]

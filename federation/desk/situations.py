"""What a decision about a held report depends on: the agency's number without it, and whether its period is public."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from countries.models import Agency
from federation.models.figures import Figure, Source
from federation.models.findings import Hold
from federation.models.published import PublishedCoverage
from federation.models.submissions import Report, ReportState
from federation.rules.coverage import WAITING
from p2p_core import periods
from p2p_core.codes import UNKNOWN

#: An agency, an indicator, a frequency and a period.
Key = tuple[int, int, str, datetime]
_COLUMNS = ("agency", "indicator", "frequency", "period")


class CurrentReport(NamedTuple):
    """The report that is used now for the period of a held one. It may be a withdrawal."""

    total: int
    withdrawn: bool
    received: datetime


class Publication(NamedTuple):
    """The period of a held report: whether it is public, or else which agencies it waits for, and until when.

    ``is_awaited`` says that it waits for the agency of the report; ``others`` are the codes of the other agencies.
    """

    is_public: bool
    is_awaited: bool
    others: Sequence[str]
    until: datetime | None


class LongerPeriod(NamedTuple):
    """A period for which the agency's figure is a sum, and the held report would be part of it."""

    frequency: str
    period: datetime
    is_public: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """A held report. ``summed`` is the sum of the agency's figures for shorter periods, if that is used now.

    ``publication`` is None if the period has no coverage, as minutes of more than two days ago. ``longer`` has the
    shortest period first.
    """

    hold: Hold
    current: CurrentReport | None
    summed: int | None
    publication: Publication | None
    longer: Sequence[LongerPeriod]

    @property
    def total(self) -> int | None:
        """The number that the agency has for the period now."""
        if self.current is not None and not self.current.withdrawn:
            return self.current.total
        return self.summed


def situations(holds: Sequence[Hold]) -> list[Situation]:
    """The situations of holds, which are loaded with their reports."""
    keys = [_key(hold) for hold in holds]
    all_keys = {*keys, *(longer for key in keys for longer in _longer_periods(key, ()))}
    current, summed, publications = _current(all_keys), _summed(keys), _publications(all_keys)
    reported = {key for key, one in current.items() if not one.withdrawn}
    return [
        Situation(
            hold,
            current.get(key),
            summed.get(key),
            publications.get(key),
            [_longer_period(longer, publications.get(longer)) for longer in _longer_periods(key, reported)],
        )
        for hold, key in zip(holds, keys, strict=True)
    ]


def _longer_periods(key: Key, reported: Collection[Key]) -> Iterator[Key]:
    """The longer periods that are summed from a period. A period with a report of its own is not a sum."""
    agency, indicator, frequency, period = key
    for coarser in periods.coarser(frequency):
        longer = (agency, indicator, coarser.value, periods.start_of(coarser, period))
        if longer not in reported:
            yield longer
            yield from _longer_periods(longer, reported)


def _longer_period(key: Key, publication: Publication | None) -> LongerPeriod:
    return LongerPeriod(*key[2:], is_public=publication is not None and publication.is_public)


def _key(hold: Hold) -> Key:
    report = hold.report
    return report.agency_id, report.indicator_id, report.frequency, report.period


def _among(keys: Collection[Key]) -> dict[str, set[object]]:
    """A filter that finds the rows of these keys, and perhaps of a few others."""
    agencies, indicators, frequencies, periods = (
        (set(column) for column in zip(*keys, strict=True)) if keys else [()] * 4
    )
    return {
        "agency__in": set(agencies),
        "indicator__in": set(indicators),
        "frequency__in": set(frequencies),
        "period__in": set(periods),
    }


def _current(keys: Collection[Key]) -> dict[Key, CurrentReport]:
    rows = Report.objects.filter(state=ReportState.CURRENT, **_among(keys))
    return {
        (agency, indicator, frequency, period): CurrentReport(*found)
        for agency, indicator, frequency, period, *found in rows.values_list(
            *_COLUMNS, "total", "withdrawn", "received"
        )
    }


def _summed(keys: Sequence[Key]) -> dict[Key, int]:
    rows = Figure.objects.filter(source=Source.DERIVED, covered_seconds__gt=0, **_among(keys))
    return {
        (agency, indicator, frequency, period): total
        for agency, indicator, frequency, period, total in rows.values_list(*_COLUMNS, "total")
    }


def _publications(keys: Collection[Key]) -> dict[Key, Publication]:
    among = _among(keys)
    del among["agency__in"]
    rows = {
        (row.indicator_id, row.frequency, row.period): row
        for row in PublishedCoverage.objects.filter(version_to=None, **among)
    }
    awaited = {one for row in rows.values() for one in _awaited(row)}
    codes: dict[int, str] = dict(Agency.objects.filter(pk__in=awaited).values_list("pk", "code"))
    return {key: _publication(rows[key[1:]], key[0], codes) for key in keys if key[1:] in rows}


def _publication(row: PublishedCoverage, agency: int, codes: dict[int, str]) -> Publication:
    if row.status != WAITING:
        return Publication(is_public=True, is_awaited=False, others=(), until=None)
    awaited = _awaited(row)
    # An agency may have been deleted a moment ago.
    others = [codes.get(one, UNKNOWN) for one in awaited if one != agency]
    return Publication(is_public=False, is_awaited=agency in awaited, others=others, until=row.awaited_until)


def _awaited(row: PublishedCoverage) -> list[int]:
    """The agencies that a period waits for."""
    if row.status != WAITING:
        return []
    return [one for one, is_awaited in zip(row.agencies, row.awaited, strict=True) if is_awaited]

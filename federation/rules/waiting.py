"""When a period is first published: it waits for expected agencies, except silent ones, until their last deadline.

``docs/explanation/coverage.md`` has the rule in words.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from federation.rules.coverage import AgencySchedule
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.lateness import JUDGED_AT

#: A period is published this long after its end, so that its last reports can still come.
_GRACE: Final = timedelta(seconds=60)


def shortest_wait(frequency: str) -> timedelta:
    """How long after its end a period may be published: minutes at once."""
    return timedelta() if frequency == Frequency.MINUTE else _GRACE


def longest_wait(frequency: str, limits: Mapping[str, timedelta]) -> timedelta:
    """How long after its end a period must be published. ``limits`` are those of the settings."""
    return _GRACE if frequency == Frequency.MINUTE else limits[frequency]


class Wait(NamedTuple):
    """The agencies that a period waits for, and when it is published at the latest."""

    agencies: frozenset[int]
    until: datetime


def wait_for(
    frequency: str,
    start: datetime,
    incomplete: Mapping[int, Sequence[AgencySchedule]],
    limit: timedelta,
    *,
    now: datetime,
) -> Wait | None:
    """Whom a period waits for; None if it can be published.

    ``incomplete`` has the expected agencies without a complete figure, each with the schedules in which it is not
    silent. A minute waits for everybody.
    """
    end = periods.end(frequency, start)
    last = dict.fromkeys(incomplete, end + limit)
    if frequency != Frequency.MINUTE:
        expecting = {
            agency: [one for one in mine if one.expects(frequency, start)] for agency, mine in incomplete.items()
        }
        last = {agency: end + max(one.deadline for one in mine) for agency, mine in expecting.items() if mine}
    awaited = {agency: deadline for agency, deadline in last.items() if now < deadline}
    if not awaited or end + limit <= now:
        return None
    return Wait(frozenset(awaited), min(end + limit, max(awaited.values())))


def silent_without_figure_since(schedule: AgencySchedule, missing: int, *, now: datetime) -> datetime | None:
    """The start of the last ``missing`` expected periods whose deadlines have passed. None if there are fewer.

    An agency without a figure from there on is silent.
    """
    frequency = JUDGED_AT[Frequency(schedule.frequency)]
    period = periods.previous(frequency, periods.start_of(frequency, now - schedule.deadline))
    period = min(period, periods.start_of(frequency, datetime.combine(schedule.valid_to, time(23), UTC)))
    for _ in range(missing - 1):
        period = periods.previous(frequency, period)
    return period if schedule.expects(frequency, period) else None

"""The queue of held reports: the order in which coordinators are asked to decide.

Each place is a finding, with all the reports that it holds. First come the findings for which a period waits before it
is published; the one whose wait ends first comes first. After them come the other findings, oldest first. A place
depends on no other place, so it stays where it is while others decide.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.conf import settings

from federation.database import clock
from federation.models.findings import Finding, Hold
from federation.models.published import PublishedCoverage
from federation.publication.expectation import schedules_by_agency
from federation.rules.coverage import WAITING
from federation.rules.waiting import longest_wait, wait_for
from p2p_core import periods

#: Stands for the end of a wait if no period waits.
NO_WAIT: Final = 2**62
#: The names of a place in an address: the finding itself, what comes after it, what comes before it.
AT, AFTER, BEFORE = "finding", "after", "before"
_UNTIL: Final = "until"
#: No number in an address is longer. Python refuses to read numbers of thousands of digits.
_DIGITS: Final = 19


class Place(NamedTuple):
    """A finding in the queue. ``until`` is the end of the wait for its agency, in seconds since 1970."""

    until: int
    finding: int

    def query(self, name: str) -> dict[str, int]:
        """The parameters with which an address names this place."""
        return {name: self.finding} | ({_UNTIL: self.until} if self.until != NO_WAIT else {})


class WaitingFor(NamedTuple):
    """A period that waits for an agency before it is published, until ``until`` at the latest."""

    until: datetime
    frequency: str
    period: datetime

    def contains(self, instant: datetime) -> bool:
        return self.period <= instant < periods.end(self.frequency, self.period)


class Turn(NamedTuple):
    """A finding in the queue: its place, the period that waits for it first, its number, and how many there are."""

    place: Place
    waits: WaitingFor | None
    number: int
    size: int

    @property
    def others(self) -> int:
        return self.size - 1


def read(query: Mapping[str, str], name: str) -> Place | None:
    """The place that an address names, or None."""
    finding, until = query.get(name, ""), query.get(_UNTIL, str(NO_WAIT))
    if not all(one.isascii() and one.isdecimal() and len(one) <= _DIGITS for one in (finding, until)):
        return None
    return Place(int(until), int(finding))


def places() -> list[Place]:
    """All places, in order."""
    return _in_order(_waits())


def turn(finding: int) -> Turn | None:
    """The place of a finding in the queue, or None if none of its reports waits for a decision."""
    waits = _waits()
    if finding not in waits:
        return None
    queue, place = _in_order(waits), _place(finding, waits[finding])
    return Turn(place, waits[finding], queue.index(place) + 1, len(queue))


def after(place: Place | None, queue: Sequence[Place]) -> Place | None:
    """The first place of a queue after another one, which need not be in the queue any more."""
    at = 0 if place is None else bisect_right(queue, place)
    return queue[at] if at < len(queue) else None


def first_of(agency: str, queue: Sequence[Place]) -> Place | None:
    """The first place of a queue whose finding is about an agency, by its code."""
    findings = Finding.objects.filter(pk__in=[place.finding for place in queue])
    agencies = dict(findings.values_list("pk", "agency__code"))
    return next((place for place in queue if agencies.get(place.finding) == agency), None)


def before(place: Place, queue: Sequence[Place]) -> Place | None:
    at = bisect_left(queue, place)
    return queue[at - 1] if at else None


def _in_order(waits: Mapping[int, WaitingFor | None]) -> list[Place]:
    return sorted(_place(*one) for one in waits.items())


def _place(finding: int, waits: WaitingFor | None) -> Place:
    return Place(NO_WAIT if waits is None else periods.epoch(waits.until), finding)


def _waits() -> dict[int, WaitingFor | None]:
    """By finding with waiting reports: the period whose wait for one of them ends first."""
    held = Hold.objects.filter(decision="")
    rows = held.values_list("finding", "finding__agency", "finding__indicator").distinct()
    series = {finding: (agency, indicator) for finding, agency, indicator in rows}
    found: dict[int, WaitingFor | None] = dict.fromkeys(series)
    waiting = _waiting_for(series.values())
    if not waiting:
        return found
    earliest = min(one.period for some in waiting.values() for one in some)
    recent = held.filter(finding__in=series, report__period__gte=earliest)
    for finding, period in recent.values_list("finding", "report__period"):
        some = [one for one in waiting[series[finding]] if one.contains(period)]
        found[finding] = min(filter(None, [*some, found[finding]]), default=None)
    return found


def _waiting_for(series: Iterable[tuple[int, int]]) -> dict[tuple[int, int], list[WaitingFor]]:
    """By agency and indicator: the periods that wait for the agency.

    The wait for one agency ends with its own deadline. So it does not change when another agency reports.
    """
    found: dict[tuple[int, int], list[WaitingFor]] = defaultdict(list)
    agencies: dict[int, set[int]] = defaultdict(set)
    for agency, indicator in series:
        agencies[indicator].add(agency)
    rows = list(PublishedCoverage.objects.filter(version_to=None, status=WAITING, indicator__in=agencies))
    if not rows:
        return found
    schedules, mark = schedules_by_agency({row.indicator_id for row in rows}), clock.mark()
    for row in rows:
        limit = longest_wait(row.frequency, settings.PUBLICATION_LIMITS)
        for agency, is_awaited in zip(row.agencies, row.awaited, strict=True):
            if is_awaited and agency in agencies[row.indicator_id]:
                mine = {agency: schedules[row.indicator_id].get(agency, ())}
                if wait := wait_for(row.frequency, row.period, mine, limit, now=mark):
                    found[agency, row.indicator_id].append(WaitingFor(wait.until, row.frequency, row.period))
    return found

"""Which reports are held at receipt (R106, R102), and the record of it: holds, and the findings that gather them.

A verdict is a fact of its time. Only a decision or a newer report ends it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from countries import queries
from federation import thresholds
from federation.database import cursor, statement
from federation.models.findings import Decision, Finding, FindingState, Hold, Resolution
from federation.rules import levels, periods, plausibility
from federation.rules.levels import Level
from federation.rules.periods import Frequency

Facts = Mapping[str, Any]

#: At which frequencies a report's level is judged.
_LEVELLED = (Frequency.HOUR, Frequency.DAY)


class Key(Protocol):
    """What names a report: of which indicator and period it speaks."""

    @property
    def indicator(self) -> int: ...
    @property
    def frequency(self) -> str: ...
    @property
    def period(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that would become the current one: ``total`` is None for a withdrawal.

    ``revises`` says that another is current now, ``same_total`` that it says the same in all.
    """

    key: Key
    total: int | None
    revises: bool
    same_total: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """That a report is held, by which rule and why."""

    rule: str
    facts: Facts


def judge(agency: int, candidates: Mapping[int, Candidate]) -> dict[int, Verdict]:
    """Return which candidates are to be held, all of one submission, by position."""
    found = _churning(agency, candidates)
    by_line: dict[tuple[int, str], dict[int, Candidate]] = defaultdict(dict)
    for position, one in candidates.items():
        if one.key.frequency in _LEVELLED and position not in found:
            by_line[one.key.indicator, one.key.frequency][position] = one
    for line, members in by_line.items():
        found |= _straying(agency, *line, members)
    return found


def _churning(agency: int, candidates: Mapping[int, Candidate]) -> dict[int, Verdict]:
    revising = [position for position, one in candidates.items() if one.revises]
    if not revising:
        return {}
    limits = thresholds.by_agency([agency])[agency]
    found = {}
    for row, public in _rows("holds_revisions", agency, [candidates[position].key for position in revising]):
        # The first report is no revision; this one would be the next.
        facts = plausibility.churned(public, limits)
        if facts:
            found[revising[row]] = Verdict("R106", facts)
    return _not_released(agency, candidates, found)


def _straying(agency: int, indicator: int, frequency: str, candidates: Mapping[int, Candidate]) -> dict[int, Verdict]:
    starts = {one.key.period: position for position, one in candidates.items()}
    standing = _standing(agency, indicator, frequency, min(starts), max(starts))
    released = _released(agency, candidates)
    strays = levels.judge(
        frequency,
        standing,
        [
            Level(one.key.period, one.total, judged=not one.same_total and (position, one.total) not in released)
            for position, one in candidates.items()
        ],
        breaks=queries.breaks_of(agency, indicator),
        thresholds=thresholds.by_agency([agency])[agency],
    )
    return {starts[period]: Verdict("R102", facts) for period, facts in strays.items()}


def _standing(agency: int, indicator: int, frequency: str, first: datetime, last: datetime) -> dict[datetime, int]:
    with cursor() as c:
        c.execute(
            statement("holds_standing"),
            {
                "agency": agency,
                "indicator": indicator,
                "frequency": frequency,
                "first": first - levels.WEEKS * timedelta(weeks=1),
                "last": last,
            },
        )
        return dict(c.fetchall())


def _not_released(agency: int, candidates: Mapping[int, Candidate], found: dict[int, Verdict]) -> dict[int, Verdict]:
    released = _released(agency, {position: candidates[position] for position in found})
    return {
        position: verdict
        for position, verdict in found.items()
        if (position, candidates[position].total) not in released
    }


def _released(agency: int, candidates: Mapping[int, Candidate]) -> set[tuple[int, int | None]]:
    """Return the totals that were released for the candidates' keys, by position."""
    positions = list(candidates)
    if not positions:
        return set()
    rows = _rows("holds_released", agency, [candidates[position].key for position in positions])
    return {(positions[row], None if withdrawn else total) for row, total, withdrawn in rows}


def _rows(name: str, agency: int, keys: Sequence[Key]) -> list[tuple[Any, ...]]:
    with cursor() as c:
        c.execute(
            statement(name),
            {
                "agency": agency,
                "indicators": np.array([key.indicator for key in keys], np.int16),
                "frequencies": [str(key.frequency) for key in keys],
                "periods": [key.period for key in keys],
            },
        )
        return c.fetchall()


@dataclass(frozen=True, slots=True)
class Held:
    """A report that was stored as held: its row, what it speaks of, and the verdict."""

    report: int
    key: Key
    verdict: Verdict


def record(agency: int, helds: Sequence[Held], *, now: datetime) -> dict[int, Finding]:
    """Write the holds, and gather those in a row in one finding; return the finding of each report.

    The caller holds the agency's lock for the indicators.
    """
    found: dict[int, Finding] = {}
    waiting = _open_findings(agency, helds)
    for held in sorted(helds, key=lambda held: held.key.period):
        finding = next((one for one in waiting if _adjoins(one, held)), None)
        if finding is None:
            finding = _open(agency, held, now=now)
            waiting.append(finding)
        else:
            _extend(finding, held, now=now)
        found[held.report] = finding
    Hold.objects.bulk_create(
        Hold(
            report_id=held.report,
            finding=found[held.report],
            rule=held.verdict.rule,
            facts=held.verdict.facts,
            since=now,
        )
        for held in helds
    )
    return found


def _open_findings(agency: int, helds: Sequence[Held]) -> list[Finding]:
    return list(
        Finding.objects.select_for_update(of=("self",))
        .filter(
            Exists(Hold.objects.filter(finding=OuterRef("pk"))),
            agency=agency,
            indicator__in={held.key.indicator for held in helds},
            rule__in={held.verdict.rule for held in helds},
            resolved=None,
        )
        .order_by("id")
    )


def _adjoins(finding: Finding, held: Held) -> bool:
    """Whether a held report lies in the periods of a finding, or right before or after them."""
    key = held.key
    if (finding.rule, finding.indicator_id, finding.frequency) != (held.verdict.rule, key.indicator, key.frequency):
        return False
    before = periods.previous(key.frequency, finding.period)
    return before <= key.period <= periods.end(key.frequency, finding.last_period)


def _open(agency: int, held: Held, *, now: datetime) -> Finding:
    key = held.key
    place = {"rule": held.verdict.rule, "agency_id": agency, "indicator_id": key.indicator, "period": key.period}
    place |= {"frequency": key.frequency}
    # What was noticed of a sum of finer figures gives way to the report of the same period.
    resolve(Finding.objects.filter(**place, resolved=None), how=Resolution.REVISION, now=now)
    return Finding.objects.create(**place, last_period=key.period, facts=held.verdict.facts, opened=now, changed=now)


def _extend(finding: Finding, held: Held, *, now: datetime) -> None:
    if held.key.period <= finding.period:
        finding.period, finding.facts = held.key.period, held.verdict.facts
    finding.last_period = max(finding.last_period, held.key.period)
    finding.changed = now
    finding.save(update_fields=["period", "last_period", "facts", "changed"])


def end(reports: Collection[int], *, decision: Decision, by: str, now: datetime, reason: str = "") -> list[int]:
    """Note what became of holds that wait, and close findings that hold nothing any more; return the reports."""
    waiting = Hold.objects.select_for_update().filter(report__in=reports, decision="").order_by("pk")
    ended = list(waiting)
    done = [hold.pk for hold in ended]
    Hold.objects.filter(pk__in=done).update(decision=decision, decided=now, decided_by=by, reason=reason)
    findings = Finding.objects.filter(pk__in={hold.finding_id for hold in ended}, resolved=None)
    empty = findings.exclude(Exists(Hold.objects.filter(finding=OuterRef("pk"), decision="")))
    resolve(empty, how=_ENDS[decision], by=by, reason=reason, now=now)
    return done


_ENDS = {
    Decision.RELEASED: Resolution.RELEASED,
    Decision.REJECTED: Resolution.REJECTED,
    Decision.SUPERSEDED: Resolution.REVISION,
}


def resolve(findings: QuerySet[Finding], *, how: Resolution, now: datetime, by: str = "", reason: str = "") -> None:
    """Bring findings to their end."""
    findings.update(
        state=FindingState.RESOLVED, resolution=how, resolved=now, changed=now, resolved_by=by, reason=reason
    )

"""Decides what becomes of each report of a submission: which of two for one key counts (rule 1), what R102 holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from countries.models import Agency
from federation.database import instants, rows_of
from federation.findings import holds
from federation.findings.holds import Candidate
from federation.models.submissions import Outcome, ReportState
from federation.rules.precedence import Rank
from p2p_core.reports import NewReport
from p2p_core.rules.levels import Facts

_STATES = {Outcome.SUPERSEDED: ReportState.SUPERSEDED, Outcome.HELD: ReportState.HELD}
_WORKING = {Outcome.CURRENT, Outcome.WITHDRAWN, Outcome.HELD}


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """The outcome of one report.

    ``equals`` is the row that has its arrays already. ``supersedes`` are rows of reports before it. ``ends_hold`` is
    the held report that it replaces. ``facts`` say why it is held.
    """

    outcome: Outcome
    digest: bytes
    equals: int | None = None
    supersedes: tuple[int, ...] = ()
    ends_hold: int | None = None
    facts: Facts | None = None

    @property
    def state(self) -> ReportState:
        return _STATES.get(self.outcome, ReportState.CURRENT)

    @property
    def makes_work(self) -> bool:
        return self.outcome in _WORKING or self.ends_hold is not None


@dataclass(frozen=True, slots=True)
class _StoredReport:
    """A report that is stored for a key. ``root`` is the row that has its arrays."""

    id: int
    rank: Rank
    digest: bytes
    root: int
    total: int | None


@dataclass(frozen=True, slots=True)
class _Predecessors:
    """The reports that are stored for a key: the current one, and the one that waits for a decision."""

    current: _StoredReport | None = None
    held: _StoredReport | None = None


def decide(agency: Agency, reports: Sequence[NewReport], rank: Rank) -> list[ReportOutcome]:
    """Decide what becomes of the reports of one submission. It only reads."""
    predecessors = _predecessors(agency, reports)
    outcomes = [_unless_held(report, rank, before) for report, before in zip(reports, predecessors, strict=True)]
    candidates = {
        position: Candidate(
            reports[position],
            None if reports[position].withdrawn else reports[position].total,
            revises=(current := predecessors[position].current) is not None,
            before=current.total if current else None,
        )
        for position, one in enumerate(outcomes)
        if one.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN}
    }
    for position, facts in holds.judge(agency.pk, candidates).items():
        held, digest = predecessors[position].held, outcomes[position].digest
        # If several reports for one key are held, only the newest waits for a decision.
        if held is None:
            outcomes[position] = ReportOutcome(Outcome.HELD, digest, facts=facts)
        elif held.rank.gives_way_to(rank):
            outcomes[position] = ReportOutcome(Outcome.HELD, digest, None, (held.id,), held.id, facts)
        else:
            outcomes[position] = ReportOutcome(Outcome.SUPERSEDED, digest)
    return outcomes


def _predecessors(agency: Agency, reports: Sequence[NewReport]) -> list[_Predecessors]:
    rows = rows_of(
        "intake_current",
        agency=agency.pk,
        indicators=np.array([report.indicator for report in reports], np.int16),
        frequencies=[report.frequency for report in reports],
        periods=instants([report.period for report in reports]),
    )
    found = [_Predecessors()] * len(reports)
    for position, state, id_, prepared, received, submission, digest, root, total, withdrawn in rows:
        rank = Rank(prepared, received, submission)
        stored = _StoredReport(id_, rank, digest, root, None if withdrawn else total)
        found[position] = replace(found[position], **{state: stored})
    return found


def _unless_held(report: NewReport, rank: Rank, before: _Predecessors) -> ReportOutcome:
    digest = report.digest()
    current, held = before.current, before.held
    if current is not None and not current.rank.gives_way_to(rank):
        return ReportOutcome(Outcome.SUPERSEDED, digest)
    # Only a newer report replaces a report that waits.
    ends_hold = held.id if held is not None and held.rank.gives_way_to(rank) else None
    supersedes = tuple(one.id for one in (current, held) if one is not None and one.rank.gives_way_to(rank))
    if current is not None and digest == current.digest:
        return ReportOutcome(Outcome.UNCHANGED, digest, current.root, supersedes, ends_hold)
    outcome = Outcome.WITHDRAWN if report.withdrawn else Outcome.CURRENT
    return ReportOutcome(outcome, digest, None, supersedes, ends_hold)

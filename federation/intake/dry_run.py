"""The dry run: what would become of a submission, and which findings it would have. It stores nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import uuid4

from django.db import transaction

from countries.models import Agency
from federation import findings
from federation.database import look_up_by_index, read_only
from federation.figures import SentReport
from federation.findings import holds
from federation.findings.finding_queries import ReportFinding
from federation.findings.holds import Held
from federation.intake import outcomes
from federation.intake.outcomes import ReportOutcome
from federation.models.findings import Finding
from federation.models.submissions import Outcome
from federation.rules.precedence import Rank
from federation.worklist import Stage, WorkItem
from p2p_core.reports import NewReport, NewSubmission
from p2p_core.rules.plausibility import Cells


@dataclass(frozen=True, slots=True)
class Preview:
    """The outcome that each report of a submission would have, and the findings about them."""

    outcomes: list[Outcome]
    findings: list[ReportFinding]


@transaction.atomic
def preview(agency: Agency, submission: NewSubmission) -> Preview:
    """Preview a submission as it would be stored now.

    It takes no lock: nobody waits for it, even if it is large.
    """
    read_only()
    look_up_by_index()
    reports, received = submission.reports, submission.received
    decided = outcomes.decide(agency, reports, Rank(submission.prepared, received, uuid4()))
    held = [Held(at, reports[at], one.facts) for at, one in enumerate(decided) if one.facts is not None]
    gathered = holds.would_gather(agency.pk, held, now=received)
    # A finding about several reports is listed once, at the first of them.
    firsts = {id(finding): position for position, finding in sorted(gathered.items(), reverse=True)}
    found = [_report_finding(position, gathered[position]) for position in firsts.values()]
    found += _of_current_reports(agency, reports, decided, received=received)
    return Preview([one.outcome for one in decided], sorted(found, key=lambda one: (one.position, one.rule)))


def _of_current_reports(
    agency: Agency, reports: Sequence[NewReport], decided: Sequence[ReportOutcome], *, received: datetime
) -> Iterator[ReportFinding]:
    """Yield the findings about the reports that would be current; an unchanged one shares the findings of the first."""
    sent, positions, items = {}, {}, []
    for at, (report, one) in enumerate(zip(reports, decided, strict=True)):
        item = WorkItem(Stage.FIGURE, report.frequency, report.period, report.indicator, agency.pk)
        if one.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN}:
            sent[item] = SentReport(
                root=-1 - at,
                received=received,
                status=report.status,
                withdrawn=report.withdrawn,
                total=report.total,
                cells=Cells(report.countries, report.networks, report.values),
            )
        if one.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN, Outcome.UNCHANGED}:
            items.append(item)
            positions[-1 - at if one.equals is None else one.equals] = at
    for _, some in groupby(sorted(items), key=lambda item: item.frequency):
        for finding in findings.would_stand(list(some), sent, now=received):
            if finding.report_id in positions:
                yield _report_finding(positions[finding.report_id], finding)


def _report_finding(position: int, one: Finding) -> ReportFinding:
    facts = dict(one.facts)
    return ReportFinding(
        position, None, one.rule, one.state, one.frequency, one.period, one.last_period, facts, one.indicator_id
    )

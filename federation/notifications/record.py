"""Records what is to be told, in the transaction of what happened. If that is rolled back, nothing is told.

Nothing here has a figure of an agency: only codes, labels of periods, and ids.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, cast

from countries.accounts import credential_limits
from countries.models import Credential, Indicator
from federation.models.findings import Decision, Finding, Hold
from federation.models.notifications import Kind, Notification
from p2p_core import periods
from p2p_core.rules.rulebook import SILENCE

Details = dict[str, str | int]

#: A credential that ends within this time should have a successor.
SOON: Final = timedelta(days=30)


def opened(findings: Iterable[Finding], *, now: datetime) -> None:
    """Findings that a rule opened. They are stored already."""
    _about_findings(findings, now=now)


def silence_over(findings: Iterable[Finding], *, now: datetime) -> None:
    _about_findings(findings, kind=Kind.SILENCE_OVER, now=now)


def resolved(findings: Iterable[Finding], *, now: datetime) -> None:
    """Findings that a coordinator closed."""
    _about_findings(findings, kind=Kind.RESOLVED, now=now)


def answered(finding: Finding, *, now: datetime) -> None:
    _about_findings([finding], kind=Kind.ANSWERED, now=now)


def held(reports: Iterable[tuple[Finding, datetime]], *, now: datetime) -> None:
    """Reports that were just held: the finding that holds each report, and the period of the report."""
    _about_reports(reports, Kind.HELD, now=now)


def decided(reports: Collection[int], decision: Decision, *, now: datetime) -> None:
    """Held reports that were released or rejected."""
    kind = Kind.RELEASED if decision == Decision.RELEASED else Kind.REJECTED
    holds = Hold.objects.filter(report__in=reports).select_related("finding", "report")
    _about_reports([(hold.finding, hold.report.period) for hold in holds], kind, now=now)


def refused(agency: int, code: str, *, now: datetime) -> None:
    """A submission that was refused. This is told once for each agency, day and code."""
    once = f"refused {agency} {now:%Y-%m-%d} {code}"
    # Most refusals were told before. They cost one look at an index, and no id.
    if not Notification.objects.filter(once=once).exists():
        details: Details = {"code": code, "day": f"{now:%Y-%m-%d}"}
        _store([Notification(kind=Kind.REFUSED, at=now, agency_id=agency, details=details, once=once)])


def endings(*, now: datetime) -> None:
    """Credentials that end soon. Each is told once, and again if its end was moved."""
    ending = credential_limits.live(Credential, now).filter(expires__lte=now + SOON)
    # Workers may read no other columns.
    rows = ending.order_by("pk").values_list("pk", "agency_id", "coordinator", "expires")
    found = [_ending(pk, agency, coordinator, cast("datetime", ends), now) for pk, agency, coordinator, ends in rows]
    once = [one.once for one in found]
    told = set(Notification.objects.filter(once__in=once).values_list("once", flat=True))
    _store([one for one in found if one.once not in told])


def _ending(credential: int, agency: int | None, coordinator: str, ends: datetime, now: datetime) -> Notification:
    details: Details = {"credential": credential, "day": f"{ends:%Y-%m-%d}", "holder": coordinator}
    once = f"ending {credential} {ends:%Y-%m-%dT%H:%M}"
    return Notification(kind=Kind.ENDING, at=now, agency_id=agency, details=details, once=once)


def _store(rows: Collection[Notification]) -> None:
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def _about_findings(findings: Iterable[Finding], *, now: datetime, kind: Kind | None = None) -> None:
    codes = _IndicatorCodes()
    _store(
        [
            Notification(
                kind=kind or (Kind.SILENT if one.rule == SILENCE.id else Kind.OPENED),
                at=now,
                agency_id=one.agency_id,
                details=_details(one, codes, one.period, one.last_period),
            )
            for one in findings
        ]
    )


def _about_reports(reports: Iterable[tuple[Finding, datetime]], kind: Kind, *, now: datetime) -> None:
    """One notification for each finding, with the first and the last period of its reports."""
    codes, found = _IndicatorCodes(), dict[int, tuple[Finding, list[datetime]]]()
    for finding, period in reports:
        found.setdefault(finding.pk, (finding, []))[1].append(period)
    _store(
        [
            Notification(
                kind=kind, at=now, agency_id=one.agency_id, details=_details(one, codes, min(periods_), max(periods_))
            )
            for one, periods_ in found.values()
        ]
    )


class _IndicatorCodes(dict[int, str]):
    """The codes of indicators by number. They are read only if one is needed."""

    def __missing__(self, number: int) -> str:
        self.update(Indicator.objects.values_list("number", "code"))
        return self[number]


def _details(finding: Finding, codes: _IndicatorCodes, first: datetime, last: datetime) -> Details:
    return {
        "finding": finding.pk,
        "rule": finding.rule,
        "indicator": codes[finding.indicator_id],
        "frequency": finding.frequency,
        "first": periods.label(finding.frequency, first),
        "last": periods.label(finding.frequency, last),
    }

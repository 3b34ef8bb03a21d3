"""What the desk and the pages of an agency say about one agency: what came last, what waits, and who may send.

Each overview takes the same number of queries, also of an agency with a long history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Q

from countries.accounts import credential_limits
from countries.models import Agency, AgencyAccount, Credential, Recipient, Schedule, Setup, SigningKey, Webhook
from federation.intake import queries
from federation.intake.queries import Contents, SubmissionRow
from federation.models.findings import Finding, FindingState
from federation.models.notifications import Message
from federation.overview.silences import Silence, silent_agencies
from federation.overview.steps import Standing, Step, steps

#: The most rows of a table that are read.
_AT_MOST: Final = 20
_MESSAGES: Final = 5


@dataclass(frozen=True, slots=True)
class LastSubmission:
    """The newest submission, and what it contained. A large one has no contents."""

    row: SubmissionRow
    contents: Sequence[Contents]


@dataclass(frozen=True, slots=True)
class AgencyOverview:
    """One agency. Of credentials, keys, accounts, recipients and webhooks, only those that are in use.

    ``messages`` has the newest messages to the agency, newest first.
    """

    agency: Agency
    last: LastSubmission | None
    silences: Sequence[Silence]
    unanswered: int
    answered: int
    held: int
    schedules: Sequence[Schedule]
    #: The last day on which a report was expected, if none is expected any more.
    ended: date | None
    setups: Sequence[Setup]
    credentials: Sequence[Credential]
    keys: Sequence[SigningKey]
    accounts: Sequence[AgencyAccount]
    recipients: Sequence[Recipient]
    webhooks: Sequence[Webhook]
    messages: Sequence[Message]
    #: What is to be done, the most urgent first.
    steps: Sequence[Step]

    @property
    def open_findings(self) -> int:
        return self.unanswered + self.answered


def overview(agency: Agency, *, now: datetime) -> AgencyOverview:
    findings = dict(
        Finding.objects.filter(agency=agency, resolved=None).values_list("state").annotate(Count("pk")).order_by()
    )
    schedules = list(agency.schedules.select_related("indicator")[: _AT_MOST * 5])
    current = [one for one in schedules if one.valid_to is None or one.valid_to >= now.date()]
    ended = None if current else max((one.valid_to for one in schedules if one.valid_to), default=None)
    setups = _setups(agency, now.date())
    credentials, keys = (_live(kind, agency, now) for kind in (Credential, SigningKey))
    accounts = _live(AgencyAccount, agency, now, user__is_active=True)
    last, silent, held = _last(agency), silent_agencies(agency=agency.pk), queries.held_reports(agency=agency.pk)
    standing = Standing(
        active=agency.active,
        schedules=bool(current),
        ended=ended is not None,
        credentials=bool(credentials),
        accounts=bool(accounts),
        keys=bool(keys) or not agency.signature_required,
        setups=bool(setups),
        used=any(one.used for one in credentials),
        sent=last is not None,
        held=held,
        silent=bool(silent),
        answered=findings.get(FindingState.ANSWERED, 0),
        unanswered=findings.get(FindingState.OPEN, 0),
    )
    return AgencyOverview(
        agency=agency,
        last=last,
        silences=silent,
        unanswered=standing.unanswered,
        answered=standing.answered,
        held=held,
        schedules=current,
        ended=ended,
        setups=setups,
        credentials=credentials,
        keys=keys,
        accounts=accounts,
        recipients=list(agency.recipients.filter(active=True)[:_AT_MOST]),
        webhooks=list(agency.webhooks.filter(active=True)[:_AT_MOST]),
        messages=_messages(agency),
        steps=list(steps(standing)),
    )


def _live(kind: Any, agency: Agency, now: datetime, **more: Any) -> list[Any]:
    rows = credential_limits.live(kind, now).filter(agency=agency, **more)
    return list(rows.select_related("user") if kind is AgencyAccount else rows)[:_AT_MOST]


def _messages(agency: Agency) -> list[Message]:
    rows = Message.objects.filter(Q(recipient__agency=agency) | Q(webhook__agency=agency))
    return list(rows.select_related("recipient", "webhook").order_by("-created", "pk")[:_MESSAGES])


def _setups(agency: Agency, today: date) -> list[Setup]:
    """The set-up of today, and those that are planned, the latest first."""
    found = []
    for one in agency.setups.order_by("-valid_from")[:_AT_MOST]:
        found.append(one)
        if one.valid_from <= today:
            break
    return found


def _last(agency: Agency) -> LastSubmission | None:
    rows = queries.submissions(agency=agency.pk, after=None, limit=1)
    return LastSubmission(rows[0], queries.contents(rows).get(rows[0].id, ())) if rows else None

"""Adds the invented agencies and their past through the registry, as a coordinator would."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Max

from countries import registry
from countries.accounts import credential_limits, credentials
from countries.actors import ActorKind, name_without_account
from countries.models import (
    Agency,
    AgencyAccount,
    Annotation,
    Credential,
    Detail,
    Indicator,
    Intervention,
    Population,
    Recipient,
    Schedule,
    Setup,
)
from federation.management.demo import counts
from federation.management.demo.agencies import AGENCIES, COLLECTOR, HISTORY, READER, DemoAgency, Stream
from federation.management.demo.client import Client
from federation.management.demo.interventions import INTERVENTIONS, WEEKS_BEFORE
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.codes import GROUP_MEMBERS

BY = name_without_account(ActorKind.COMMAND, "demo")
REASON = "invented for the demonstration"
#: The users who see the pages of two agencies: one with a long history, and the one that counts a real swarm.
ANALYSTS = {"analyst": AGENCIES[0], "swarm": COLLECTOR}
#: Who gets notifications: the agency (empty: the coordinators), the mailbox and its language.
RECIPIENTS = (
    ("", "coordinators@example.org", "en"),
    ("NO-DEMO", "statistikk@example.org", "nb"),
    ("IE-DEMO", "statistics@example.org", "en"),
)
#: When the past happened, in days before the first day.
_CAMPAIGN, _CHANGE, _OUTAGE = 75, 140, 61
#: Outside Europe, the largest countries are enough for a long tail.
ELSEWHERE = 12
#: Other countries have minutes, hours, days or weeks as their finest step: Germany, Norway, Iceland, Liechtenstein. If
#: only one or two countries had no weeks, Europe would have none either.
MONTHLY = ("AD", "MC", "SM")


def first_day(now: datetime) -> datetime:
    """The first day of the demo. Gaps and silences are counted back from it, so it must not move."""
    oldest = Schedule.objects.filter(agency__invented=True, frequency="D").order_by("valid_from").first()
    if oldest is None:
        return periods.start_of("D", now)
    return datetime.combine(oldest.valid_from, time(tzinfo=UTC)) + HISTORY


def inhabitants() -> tuple[dict[str, int], frozenset[str]]:
    """The inhabitants of European and of the largest other countries, and which of them are European."""
    latest = Population.objects.order_by("country_id", "-year").distinct("country_id").select_related("country")
    people = {row.country.code: row.inhabitants for row in latest}
    europe = GROUP_MEMBERS["EUROPE"] & people.keys()
    others = sorted(people.keys() - europe, key=lambda code: -people[code])[:ELSEWHERE]
    return {code: people[code] for code in (*europe, *others)}, frozenset(europe)


def set_monthly_detail() -> None:
    """Have some countries published by the month only, before anything is published. By their population, none is."""
    if not Agency.objects.filter(invented=True).exists():
        with registry.writing():
            Detail.objects.filter(country__code__in=MONTHLY).update(step="M", network_step="M")


def add_agency(invented: DemoAgency, *, url: str, now: datetime, first_day: datetime) -> Client:
    """Add an agency, with schedules if it is new, and replace its credentials."""
    agency = _agency(invented)
    if not agency.schedules.exists():
        for stream in invented.streams:
            for frequency, begin, end in stream.schedules(first_day):
                registry.add_schedule(
                    agency=agency,
                    indicator=stream.indicator,
                    frequency=frequency.value,
                    valid_from=begin.date(),
                    valid_to=end.date() if end else None,
                    deadline_minutes=invented.deadline_minutes,
                    by=BY,
                    reason=REASON,
                )
    return _client(agency, url=url, now=now)


def _agency(invented: DemoAgency) -> Agency:
    return registry.create_agency(
        code=invented.code,
        country=invented.country,
        name=invented.name,
        contact=invented.contact,
        invented=True,
        by=BY,
        reason=REASON,
    )


def add_collector(*, url: str, now: datetime) -> Client:
    source = "A test table, which places the addresses of one machine (invented)"
    return _add_unscheduled(COLLECTOR, url=url, now=now, networks=["BITTORRENT"], source=source)


def add_reader(*, url: str, now: datetime) -> Client:
    return _add_unscheduled(READER, url=url, now=now)


def _add_unscheduled(invented: DemoAgency, *, url: str, now: datetime, **of_setup: Any) -> Client:
    """Add an agency that owes nothing, with a set-up if it has none, and replace its credentials."""
    agency = _agency(invented)
    if not Setup.objects.filter(agency=agency).exists():
        _add_setup(invented, agency, computers=1, since=now, **of_setup)
    return _client(agency, url=url, now=now)


def _add_setup(
    invented: DemoAgency,
    agency: Agency,
    *,
    computers: int,
    since: datetime,
    networks: Sequence[str] = (*counts.NETWORK_SHARES,),
    source: str = "An invented table",
) -> None:
    setup = Setup(
        agency=agency,
        valid_from=since.date(),
        computers=computers,
        networks=[*networks],
        counting="shares",
        time_zone=invented.time_zone,
        location_source=source,
        location_date=since.date(),
    )
    registry.save(setup, by=BY, reason=REASON)


def coordinator() -> str:
    """The password of an account for the desk. It changes at every call."""
    return _password_of("demo", is_superuser=True)


def analyst(username: str, *, now: datetime) -> str:
    """The password of one of the `ANALYSTS`. It changes at every call."""
    password = _password_of(username)
    user = registry.account(username)
    if not AgencyAccount.objects.filter(user=user).exists():
        agency = Agency.objects.get(code=ANALYSTS[username].code)
        registry.save(AgencyAccount(user=user, agency=agency, created=now), by=BY, reason=REASON)
    return password


def _password_of(username: str, *, is_superuser: bool = False) -> str:
    password = secrets.token_urlsafe(9)
    user = User.objects.filter(username=username).first()
    if user is None:
        registry.create_account(username=username, password=password, is_superuser=is_superuser, by=BY, reason=REASON)
        return password
    with registry.announce_changes(user, by=BY, reason=REASON):
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def sent_until(stream: Stream, *, first_day: datetime) -> datetime:
    """The end of what it has sent, or the beginning of its history."""
    reports = Report.objects.filter(
        agency__code=stream.agency.code, indicator__code=stream.indicator, state=ReportState.CURRENT
    )
    newest = reports.values_list("frequency").annotate(Max("period"))
    beginning = periods.start_of(stream.finest, first_day - HISTORY)
    return max((periods.end(frequency, period) for frequency, period in newest), default=beginning)


def _client(agency: Agency, *, url: str, now: datetime) -> Client:
    for old in credential_limits.live(Credential, now).filter(agency=agency):
        credentials.revoke(credential=old, by=BY, now=now, reason=REASON)
    issued = credentials.issue(agency=agency, by=BY, now=now, reason=REASON)
    return Client(url, issued.client_id, issued.client_secret)


def add_past(*, first_day: datetime) -> None:
    """Add set-ups, a campaign, a break and an outage, unless they are there. Days count back from the first day."""
    if Annotation.objects.filter(agency__invented=True).exists():
        return
    agencies = {agency.code: agency for agency in Agency.objects.filter(invented=True)}
    for invented in AGENCIES:
        computers = max(2, round(invented.level / 2000))
        _add_setup(invented, agencies[invented.code], computers=computers, since=first_day - HISTORY)
    annotations = (
        Annotation(
            kind="campaign",
            text="Campaign week of the Norwegian unit (invented)",
            agency=agencies["NO-DEMO"],
            start=first_day - timedelta(days=_CAMPAIGN),
            end=first_day - timedelta(days=_CAMPAIGN - 7),
        ),
        Annotation(
            kind="change",
            text="New counting software at the British unit (invented)",
            agency=agencies["GB-DEMO"],
            start=first_day - timedelta(days=_CHANGE),
            is_break=True,
        ),
        Annotation(
            kind="outage",
            text="Nine days without power in the Spanish unit's machine room (invented)",
            agency=agencies["ES-DEMO"],
            start=first_day - timedelta(days=_OUTAGE),
            end=first_day - timedelta(days=_OUTAGE - 9),
        ),
    )
    for annotation in annotations:
        registry.save(annotation, by=BY, reason=REASON)


def add_recipients() -> None:
    """Add invented mailboxes, unless there are any. Without a mail server, their mails become files."""
    if Recipient.objects.exists():
        return
    for code, mailbox, language in RECIPIENTS:
        agency = Agency.objects.get(code=code) if code else None
        registry.save(Recipient(agency=agency, mailbox=mailbox, language=language), by=BY, reason=REASON)


def add_interventions(*, first_day: datetime) -> None:
    """Register the invented interventions, unless there are any. Those that started in the past are late."""
    if Intervention.objects.exists():
        return
    for invented in INTERVENTIONS:
        intervention = Intervention(
            title=invented.title,
            description=invented.description,
            registrant=invented.registrant,
            countries=[invented.country],
            indicator=Indicator.objects.get(code=invented.indicator),
            direction="fewer",
            start=invented.start(first_day).date(),
            weeks_before=WEEKS_BEFORE,
            weeks_after=invented.weeks_after,
        )
        registry.save(intervention, by=BY, reason=REASON)

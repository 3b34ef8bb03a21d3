"""Brings the invented agencies in through the registry, as a coordinator would, and finds what they sent before."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, time

from django.contrib.auth.models import User
from django.db.models import Max

from countries import registry
from countries.accounts import credential_limits, credentials
from countries.models import Agency, Credential, Population, Schedule
from federation.management.cast import HISTORY, READER, Stream, Unit
from federation.management.client import Client
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.codes import GROUP_MEMBERS

BY = "demo"
REASON = "invented for the demonstration"
#: Outside Europe, the largest countries are enough for a long tail.
ELSEWHERE = 12


def first_day(now: datetime) -> datetime:
    """The day on which the demo ran first; gaps and silences are counted back from it, so it must not move."""
    oldest = Schedule.objects.filter(agency__invented=True, frequency="D").order_by("valid_from").first()
    if oldest is None:
        return periods.start_of("D", now)
    return datetime.combine(oldest.valid_from, time(tzinfo=UTC)) + HISTORY


def inhabitants() -> tuple[dict[str, int], frozenset[str]]:
    """The people of Europe and of the largest other countries, and which of them are Europe."""
    latest = Population.objects.order_by("country_id", "-year").distinct("country_id").select_related("country")
    people = {row.country.code: row.inhabitants for row in latest}
    europe = GROUP_MEMBERS["EUROPE"] & people.keys()
    others = sorted(people.keys() - europe, key=lambda code: -people[code])[:ELSEWHERE]
    return {code: people[code] for code in (*europe, *others)}, frozenset(europe)


def enter(unit: Unit, *, url: str, now: datetime, first_day: datetime) -> Client:
    """The agency with its schedules, those only when it is new, and a fresh credential in place of older ones."""
    agency = registry.create_agency(
        code=unit.code, country=unit.country, name=unit.name, invented=True, by=BY, reason=REASON
    )
    if not agency.schedules.exists():
        for stream in unit.streams:
            for frequency, begin, end in stream.schedules(first_day):
                registry.add_schedule(
                    agency=agency,
                    indicator=stream.indicator,
                    frequency=frequency.value,
                    valid_from=begin.date(),
                    valid_to=end.date() if end else None,
                    deadline_minutes=unit.deadline_minutes,
                    by=BY,
                    reason=REASON,
                )
    return _client(agency, url=url, now=now)


def enter_reader(*, url: str, now: datetime) -> Client:
    agency = registry.create_agency(
        code=READER.code, country=READER.country, name=READER.name, invented=True, by=BY, reason=REASON
    )
    return _client(agency, url=url, now=now)


def coordinator() -> str:
    """An account for the desk, with a new password each time."""
    password = secrets.token_urlsafe(9)
    user = User.objects.filter(username="demo").first()
    if user is None:
        registry.create_account(username="demo", password=password, is_superuser=True, by=BY, reason=REASON)
        return password
    with registry.announce_changes(user, by=BY, reason=REASON):
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def sent_until(stream: Stream, *, first_day: datetime) -> datetime:
    """The end of what it has sent, or the beginning of its history."""
    ends = list(_ends(stream))
    return max(ends) if ends else periods.start_of(stream.finest, first_day - HISTORY)


def _ends(stream: Stream) -> Iterator[datetime]:
    reports = Report.objects.filter(
        agency__code=stream.unit.code, indicator__code=stream.indicator, state=ReportState.CURRENT
    )
    for frequency, period in reports.values_list("frequency").annotate(Max("period")):
        yield periods.end(frequency, period)


def _client(agency: Agency, *, url: str, now: datetime) -> Client:
    for old in credential_limits.live(Credential, now).filter(agency=agency):
        credentials.revoke(credential=old, by=BY, now=now, reason=REASON)
    issued = credentials.issue(agency=agency, by=BY, now=now, reason=REASON)
    return Client(url, issued.client_id, issued.client_secret)

"""The deadlines of an agency as a calendar (RFC 5545), from its schedules of days and months.

Reports about hours and minutes are due all day long, so they have no events. All times are UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from api import caching
from api.caching import Representation, Validator
from api.site import pages
from api.site.base import PageView
from api.site.templatetags import cldr
from countries.reference import Agency, Indicator, Reference, Schedule
from federation.database import clock
from p2p_core import periods
from p2p_core.periods import Frequency

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
_DAY_MINUTES: Final = 24 * 60
#: Every month has so many days. A later deadline is not on the same day of each month.
_EVERY_MONTH: Final = 28
#: The longest line in bytes, without its end.
_LINE: Final = 75
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline, the first one if it repeats. ``rule`` says how. ``key`` is its name within the calendar.

    One that does not repeat has the ``period`` that is due.
    """

    schedule: Schedule
    key: str
    at: datetime
    rule: str = ""
    period: datetime | None = None


def has_calendar(agency: Agency) -> bool:
    """Whether an agency reports, or has reported, days or months."""
    return agency.active and any(one.frequency in (Frequency.DAY, Frequency.MONTH) for one in agency.schedules)


def deadlines(schedule: Schedule, indicator: str, today: datetime) -> Iterator[Deadline]:
    """The deadlines of a schedule: as one that repeats, or one by one for the twelve months from ``today`` on."""
    days = schedule.deadline_minutes // _DAY_MINUTES
    key = f"{indicator}-{schedule.frequency}-{schedule.valid_from}"
    first = _period(schedule.frequency, schedule.valid_from)
    last = _period(schedule.frequency, schedule.valid_to) if schedule.valid_to else None
    due = _Due(schedule.frequency, timedelta(minutes=schedule.deadline_minutes))
    if schedule.frequency == Frequency.DAY:
        yield Deadline(schedule, key, due.of(first), f"FREQ=DAILY{_until(due, last)}")
    elif schedule.frequency == Frequency.MONTH and days < _EVERY_MONTH:
        yield Deadline(schedule, key, due.of(first), f"FREQ=MONTHLY;BYMONTHDAY={days + 1}{_until(due, last)}")
    elif schedule.frequency == Frequency.MONTH:
        for month in _months_due(due, first, last, today):
            yield Deadline(schedule, f"{key}-{periods.label(Frequency.MONTH, month)}", due.of(month), period=month)


def _period(frequency: str, day: date) -> datetime:
    return periods.start_of(frequency, datetime.combine(day, time(), UTC))


@dataclass(frozen=True, slots=True)
class _Due:
    frequency: str
    wait: timedelta

    def of(self, period: datetime) -> datetime:
        """The deadline of a period. A schedule may reach the end of the calendar."""
        end = periods.end(self.frequency, period)
        return end + min(self.wait, datetime.max.replace(tzinfo=UTC) - end)


def _until(due: _Due, last: datetime | None) -> str:
    return f";UNTIL={_instant(due.of(last))}" if last else ""


def _months_due(due: _Due, first: datetime, last: datetime | None, today: datetime) -> Iterator[datetime]:
    """The months that are due within twelve months from the beginning of the present one."""
    begin = periods.start_of(Frequency.MONTH, today)
    end = begin.replace(year=begin.year + 1)
    # The month that ends exactly so long before is due at the beginning.
    earliest = begin - due.wait - timedelta(minutes=1)
    for month in periods.between(Frequency.MONTH, max(first, earliest), min(last or end, end)):
        if begin <= due.of(month) < end:
            yield month


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """The calendar of an agency in the language of its address."""

    code: str
    origin: str

    def validator(self) -> Validator:
        validator, *_ = self._read()
        return validator

    def render(self) -> Representation:
        validator, reference, today = self._read()
        agency = _agency(reference, self.code)
        headers = {"Content-Type": CONTENT_TYPE, "Content-Language": translation.get_language() or "en"}
        return Representation(validator, write(self._lines(reference, agency, today)), headers)

    def _read(self) -> tuple[Validator, Reference, datetime]:
        # Without such an agency there is no answer, and none that an earlier one could have the tag of.
        reference, today = Reference.current(), periods.start_of(Frequency.MONTH, clock.now())
        _agency(reference, self.code)
        tag = blake2b(repr((reference.version, today)).encode(), digest_size=12).hexdigest()
        return Validator(tag, caching.REFERENCE), reference, today

    def _lines(self, reference: Reference, agency: Agency, today: datetime) -> Iterator[tuple[str, str]]:
        name = gettext("Deadlines of %(agency)s") % {"agency": agency.name}
        about = gettext("Reports about hours and minutes are due all day long. They have no events here.")
        yield from [("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", "-//Police2Peer//Deadlines//EN")]
        # Most programs read the older name of each.
        for names, text in ((("NAME", "X-WR-CALNAME"), name), (("DESCRIPTION", "X-WR-CALDESC"), about)):
            yield from ((one, escape(text)) for one in names)
        yield "REFRESH-INTERVAL;VALUE=DURATION", "P1D"
        for schedule in agency.schedules:
            indicator = pages.indicators(reference)[reference.indicator_codes[schedule.indicator]]
            for one in deadlines(schedule, indicator.code, today):
                yield from self._event(reference, agency, indicator, one)
        yield "END", "VCALENDAR"

    def _event(
        self, reference: Reference, agency: Agency, indicator: Indicator, one: Deadline
    ) -> Iterator[tuple[str, str]]:
        frequency = one.schedule.frequency
        which = cldr.period(one.period, frequency) if one.period else cldr.word(frequency)
        yield from [("BEGIN", "VEVENT"), ("UID", f"{agency.code}-{one.key}@{urlsplit(self.origin).hostname}")]
        # The time of the last change of reference data, of which schedules are a part. It stays while nothing changes.
        yield from [("DTSTAMP", _instant(reference.changed)), ("DTSTART", _instant(one.at))]
        if one.rule:
            yield "RRULE", one.rule
        yield "SUMMARY", escape(f"{gettext('Report due')}: {indicator.name} ({which})")
        yield "DESCRIPTION", escape(f"{_wait(one.schedule)} {gettext('All times are UTC.')}")
        # It makes nobody busy.
        yield from [("TRANSP", "TRANSPARENT"), ("URL", f"{self.origin}{reverse('agency:board')}"), ("END", "VEVENT")]


def _wait(schedule: Schedule) -> str:
    wait = {"wait": cldr.duration(schedule.deadline_minutes)}
    if schedule.frequency == Frequency.DAY:
        return gettext("Time to report after the end of the day: %(wait)s.") % wait
    return gettext("Time to report after the end of the month: %(wait)s.") % wait


def _agency(reference: Reference, code: str) -> Agency:
    agency = reference.agencies_by_code.get(code)
    if agency is None or not has_calendar(agency):
        raise Http404
    return agency


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escape(text: str) -> str:
    """Write a text as the value of a property (RFC 5545, 3.3.11)."""
    return text.translate(_ESCAPES)


def write(lines: Iterator[tuple[str, str]]) -> bytes:
    """Write properties as content lines. Long ones are folded between characters, not within one."""
    return b"".join(part + b"\r\n" for name, value in lines for part in _fold(f"{name}:{value}"))


def _fold(line: str) -> Sequence[bytes]:
    found, part = [], b""
    for letter in line:
        more = letter.encode()
        if len(part) + len(more) > _LINE:
            found.append(part)
            part = b" "
        part += more
    return [*found, part]


class CalendarPage(PageView):
    """The deadlines of an agency."""

    def get(self, request: HttpRequest, agency: str) -> HttpResponseBase:
        origin = pages.origin(request)
        return caching.respond(request, "page", "Accept-Encoding", lambda: CalendarAnswer(agency, origin))

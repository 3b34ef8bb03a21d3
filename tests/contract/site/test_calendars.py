"""The calendar of an agency: its deadlines, compared with a slow list of them, and the form of RFC 5545."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from api import caching
from api.site import calendars
from countries import reference, registry
from countries.reference import Schedule
from tests.factories import AgencyFactory, IndicatorFactory, ScheduleFactory
from tests.oracles import deadlines as slow

DAY = 24 * 60
MAX_MINUTES = 90 * DAY
TODAY = datetime(2027, 2, 17, 15, tzinfo=UTC)
#: Twelve months from the beginning of the present one.
SHOWN = datetime(2027, 2, 1, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC)


def instant(text):
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def expanded(found, until):
    """The instants of deadlines before an instant, by the rules as another library reads them."""
    instants = []
    for one in found:
        if one.rule:
            instants += rrulestr(one.rule, dtstart=one.at).between(one.at, until, inc=True)
        else:
            instants.append(one.at)
    return [one for one in instants if one < until]


@given(
    frequency=st.sampled_from("DM"),
    first=st.dates(date(2026, 1, 1), date(2027, 6, 30)),
    days=st.none() | st.integers(0, 500),
    minutes=st.integers(0, MAX_MINUTES) | st.sampled_from([28 * DAY - 1, 28 * DAY, 29 * DAY, 30 * DAY, 31 * DAY]),
)
@example(frequency="M", first=date(2026, 1, 31), days=0, minutes=28 * DAY - 1)
@example(frequency="M", first=date(2026, 1, 31), days=None, minutes=28 * DAY)
@example(frequency="M", first=date(2026, 1, 1), days=None, minutes=31 * DAY)
@example(frequency="M", first=date(2026, 1, 1), days=None, minutes=59 * DAY)
@example(frequency="M", first=date(2026, 1, 1), days=None, minutes=MAX_MINUTES)
@example(frequency="M", first=date(2026, 12, 31), days=1, minutes=30 * DAY + 60)
@example(frequency="D", first=date(2027, 2, 28), days=1, minutes=MAX_MINUTES)
def test_calendar_has_exactly_the_deadlines_of_a_slow_list(frequency, first, days, minutes):
    last = None if days is None else first + timedelta(days=days)
    found = list(calendars.deadlines(Schedule(1, frequency, first, last, minutes), "DOWNLOADS", TODAY))
    wanted = list(slow.deadlines(frequency, first, last, minutes, SHOWN[1]))
    has_rule = frequency == "D" or minutes < 28 * DAY
    assert expanded(found, SHOWN[1]) == [one for one in wanted if has_rule or one >= SHOWN[0]]
    assert all(bool(one.rule) == has_rule for one in found)
    assert len({one.key for one in found}) == len(found) <= 13


@pytest.mark.parametrize("frequency", "NH")
def test_hours_and_minutes_have_no_deadlines(frequency):
    assert list(calendars.deadlines(Schedule(1, frequency, date(2026, 1, 1), None, 60), "DOWNLOADS", TODAY)) == []


@pytest.mark.parametrize("frequency", "DM")
@pytest.mark.parametrize("minutes", [0, MAX_MINUTES])
def test_schedule_may_reach_the_end_of_the_calendar(frequency, minutes):
    schedule = Schedule(1, frequency, date(9999, 12, 31), date(9999, 12, 31), minutes)
    for one in calendars.deadlines(schedule, "DOWNLOADS", TODAY):
        assert one.at.year == 9999


@pytest.fixture
def agency(db):
    IndicatorFactory.create(name="Downloads; of \\ files, whole")
    return AgencyFactory.create(name="Kripos", contact="https://example.org/contact")


@pytest.fixture
def calendar(visit):
    """Read the calendar of an agency as its events, each by its properties, and the properties of the calendar."""

    def read(code="NO-KRIPOS", prefix=""):
        caching.response_cache.clear()
        answer = visit(f"{prefix}/participants/{code}.ics")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        return parsed(answer.content)

    return read


def parsed(content):
    assert content.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]", content)
    assert max(map(len, content.split(b"\r\n"))) <= 75
    # Each line is text by itself: none is cut within a character.
    lines = "\r\n".join(line.decode() for line in content.split(b"\r\n")).replace("\r\n ", "").split("\r\n")[:-1]
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    own, events = {}, []
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif line != "END:VEVENT":
            (events[-1] if events else own)[name] = value
    assert own["VERSION"] == "2.0"
    assert own["PRODID"]
    assert events
    for one in events:
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= one.keys()
    assert len({one["UID"] for one in events}) == len(events)
    return own, events


def test_event_has_the_schedule_in_words_and_times_in_utc(agency, calendar):
    ScheduleFactory.create(agency=agency, frequency="D", deadline_minutes=90, valid_to=date(2026, 12, 31))
    own, (event,) = calendar()
    assert own["X-WR-CALNAME"] == own["NAME"] == "Deadlines of Kripos"
    assert event | {"DTSTAMP": ""} == {
        "UID": "NO-KRIPOS-DOWNLOADS-D-2026-01-01@testserver",
        "DTSTAMP": "",
        "DTSTART": "20260102T013000Z",
        "RRULE": "FREQ=DAILY;UNTIL=20270101T013000Z",
        "SUMMARY": r"Report due: Downloads\; of \\ files\, whole (By day)",
        "DESCRIPTION": r"Time to report after the end of the day: 1 hour\, 30 minutes. All times are UTC.",
        "TRANSP": "TRANSPARENT",
        "URL": "http://testserver/agency/",
    }


def test_hours_are_named_in_the_calendar_and_have_no_event(agency, calendar):
    ScheduleFactory.create(agency=agency, frequency="H")
    ScheduleFactory.create(agency=agency, frequency="M")
    own, (event,) = calendar()
    assert event["RRULE"] == "FREQ=MONTHLY;BYMONTHDAY=1"
    assert own["X-WR-CALDESC"].startswith("Reports about hours and minutes are due all day long.")


def test_long_lines_in_any_alphabet_are_folded_between_characters(agency, calendar):
    name = "Δίωξη Ηλεκτρονικού Εγκλήματος 🚓 " * 5
    type(agency).objects.update(name=name)
    reference.snapshots.clear()
    ScheduleFactory.create(agency=agency, frequency="D")
    own, _ = calendar()
    assert own["NAME"] == f"Deadlines of {name}"


def test_line_break_in_a_name_cannot_begin_a_property():
    (line,) = calendars.write(iter([("SUMMARY", calendars.escape("a\r\nURL:https://example.org\n"))])).splitlines()
    assert line == rb"SUMMARY:a\nURL:https://example.org\n"


def test_changed_deadline_keeps_the_event_and_moves_it(agency, calendar, visit):
    row = ScheduleFactory.create(agency=agency, frequency="D")
    _, (before,) = calendar()
    tag = visit("/participants/NO-KRIPOS.ics")["ETag"]
    assert visit("/participants/NO-KRIPOS.ics", **{"if-none-match": tag}).status_code == 304
    row.deadline_minutes = 120
    registry.save(row, by="ada")
    _, (after,) = calendar()
    assert after["UID"] == before["UID"]
    assert (before["DTSTART"], after["DTSTART"]) == ("20260102T010000Z", "20260102T020000Z")
    assert instant(after["DTSTAMP"]) >= instant(before["DTSTAMP"])
    assert visit("/participants/NO-KRIPOS.ics", **{"if-none-match": tag}).status_code == 200


def test_deadlines_that_no_rule_can_name_move_on_with_the_month(agency, calendar, monkeypatch):
    ScheduleFactory.create(agency=agency, frequency="M", deadline_minutes=40 * DAY)
    tags = []
    for now in (TODAY, TODAY + timedelta(days=28)):
        monkeypatch.setattr(calendars.clock, "now", lambda now=now: now)
        _, events = calendar()
        assert len(events) == 12
        tags.append((events[0]["UID"], events[0]["SUMMARY"].partition(" (")[2]))
    months = (("2026-12", "December 2026)"), ("2027-01", "January 2027)"))
    assert tags == [(f"NO-KRIPOS-DOWNLOADS-M-2026-01-01-{month}@testserver", named) for month, named in months]


def test_agency_without_days_and_months_has_no_calendar_and_no_link(agency, visit):
    ScheduleFactory.create(agency=agency, frequency="H")
    assert visit("/participants/NO-KRIPOS.ics").status_code == 404
    assert visit("/participants/XX-NOBODY.ics").status_code == 404
    assert ".ics" not in visit("/participants/").content.decode()


def test_agency_that_takes_part_no_more_has_no_calendar(agency, visit):
    ScheduleFactory.create(agency=agency, frequency="D")
    address = "/participants/NO-KRIPOS.ics"
    assert visit(address).status_code == 200
    assert f'href="{address}"' in visit("/participants/").content.decode()
    agency.active = False
    registry.save(agency, by="ada", fields=["active"])
    caching.response_cache.clear()
    assert visit(address).status_code == 404
    assert ".ics" not in visit("/participants/").content.decode()


def test_calendar_is_in_the_language_of_its_address(agency, calendar):
    ScheduleFactory.create(agency=agency, frequency="D")
    _, (event,) = calendar(prefix="/nb")
    assert event["URL"] == "http://testserver/nb/agency/"

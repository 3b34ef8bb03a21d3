"""Times of workbooks and of CSV of spreadsheets: local hours, days and months become those of UTC."""

from datetime import UTC, date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from p2p_core.workbooks import values
from p2p_core.workbooks.values import Clock
from tests.unit.core.workbook_files import (
    LOCAL_DAYS,
    NINE,
    OSLO,
    UTC_CLOCK,
    csv,
    faults,
    local,
    refusal,
    reports,
    rewritten,
    row,
    xlsx,
)


@pytest.mark.parametrize(
    ("written", "start"),
    [
        (local(2026, 7, 1, 9), "2026-07-01T07:00"),
        ("2026-11-24 09:00", "2026-11-24T08:00"),
        ("2026-11-24T09:00", "2026-11-24T08:00"),
        ("24.11.2026 9:00", "2026-11-24T08:00"),
        ("24. 11. 2026 09:00:00", "2026-11-24T08:00"),
        ("2026-11-24T08:00Z", "2026-11-24T08:00"),
        ("2026-11-24 09:00+01:00", "2026-11-24T08:00"),
        (local(2026, 10, 25, 1), "2026-10-24T23:00"),
        (local(2026, 10, 25, 3), "2026-10-25T02:00"),
        ("2026-10-25T00:00Z", "2026-10-25T00:00"),
        (local(2026, 3, 29, 1), "2026-03-29T00:00"),
        (local(2026, 3, 29, 3), "2026-03-29T01:00"),
    ],
)
def test_local_hours_become_hours_of_utc(written, start):
    assert reports(xlsx(row(written))) == [("H", start, 17)]


@pytest.mark.parametrize(
    ("beginning", "rest"),
    [
        ("2026-11-24 00:00", "-01:00"),
        ("24.11.2026 09:00", "-10:00"),
        ("2026-11-24 09:00", " - 10:00"),
        ("2026-11-24 09:00", "\u201310"),
        ("2026-11-24 23:00", "-00:00"),
    ],
)
def test_range_is_refused_with_its_beginning(beginning, rest):
    for content in (xlsx(row(beginning + rest)), csv(f"DOWNLOADS;H;{beginning}{rest};NO;ARES;1")):
        [fault] = refusal(content).cells
        assert fault.code == "bad_period"
        assert fault.detail == f"This looks like a range. Write only the beginning: {beginning}."


@pytest.mark.parametrize("offset", ["+02:00", "+03:00", "+25:00"])
def test_offset_that_the_zone_has_at_another_time_is_refused(offset):
    error = refusal(xlsx(row(f"2026-11-24 09:00{offset}")))
    assert f"Europe/Oslo is not {offset} from UTC" in error.cells[0].detail
    assert faults(xlsx(row("2026-07-01 09:00+01:00"))) == [("Reports!C2", "bad_period")]


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("2026-10-25 02:00+02:00", "2026-10-25T00:00"),
        ("2026-10-25 02:00+01:00", "2026-10-25T01:00"),
        ("2026-11-24 08:00+00:00", "2026-11-24T08:00"),
        ("2026-07-01 09:00+02:00", "2026-07-01T07:00"),
    ],
)
def test_offset_of_the_zone_at_this_time_is_read(written, start):
    assert reports(xlsx(row(written))) == [("H", start, 17)]


def test_hour_that_came_twice_is_refused_with_both_ways_to_write_it():
    error = refusal(xlsx(row(local(2026, 10, 25, 2))))
    assert [fault[:2] for fault in error.faults] == [("Reports!C2", "not_utc")]
    detail = error.cells[0].detail
    both = [word for word in detail.split() if word.endswith("Z")]
    assert both == ["2026-10-25T00:00Z", "2026-10-25T01:00Z"]
    assert [start for _, start, _ in reports(xlsx(*map(row, both)))] == ["2026-10-25T00:00", "2026-10-25T01:00"]


def test_hour_that_was_not_there_is_refused():
    error = refusal(xlsx(row(local(2026, 3, 29, 2))))
    assert [fault[:2] for fault in error.faults] == [("Reports!C2", "bad_period")]
    assert "clocks were put forward" in error.cells[0].detail


@given(some.datetimes(local(2020, 1, 1), local(2026, 11, 23)), some.sampled_from(["Europe/Oslo", "Europe/Lisbon"]))
def test_each_hour_of_utc_can_be_written(moment, zone):
    """As the local time that clocks show, unless that is shown twice."""
    start = moment.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    found = values.period(local, "H", Clock(ZoneInfo(zone)))
    assert found.text == f"{start:%Y-%m-%dT%H:%M}" or f"{start:%Y-%m-%dT%H:%MZ}" in found.hint


@pytest.mark.parametrize("written", [date(2026, 11, 20), "2026-11-20", "20.11.2026", local(2026, 11, 20)])
def test_local_days_need_consent(written):
    book = xlsx(row(written, frequency="D"))
    error = refusal(book)
    assert [fault[:2] for fault in error.faults] == [("Reports!C2", "not_utc")]
    assert "ask a coordinator" in error.cells[0].detail
    assert reports(book, LOCAL_DAYS) == reports(book, UTC_CLOCK) == [("D", "2026-11-20T00:00", 17)]


@pytest.mark.parametrize(
    "form",
    ["yyyy-mm-dd", "dd.mm.yyyy", 14, 17, "[$-809]dd mmmm yyyy", 'd. "hour" mmm yy', "[Red]yyyy\\hmm"],
)
def test_date_without_a_time_is_no_hour(form):
    def change(book, sheet):
        sheet.write_datetime(1, 2, local(2026, 11, 24), book.add_format({"num_format": form}))

    for frequency in "HN":
        book = xlsx(row(frequency=frequency), row(local(2026, 11, 23)), change=change)
        assert faults(book) == [("Reports!C2", "bad_period")]
        assert "has a date without a time. Write both: 2026-11-24 09:00." in refusal(book).cells[0].detail
    assert reports(xlsx(row(frequency="D"), change=change), UTC_CLOCK, local(2026, 11, 26).replace(tzinfo=UTC))


@pytest.mark.parametrize("form", ["yyyy-mm-dd hh:mm", "dd/mm/yyyy H", 22, "d.m.yy h AM/PM", "yyyy-mm-dd [h]:mm"])
def test_midnight_is_an_hour_if_the_cell_shows_it(form):
    def change(book, sheet):
        sheet.write_datetime(1, 2, local(2026, 11, 24), book.add_format({"num_format": form}))

    assert reports(xlsx(row(), change=change)) == [("H", "2026-11-23T23:00", 17)]


@pytest.mark.parametrize("written", ["2026-10", date(2026, 10, 1), "2026-M10", "2026-10-01"])
def test_local_months_need_consent(written):
    book = xlsx(row(written, frequency="M"))
    assert faults(book) == [("Reports!C2", "not_utc")]
    assert reports(book, LOCAL_DAYS) == [("M", "2026-10-01T00:00", 17)]


@pytest.mark.parametrize(
    ("frequency", "form"),
    [("N", "2026-11-24 09:00"), ("H", "2026-11-24 09:00"), ("D", "2026-11-24"), ("M", "2026-11")],
)
def test_advice_for_a_bad_period_has_the_form_of_its_frequency(frequency, form):
    [cell] = refusal(xlsx(row("01/02/2026 09:00", frequency=frequency))).cells
    assert f"Write {form}, or format the cell so." in cell.detail
    [cell] = refusal(xlsx(row(time(9), frequency=frequency))).cells
    assert ("Write both: 2026-11-24 09:00." in cell.detail) == (frequency in "NH")


def test_day_that_is_a_day_of_utc_needs_no_consent():
    lisbon = Clock(ZoneInfo("Europe/Lisbon"))
    assert reports(xlsx(row(date(2026, 11, 20), frequency="D")), lisbon)
    assert faults(xlsx(row(date(2026, 7, 20), frequency="D")), lisbon) == [("Reports!C2", "not_utc")]


@pytest.mark.parametrize("written", [date(2026, 10, 2), local(2026, 10, 1, 9), "2026-10-01 09:00"])
def test_month_is_not_cut_off_silently(written):
    assert faults(xlsx(row(written, frequency="M")), LOCAL_DAYS) == [("Reports!C2", "bad_period")]


@pytest.mark.parametrize("written", ["0001-01-01 00:00", "9999-12-31 23:59", "2026-02-30 09:00", "2026-11-24 25:00"])
def test_times_at_the_ends_of_the_calendar(written):
    for frequency in "NHDM":
        for clock in (OSLO, Clock(ZoneInfo("Pacific/Kiritimati")), Clock(ZoneInfo("America/Lima"))):
            assert refusal(xlsx(row(written, frequency=frequency)), clock).faults


def test_last_half_second_of_the_calendar_is_refused():
    book = rewritten(xlsx(row(NINE)), b"<v>46350.375</v>", b"<v>2958465.9999999</v>")
    assert {code for _, code in faults(book)} <= {"bad_period", "misaligned_period", "period_not_ended"}
    assert faults(book)

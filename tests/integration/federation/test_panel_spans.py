"""The span of a panel: which months have entered it, and when."""

from datetime import date

import pytest

from countries import registry
from p2p_core import periods
from tests.integration.federation.comparison import stored_panel as stored
from tests.integration.federation.three_years import NORWAY, agencies_of, assert_panels_agree, day
from tests.integration.federation.world import Said, chapter

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("three_years")]


@pytest.fixture
def three_years(db, three_years_begun):
    """Three agencies that have reported for more than three years; nothing of the year that has begun."""
    with chapter(three_years_begun) as told:
        yield told


def span_of(told, months=12):
    assert_panels_agree(told)
    found = stored(months, "M")
    return periods.label("M", found.start), periods.label("M", periods.previous("M", found.end))


def test_month_enters_a_minute_after_its_end(three_years):
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(seconds=29)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(seconds=1)
    assert span_of(three_years) == ("2026-01", "2026-12")
    assert span_of(three_years, months=36) == ("2024-01", "2026-12")


def test_month_enters_with_its_last_report(three_years):
    three_years.wait(hours=1)
    three_years.schedule(0, "D", date(2026, 12, 1), deadline=2 * 24 * 60)
    three_years.submit(0, Said("D", day("2026-12-31"), withdrawn=True), minutes_ago=1)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.submit(0, Said("D", day("2026-12-31"), {(NORWAY, 1): 4}))
    assert span_of(three_years) == ("2026-01", "2026-12")


@pytest.mark.verify
def test_month_enters_when_the_last_deadline_has_passed(three_years):
    three_years.schedule(0, "D", date(2026, 12, 1), deadline=60)
    three_years.schedule(3, "M", date(2026, 12, 1), deadline=2 * 24 * 60)
    three_years.wait(hours=47, minutes=59)
    assert span_of(three_years) == ("2025-12", "2026-11")
    three_years.wait(minutes=1)
    assert span_of(three_years) == ("2026-01", "2026-12")


@pytest.mark.verify
def test_month_does_not_enter_before_the_month_before_it(three_years):
    three_years.schedule(3, "M", date(2026, 11, 1), date(2026, 11, 30), deadline=60 * 24 * 60)
    three_years.wait(hours=1)
    assert span_of(three_years) == ("2025-11", "2026-10")


@pytest.mark.verify
def test_month_end_moves_the_span_though_nobody_says_anything(three_years):
    three_years.wait(days=32)
    assert span_of(three_years) == ("2026-02", "2027-01")
    assert agencies_of(three_years) == []


@pytest.mark.verify
def test_edited_schedule_is_followed_at_once(three_years):
    three_years.wait(hours=1)
    waits = three_years.schedule(3, "M", date(2026, 12, 1), deadline=30 * 24 * 60)
    assert span_of(three_years) == ("2025-12", "2026-11")
    registry.delete(waits, by="test")
    assert span_of(three_years) == ("2026-01", "2026-12")

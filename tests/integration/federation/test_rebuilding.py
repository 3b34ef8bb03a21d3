"""A rebuild finds what is stored otherwise than the reports give it, and nothing else."""

from datetime import date

from federation import rebuilding
from tests.integration.federation.comparison import assert_agrees


def test_minutes_expected_before_the_kept_ones_are_no_difference(federation):
    federation.schedule(0, "N", date(2026, 11, 1), date(2026, 11, 3))
    federation.settle()
    assert_agrees(federation.oracle())


def test_minutes_since_the_day_before_yesterday_are_published_for_a_new_schedule(federation):
    federation.schedule(0, "N", date(2026, 11, 1))
    federation.settle()
    assert list(rebuilding.differences()) == []

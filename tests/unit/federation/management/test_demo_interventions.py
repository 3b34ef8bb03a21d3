"""One invented intervention is found to work and one is not, whatever the first day is. The demo registers them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from countries.models import Intervention
from federation.management.commands import demo
from federation.management.demo import counts as invented
from federation.management.demo import interventions, registration
from federation.management.demo.agencies import AGENCIES, DOWNLOADS, HELP_VISITS, HISTORY
from federation.management.demo.interventions import INTERVENTIONS, WEEKS_BEFORE
from federation.rules import effect
from federation.rules.panels import start_of_span
from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS
from p2p_core.periods import Frequency
from tests.factories import AgencyFactory, CountryFactory, IndicatorFactory

FIRST_DAYS = [
    datetime(*day, tzinfo=UTC) for day in ((2026, 12, 2), (2026, 12, 31), (2027, 1, 1), (2028, 2, 29), (2028, 3, 6))
]
#: Those that report all weeks of the last twelve months whole. Czechia sends months only.
IN_PANEL = ("NO", "SE", "DE", "GB", "NL", "FR", "FI", "IT")
PEOPLE = {code: 40_000 * (1 + sum(code.encode())) for code in sorted(COUNTRIES) if code != "_U"}
WEEK = timedelta(weeks=1)
WORKS, WORKS_NOT, RUNS, COMES = INTERVENTIONS


def weekly_counts(first_day, first, last):
    """What the agencies of the panel count of each country in each week, from the senders of the demo."""
    weeks = (last - first) // WEEK
    found = np.zeros((len(PEOPLE) + 1, weeks), np.int64)
    for seed, unit in enumerate(AGENCIES):
        if unit.country in IN_PANEL:
            for start, row in daily_counts(unit, seed, first_day):
                if first <= start < last:
                    found[:, (start - first) // WEEK] += row.reshape(len(found), -1).sum(axis=1)
    return dict(zip([*sorted(PEOPLE), "_U"], found, strict=True))


def daily_counts(unit, seed, first_day):
    stream = unit.streams[0]
    rng = np.random.default_rng(seed)
    near, shares = GROUP_MEMBERS["EUROPE"], invented.NETWORK_SHARES
    mixture = invented.draw_mixture(PEOPLE, near=near, home=unit.country, networks=shares, rng=rng)
    sender = demo.Sender(stream, None, mixture, first_day - HISTORY, seed, first_day)
    steps = [step for step in sender.due(now=first_day) if step[0] is Frequency.DAY]
    return zip((start for _, start in steps), sender.draw(steps), strict=True)


def estimate_of(one, counts, first, start):
    others = [code for code in GROUP_MEMBERS["EUROPE"] if code != one.country]
    at = (start - first) // WEEK
    table = np.array([counts[code] for code in (one.country, *others)])
    table = table[:, at - WEEKS_BEFORE : at + one.weeks_after]
    return effect.estimate(table[effect.are_large_enough(table, WEEKS_BEFORE)], WEEKS_BEFORE)


@pytest.mark.parametrize("first_day", FIRST_DAYS, ids=str)
def test_the_first_works_and_the_second_does_not(first_day):
    start = WORKS.start(first_day)
    first, last = start - WEEKS_BEFORE * WEEK, start + WORKS.weeks_after * WEEK
    counts = weekly_counts(first_day, first, last)
    works = estimate_of(WORKS, counts, first, start)
    assert works.low < np.log(WORKS.factor) < works.high < 0
    assert len(works.changes) > effect.FEWEST_COMPARISONS
    works_not = estimate_of(WORKS_NOT, counts, first, WORKS_NOT.start(first_day))
    assert works_not.low < 0 < works_not.high


def test_both_windows_of_the_first_two_are_in_the_panel_on_every_first_day():
    for day in range(5 * 366):
        first_day = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=day)
        this_month = periods.start_of(Frequency.MONTH, first_day)
        # For some days, the reports of the last month are awaited. Then the span ends before it.
        waits = first_day - this_month < timedelta(days=5)
        ends = {this_month, periods.start_of(Frequency.MONTH, this_month - WEEK) if waits else this_month}
        for one in (WORKS, WORKS_NOT):
            start = one.start(first_day)
            assert start.weekday() == 0
            assert start + one.weeks_after * WEEK <= min(ends)
            assert start - WEEKS_BEFORE * WEEK >= start_of_span(max(ends), 12)
        # At least one week of the third is in the panel, but not all are.
        assert RUNS.start(first_day) + WEEK <= min(ends)
        assert RUNS.start(first_day) + RUNS.weeks_after * WEEK > first_day
        assert first_day + WEEK < COMES.start(first_day) <= first_day + 2 * WEEK


def test_windows_leave_room_in_a_panel_of_twelve_months():
    assert all(WEEKS_BEFORE + one.weeks_after + 9 <= 52 for one in INTERVENTIONS)


def test_countries_have_no_invented_agency_and_texts_say_invented():
    assert not {one.country for one in INTERVENTIONS} & {unit.country for unit in AGENCIES}
    for one in INTERVENTIONS:
        assert "(invented)" in one.title
        assert "invented" in one.description
        assert "(invented)" in one.registrant


def test_live_reports_keep_the_change():
    """From the start on, the counts of its country are fewer, and no others."""
    first_day, norway = FIRST_DAYS[0], AGENCIES[0].streams[0]
    mixture = invented.Mixture(("AT", "BE", "GR", "HU", "NO"), ("BITTORRENT",), np.full(5, 0.2))
    starts = [COMES.start(first_day) - timedelta(minutes=1), COMES.start(first_day)]
    shares = mixture.over_time(starts, interventions.changes(norway, first_day=first_day))
    for_all = [1, WORKS.factor, 1, RUNS.factor, 1]
    assert shares / 0.2 == pytest.approx(np.array([for_all, [*for_all[:2], COMES.factor, *for_all[3:]]]))
    assert mixture.shares.tolist() == [0.2] * 5


def test_visits_do_not_change():
    (visits,) = (stream for stream in AGENCIES[0].streams if stream.indicator == HELP_VISITS)
    assert list(interventions.changes(visits, first_day=FIRST_DAYS[0])) == []


@pytest.mark.django_db
def test_they_are_registered_once_and_only_the_last_is_before_its_start():
    AgencyFactory.create(invented=True)
    IndicatorFactory.create(code=DOWNLOADS)
    for one in INTERVENTIONS:
        CountryFactory.create(code=one.country)
    first_day = periods.start_of(Frequency.DAY, datetime.now(UTC))
    for day in (first_day, first_day + 30 * WEEK):
        registration.add_interventions(first_day=day)
    stored = {row.countries[0]: row for row in Intervention.objects.all()}
    assert {code: row.start for code, row in stored.items()} == {
        one.country: one.start(first_day).date() for one in INTERVENTIONS
    }
    before_start = {code for code, row in stored.items() if row.registered.date() < row.start}
    assert before_start == {COMES.country}
    assert {row.direction for row in stored.values()} == {"fewer"}

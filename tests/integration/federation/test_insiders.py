"""What an agency sends tells it nothing of the others: the promises of protection.md, bit for bit, in random histories.

Each history has a beginning, after which everything is published first, and a sequel. All that is published then
begins with the last agency's reports, so that no sequel publishes a period of that time first.
"""

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from math import sqrt
from statistics import mean

import pytest
from django.conf import settings as site
from hypothesis import given
from hypothesis import strategies as st

from federation.runs import reconciliation
from p2p_core.codes import COUNTRIES, NETWORKS
from tests.histories import one_in
from tests.integration.federation.comparison import everything_stored, stored_cells, unclipped_numbers
from tests.integration.federation.world import Said, chapter, world
from tests.oracles.calendar import DAY, start_of
from tests.oracles.places import is_public, margins_of, places_with, sum_of

pytestmark = pytest.mark.django_db

BASE = site.ROUNDING_BASE
#: A day and a week have just ended; the week lies in two years.
NOW = datetime(2027, 1, 4, 0, 2, tzinfo=UTC)


def day(month, number):
    return datetime(2027 if month == 1 else 2026, month, number, tzinfo=UTC)


#: The periods that are spoken of, and with which each of them begins.
PERIODS = {
    "N": [day(1, 4) - timedelta(minutes=number) for number in (1, 2)],
    "H": [day(1, 4) - timedelta(hours=number) for number in (1, 2, 24)] + [day(1, 1) - timedelta(hours=1)],
    "D": [day(12, 28), day(12, 30), day(12, 31), day(1, 1), day(1, 3)],
    "M": [day(11, 1), day(12, 1)],
}
FIRST = [("N", day(1, 4) - timedelta(minutes=3)), ("H", day(12, 31)), ("D", day(12, 28)), ("M", day(11, 1))]
COUNTRIES_SPOKEN_OF = (578, 276, 196, 840, 999)
AGENCIES = 3

examples = one_in(5)
few_examples = one_in(10)

places = st.tuples(st.sampled_from(COUNTRIES_SPOKEN_OF), st.sampled_from((1, 2, 9)))
values = st.integers(0, 12) | st.just(10**9)


@st.composite
def reports(draw, frequencies="NNHHHDDM", values=values):
    frequency = draw(st.sampled_from(frequencies))
    withdrawn = draw(st.integers(0, 4)) == 0
    return Said(
        frequency,
        draw(st.sampled_from(PERIODS[frequency])),
        cells={} if withdrawn else draw(st.dictionaries(places, values, max_size=4)),
        status=draw(st.sampled_from("AAP")),
        withdrawn=withdrawn,
    )


def submissions(agencies, minutes_ago, **kinds):
    """What some agencies send, prepared at different times: between equals the submission's random id decides."""
    said = st.lists(reports(**kinds), min_size=1, max_size=6, unique_by=lambda said: said.key)
    one = st.tuples(st.sampled_from(agencies), said, st.sampled_from(minutes_ago))
    return st.lists(one, max_size=6, unique_by=lambda submission: submission[2])


EVERYBODY = range(AGENCIES)
EARLY, LATE = range(4000, 5000), range(1, 4000)
beginnings = submissions(EVERYBODY, EARLY)
turns = st.integers(0, 5)


@contextmanager
def published(monkeypatch, beginning):
    """A world in which everything has been published first."""
    with world(monkeypatch, now=NOW) as federation:
        federation.submit(AGENCIES - 1, *(Said(*first, {(578, 1): BASE}) for first in FIRST), minutes_ago=6000)
        for agency, said, minutes_ago in beginning:
            federation.submit(agency, *said, minutes_ago=minutes_ago)
        federation.settle()
        yield federation


def go_on(federation, sequel, turns_between):
    """Send one after the other, with some work done after each, and then do all work."""
    for (agency, said, minutes_ago), steps in zip(sequel, turns_between, strict=True):
        federation.submit(agency, *said, minutes_ago=minutes_ago)
        for _ in range(steps):
            reconciliation._step()
    federation.settle()


def numbers(federation):
    """All numbers of the public periods that may change, before the clip at zero: minutes never do."""
    return unclipped_numbers(key for key in federation.memory.frozen if key[1] != "N")


def rounded_changes(federation, agencies):
    """The rounded changes of some agencies, added up."""
    told, found = federation.oracle(), {}
    for indicator, frequency, period in federation.memory.frozen:
        for number in agencies:
            agency = federation.agencies[number].pk
            for place, change in told.rounded_changes(agency, indicator, frequency, period).items():
                found[frequency, period, *place] = found.get((frequency, period, *place), 0) + change
    return found


def less(one, other):
    """The one less the other, where they differ."""
    by = {key: one.get(key, 0) - other.get(key, 0) for key in {*one, *other}}
    return {key: difference for key, difference in by.items() if difference}


# --- what insiders send -----------------------------------------------------------------------------------------------


@pytest.mark.verify
@examples
@given(st.data(), beginnings, st.sampled_from([(0,), (0, 1)]))
def test_reports_of_insiders_do_not_change_the_rounding_of_others(monkeypatch, data, beginning, insiders):
    """Two sequels: the others send the same, and the insiders what they like, in any order."""
    others = data.draw(submissions([agency for agency in EVERYBODY if agency not in insiders], LATE[::2]))
    seen = []
    with published(monkeypatch, beginning) as federation:
        for _ in range(2):
            sequel = data.draw(submissions(insiders, LATE[1::2]).flatmap(lambda sent: st.permutations(others + sent)))
            with chapter(federation):
                go_on(federation, sequel, data.draw(st.lists(turns, min_size=len(sequel), max_size=len(sequel))))
                public = numbers(federation)
                assert_clipped(federation, public)
                assert_within_bounds(federation, public)
                seen.append(less(public, rounded_changes(federation, insiders)))
    assert seen[0] == seen[1]


def assert_clipped(federation, public):
    """What is public is what was computed, or 0 if that is below."""
    stored = {}
    for frequency in "HDWMA":
        stored |= stored_cells(1, frequency, now=federation.now)
    assert stored == {cell: value for cell, value in public.items() if value > 0}


def assert_within_bounds(federation, public):
    """Off by less than the base, and by less than the base for each agency that has changed since."""
    exact, changed = exact_numbers(federation), Counter()
    told = federation.oracle()
    for _, frequency, period in federation.memory.frozen:
        for agency in told.agencies(1):
            for place in margins_of(told.changes(agency, 1, frequency, period)):
                changed[frequency, period, *place] += 1
    off = less(public, exact)
    assert [cell for cell in off if abs(off[cell]) >= BASE * (1 + changed[cell])] == []


def exact_numbers(federation):
    """What all agencies count now, in each cell that is public."""
    told = federation.oracle()
    return {
        (frequency, period, *place): value
        for _, frequency, period in federation.memory.frozen
        if frequency != "N"
        for place, value in margins_of(
            sum_of(told.cells(agency, 1, frequency, period) for agency in told.agencies(1))
        ).items()
        if is_public(frequency, place)
    }


# --- what was there first, and the way there --------------------------------------------------------------------------


@few_examples
@given(st.data(), beginnings, submissions(EVERYBODY, LATE))
def test_the_first_state_has_the_first_numbers_again(monkeypatch, data, beginning, sequel):
    """All that was sent in the sequel is undone at its end."""
    with published(monkeypatch, beginning) as federation:
        desk, first = federation.memory.desk, numbers(federation)
        stood = {key: record.report for key in desk.by_key if (record := desk.current(key))}
        go_on(federation, sequel, data.draw(st.lists(turns, min_size=len(sequel), max_size=len(sequel))))
        for key in list(desk.by_key):
            federation.submit(key[0] - 1, as_it_stood(key, stood.get(key)))
        federation.settle()
        assert not desk.all_waiting()
        assert numbers(federation) == first


def as_it_stood(key, report):
    """A report that says what one said; a withdrawal, if there was none."""
    _, _, frequency, period = key
    if report is None or report.withdrawn:
        return Said(frequency, period, withdrawn=True)
    return Said(frequency, period, report.cells, report.status)


@pytest.mark.verify
@few_examples
@given(st.data(), beginnings, submissions(EVERYBODY, LATE))
def test_only_the_final_reports_matter(monkeypatch, data, beginning, sequel):
    ends = []
    with published(monkeypatch, beginning) as federation:
        for _ in range(2):
            steps = data.draw(st.lists(turns, min_size=len(sequel), max_size=len(sequel)))
            with chapter(federation):
                go_on(federation, data.draw(st.permutations(sequel)), steps)
                ends.append(everything_stored(federation.now))
    assert ends[0] == ends[1]


# --- tables of days and coarser ---------------------------------------------------------------------------------------


def long_cells(cells):
    """Those of days, weeks, months and years."""
    return {cell: value for cell, value in cells.items() if cell[0] not in "NH"}


@pytest.mark.verify
@few_examples
@given(beginnings, st.sampled_from(["D", "H", "N"]), st.sampled_from([day(1, 3), day(12, 31)]), st.data())
def test_minutes_hours_and_the_day_move_nothing_but_themselves(monkeypatch, beginning, before, whole, data):
    """An agency sends a day in one way, which may change its numbers; sent in other ways, the same moves nothing."""
    cells = data.draw(st.dictionaries(places, st.integers(1, 12), min_size=1, max_size=4))
    ways = {"D": by_the_day, "H": by_the_hour, "N": by_the_minute}
    with published(monkeypatch, beginning) as federation:
        federation.submit(0, *ways.pop(before)(whole, cells), minutes_ago=30)
        federation.settle()
        first = long_cells(numbers(federation))
        for way in ways.values():
            federation.wait(seconds=1)
            federation.submit(0, *way(whole, cells))
            federation.settle()
            assert long_cells(numbers(federation)) == first


def by_the_day(whole, cells):
    return [Said("D", whole, cells)]


def by_the_hour(whole, cells):
    """Everything in the last two hours: no report of the day, and none of its other hours counts."""
    half = {place: value // 2 for place, value in cells.items()}
    return [
        Said("D", whole, withdrawn=True),
        *nothing_before(whole, 22),
        *parts("H", hours_of(whole)[22:], cells, half),
    ]


def by_the_minute(whole, cells):
    """Everything in two of the minutes of the last hour, which is not reported itself."""
    last, half = hours_of(whole)[23], {place: value // 2 for place, value in cells.items()}
    minutes = [last + timedelta(minutes=number) for number in range(60)]
    withdrawn = [Said("D", whole, withdrawn=True), Said("H", last, withdrawn=True)]
    rest = [Said("N", minute) for minute in minutes[:58]]
    return [*withdrawn, *nothing_before(whole, 23), *rest, *parts("N", minutes[58:], cells, half)]


def hours_of(whole):
    return [whole + timedelta(hours=number) for number in range(24)]


def nothing_before(whole, hour):
    return [Said("H", one) for one in hours_of(whole)[:hour]]


def parts(frequency, two, cells, half):
    """The cells in two periods: one half, and the rest."""
    rest = {place: value - half[place] for place, value in cells.items()}
    return [Said(frequency, two[0], half), Said(frequency, two[1], rest)]


@examples
@given(
    submissions((1, 2), EARLY),
    st.sampled_from([("N", PERIODS["N"][0]), ("H", PERIODS["H"][-1]), ("D", day(12, 30)), ("D", day(1, 1))]),
    places,
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_one_late_event_moves_all_tables_of_days_and_coarser_alike_or_none(
    monkeypatch, beginning, when, single, before, after
):
    frequency, period = when
    with published(monkeypatch, [*beginning, (0, [Said(frequency, period, {single: before})], 5500)]) as federation:
        first = numbers(federation)
        federation.submit(0, Said(frequency, period, {single: after}))
        federation.settle()
        moved = long_cells(less(numbers(federation), first))
    whole = [(longer, start_of(longer, period)) for longer in "DWMA"]
    public = [one for one in whole if (1, *one) in federation.memory.frozen]
    concerned = {(*one, *place) for one in public for place in places_with(single)}
    by = {moved.get(cell, 0) for cell in concerned}
    assert set(moved) <= concerned
    assert len(by) == 1
    assert abs(by.pop() - (after - before)) < BASE


# --- how far off ------------------------------------------------------------------------------------------------------

multiples = st.integers(0, 5).map(lambda times: times * BASE)


@pytest.mark.verify
@few_examples
@given(submissions(EVERYBODY, EARLY, values=multiples), submissions(EVERYBODY, LATE, values=multiples))
def test_multiples_of_the_base_stay_exact(monkeypatch, beginning, sequel):
    with published(monkeypatch, beginning) as federation:
        assert less(numbers(federation), exact_numbers(federation)) == {}
        go_on(federation, sequel, [0] * len(sequel))
        assert less(numbers(federation), exact_numbers(federation)) == {}


def test_first_sums_and_changes_are_unbiased(federation):
    """Each remainder, to five standard errors: of the first sum, of a withdrawal, and of a report that comes late."""
    places = product(COUNTRIES.values(), NETWORKS.values())
    cells = {place: 1 + number % (BASE - 1) for number, place in enumerate(places)}
    yesterday = start_of("D", federation.now) - DAY
    sent, withdrawn = Said("D", yesterday, cells), Said("D", yesterday, withdrawn=True)
    for agency, said, sign in [(0, sent, 1), (0, withdrawn, -1), (1, sent, 1)]:
        before = numbers(federation)
        federation.wait(minutes=1)
        federation.submit(agency, said)
        federation.settle()
        moved = less(numbers(federation), before)
        for rest in range(1, BASE):
            moves = [moved.get(("D", yesterday, *place), 0) for place, value in cells.items() if value == rest]
            assert abs(mean(moves) - sign * rest) <= 5 * sqrt(rest * (BASE - rest) / len(moves))

"""The second implementation of protection.md against examples that were computed by hand."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from hashlib import blake2b
from uuid import UUID

import pytest

from tests.oracles import rounding
from tests.oracles.calendar import start_of
from tests.oracles.federation import NOBODY, Cell, Federation, Frozen
from tests.oracles.places import margins_of
from tests.oracles.records import Report

SECRET = bytes(range(16))
NOW = datetime(2027, 2, 1, 1, tzinfo=UTC)
NORWAY, GERMANY, CYPRUS, STATES = 578, 276, 196, 840
EU27, EUROPE, WORLD = 2020, 150, 1
ALL = 0
MONDAY, TUESDAY = datetime(2026, 12, 28, tzinfo=UTC), datetime(2026, 12, 29, tzinfo=UTC)
NOON = TUESDAY + timedelta(hours=12)
DECEMBER, NOVEMBER = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
#: Those days, all longer periods that hold them, and the noon of Tuesday.
PUBLISHED = {
    *((frequency, start_of(frequency, day)) for day in (MONDAY, TUESDAY, DECEMBER, NOVEMBER) for frequency in "DWMA"),
    *((frequency, NOON) for frequency in "NH"),
}
NORWAYS_TUESDAY = Cell("D", TUESDAY, NORWAY, 1)


# --- one cell ---------------------------------------------------------------------------------------------------------


def test_the_number_of_a_cell_is_made_of_these_bytes():
    """Agency 2, indicator 1, Norway (0x0242), network 9, 2026-12-29 (minute 29,975,040, 0x01C96200), by the day (D)."""
    message = bytes.fromhex("0200 0100 4202 0900 0062C901 44")
    digest = blake2b(message, digest_size=8, key=SECRET, person=b"p2p-cell").digest()
    found = rounding.number_of(SECRET, agency=2, indicator=1, country=NORWAY, network=9, period=TUESDAY, frequency="D")
    assert found == Fraction(int(f"{int.from_bytes(digest, 'little'):064b}"[:53], 2), 2**53)


@pytest.mark.parametrize(
    ("value", "number", "expected"),
    [
        (3, "0.59", 5),
        (3, "0.60", 0),
        (0, "0.00", 0),
        (5, "0.00", 5),
        (11, "0.19", 15),
        (11, "0.20", 10),
        (-3, "0.59", -5),
        (-3, "0.60", 0),
        (-5, "0.00", -5),
        (-11, "0.19", -15),
        (-11, "0.20", -10),
    ],
)
def test_a_value_is_rounded_away_from_zero_if_the_number_is_below_its_remainder(value, number, expected):
    assert rounding.rounded(value, Fraction(number), 5) == expected


# --- a federation that has published ----------------------------------------------------------------------------------


def report(frequency, period, cells, *, agency=1, order=0, withdrawn=False):
    at = NOW + timedelta(seconds=order)
    return Report(UUID(int=order), agency, 1, frequency, period, "A", withdrawn, cells, at, at)


def told(before, after):
    """A federation that had some reports when it published, and has others since."""
    frozen: Frozen = {}
    known = {"now": NOW, "secret": SECRET, "base": 5, "frozen": frozen}
    first = Federation(before, [], **known)
    for frequency, period in PUBLISHED:
        first.freeze(1, frequency, period)
    return Federation([*before, *after], [], **known)


def finest(before, after):
    """The finest cell of the first agency's change, for each cell that it has changed in."""
    found = told(before, after)
    return {
        (frequency, period, *place): found.finest_cell(1, 1, frequency, period, place)
        for frequency, period in PUBLISHED
        for place in margins_of(found.changes(1, 1, frequency, period))
    }


def at(cells, *places):
    """What the finest cells are in some places, in any period."""
    return {cell for (_, _, *place), cell in cells.items() if tuple(place) in places}


OTHERS = report("D", TUESDAY, {(NORWAY, 1): 7}, agency=2)
TUESDAYS = {("D", TUESDAY), ("W", MONDAY), ("M", DECEMBER), ("A", YEAR)}


@pytest.mark.parametrize("frequency", "NHD")
def test_a_late_report_has_one_finest_cell_in_all_tables_of_days_and_coarser(frequency):
    """A minute that is public does not change."""
    period = TUESDAY if frequency == "D" else NOON
    cells = finest([OTHERS], [report(frequency, period, {(NORWAY, 1): 3})])
    long = {cell: found for cell, found in cells.items() if cell[0] not in "NH"}
    assert set(long.values()) == {NORWAYS_TUESDAY}
    assert {cell[:2] for cell in long} == TUESDAYS
    assert {cell[2:] for cell in long} == {(c, n) for c in (NORWAY, EUROPE, WORLD) for n in (1, ALL)}
    for shorter in set(cells) - set(long):
        assert cells[shorter] == Cell(shorter[0], NOON, NORWAY, ALL)
    assert {cell[0] for cell in cells} == {"N": set("HDWMA"), "H": set("HDWMA"), "D": set("DWMA")}[frequency]


@pytest.fixture
def numbers(monkeypatch):
    """The numbers of cells with their agency, to be set; any other makes 0 of 3 and 5 of 7."""
    chosen = {}

    def number_of(secret, *, agency, indicator, country, network, period, frequency):
        return Fraction(chosen.get((agency, Cell(frequency, period, country, network)), "0.7"))

    monkeypatch.setattr(rounding, "number_of", number_of)
    return chosen


def shown(found, *, clipped=True):
    """What is published of Norway over all networks, by frequency."""
    read = found.published if clipped else found.unclipped
    return [read(1, frequency, period).get((NORWAY, ALL), 0) for frequency, period in sorted(TUESDAYS)]


THREE = report("H", NOON, {(NORWAY, 1): 3})


@pytest.mark.parametrize(("number", "change"), [("0.59", 5), ("0.60", 0)])
def test_a_late_three_moves_all_tables_or_none(numbers, number, change):
    """The others' 7 are 5, or 10 in the year, and stay so."""
    numbers[NOBODY, Cell("A", YEAR, NORWAY, ALL)] = "0.39"
    numbers[1, NORWAYS_TUESDAY] = number
    assert shown(told([OTHERS], [])) == [10, 5, 5, 5]
    assert shown(told([OTHERS], [THREE])) == [10 + change, 5 + change, 5 + change, 5 + change]


@pytest.mark.parametrize(("number", "change"), [("0.59", -5), ("0.60", 0)])
def test_a_withdrawal_is_rounded_with_its_sign(numbers, number, change):
    """7 and 3 are 10 first."""
    numbers[1, NORWAYS_TUESDAY] = number
    gone = report("H", NOON, {}, withdrawn=True, order=1)
    assert shown(told([OTHERS, THREE], [gone])) == [10 + change] * 4


def test_below_zero_nothing_is_shown(numbers):
    """3 is 0 first, and 5 less when it is withdrawn."""
    numbers[1, NORWAYS_TUESDAY] = "0.59"
    found = told([THREE], [report("H", NOON, {}, withdrawn=True, order=1)])
    assert shown(found, clipped=False) == [-5] * 4
    assert shown(found) == [0] * 4


def test_the_frozen_state_gives_the_first_number_again(numbers):
    """7 and 3 are 10, however often the 3 were something else meanwhile."""
    numbers[1, NORWAYS_TUESDAY] = "0"
    other = report("H", NOON, {(NORWAY, 1): 4, (GERMANY, 2): 9}, order=1)
    assert shown(told([OTHERS, THREE], [other])) == [15] * 4
    again = told([OTHERS, THREE], [other, report("H", NOON, THREE.cells, order=2)])
    assert shown(again) == [10] * 4
    assert not any(again.changes(1, 1, frequency, period) for frequency, period in PUBLISHED)


def test_each_agency_is_rounded_by_itself(numbers):
    """2 and 2 of two agencies are 5 and 0, and not 4 of both."""
    numbers[1, NORWAYS_TUESDAY] = "0.39"
    two = {(NORWAY, 1): 2}
    found = told([], [report("D", TUESDAY, two), report("D", TUESDAY, two, agency=2)])
    assert shown(found) == [5] * 4


def test_a_change_in_two_networks_belongs_to_all_networks_where_it_shows_as_one():
    cells = finest([], [report("D", TUESDAY, {(NORWAY, 1): 3, (NORWAY, 2): 1})])
    assert at(cells, (NORWAY, 1), (WORLD, 1)) == {NORWAYS_TUESDAY}
    assert at(cells, (NORWAY, 2), (WORLD, 2)) == {Cell("D", TUESDAY, NORWAY, 2)}
    assert at(cells, (NORWAY, ALL), (EUROPE, ALL), (WORLD, ALL)) == {Cell("D", TUESDAY, NORWAY, ALL)}


def test_a_change_in_two_countries_of_the_union_belongs_to_the_union():
    cells = finest([], [report("D", TUESDAY, {(GERMANY, 1): 3, (CYPRUS, 1): 1})])
    assert at(cells, (GERMANY, 1), (GERMANY, ALL)) == {Cell("D", TUESDAY, GERMANY, 1)}
    assert at(cells, (EU27, 1), (EUROPE, 1), (WORLD, 1), (WORLD, ALL)) == {Cell("D", TUESDAY, EU27, 1)}


def test_a_change_inside_and_outside_the_union_belongs_to_europe_or_the_world():
    cells = finest([], [report("D", TUESDAY, {(GERMANY, 1): 3, (NORWAY, 1): 1})])
    assert at(cells, (EU27, 1), (EU27, ALL)) == {Cell("D", TUESDAY, GERMANY, 1)}
    assert at(cells, (EUROPE, 1), (WORLD, 1), (WORLD, ALL)) == {Cell("D", TUESDAY, EUROPE, 1)}
    cells = finest([], [report("D", TUESDAY, {(GERMANY, 1): 3, (STATES, 2): 1})])
    assert at(cells, (EUROPE, 1), (WORLD, 1)) == {Cell("D", TUESDAY, GERMANY, 1)}
    assert at(cells, (WORLD, ALL)) == {Cell("D", TUESDAY, WORLD, ALL)}


def in_norway(cells):
    """What the finest period is in each period, of Norway over all networks."""
    return {cell[:2]: found[:2] for cell, found in cells.items() if cell[2:] == (NORWAY, ALL)}


def test_a_change_in_two_days_belongs_to_the_week_the_month_and_in_the_year_to_the_month():
    cells = in_norway(finest([], [report("D", day, {(NORWAY, 1): 2}) for day in (MONDAY, TUESDAY)]))
    assert cells == {
        ("D", MONDAY): ("D", MONDAY),
        ("D", TUESDAY): ("D", TUESDAY),
        ("W", MONDAY): ("W", MONDAY),
        ("M", DECEMBER): ("M", DECEMBER),
        ("A", YEAR): ("M", DECEMBER),
    }


def test_changes_of_two_networks_in_two_days_belong_to_a_period_that_holds_both():
    cells = in_norway(finest([], [report("D", MONDAY, {(NORWAY, 1): 2}), report("D", TUESDAY, {(NORWAY, 2): 2})]))
    assert {cells[period] for period in TUESDAYS} == {
        ("D", TUESDAY),
        ("W", MONDAY),
        ("M", DECEMBER),
    }


def test_a_change_in_two_months_belongs_to_the_year():
    cells = in_norway(finest([], [report("D", day, {(NORWAY, 1): 2}) for day in (NOVEMBER, DECEMBER)]))
    assert cells["M", NOVEMBER] == ("D", NOVEMBER)
    assert cells["M", DECEMBER] == ("D", DECEMBER)
    assert cells["A", YEAR] == ("A", YEAR)


def test_a_month_reported_by_itself_has_its_change_to_itself():
    cells = in_norway(finest([], [report("M", DECEMBER, {(NORWAY, 1): 2})]))
    assert cells == {("M", DECEMBER): ("M", DECEMBER), ("A", YEAR): ("M", DECEMBER)}


def test_a_month_that_changes_by_other_than_its_days_has_its_change_to_itself():
    month, day = report("M", DECEMBER, {(NORWAY, 1): 2}), report("D", TUESDAY, {(NORWAY, 1): 1})
    cells = in_norway(finest([], [month, day]))
    assert cells == {
        ("D", TUESDAY): ("D", TUESDAY),
        ("W", MONDAY): ("D", TUESDAY),
        ("M", DECEMBER): ("M", DECEMBER),
        ("A", YEAR): ("M", DECEMBER),
    }


def test_a_day_and_a_month_of_two_networks_belong_to_the_month_in_the_year():
    """The agency reports one network of December by the day, and another by a report of the month that holds both."""
    day = report("D", TUESDAY, {(NORWAY, 1): 2})
    month = report("M", DECEMBER, {(NORWAY, 1): 2, (NORWAY, 2): 4})
    cells = finest([], [day, month])
    assert cells["A", YEAR, NORWAY, 1] == NORWAYS_TUESDAY
    assert cells["A", YEAR, NORWAY, ALL] == Cell("M", DECEMBER, NORWAY, ALL)


def test_what_was_late_for_the_day_and_not_for_the_month_changes_the_day_alone():
    """The month is published when the late report is there."""
    frozen: Frozen = {}
    known = {"now": NOW, "secret": SECRET, "base": 5, "frozen": frozen}
    Federation([OTHERS], [], **known).freeze(1, "D", TUESDAY)
    found = Federation([OTHERS, THREE], [], **known)
    found.freeze(1, "M", DECEMBER)
    assert found.changes(1, 1, "D", TUESDAY) == {(NORWAY, 1): 3}
    assert found.changes(1, 1, "M", DECEMBER) == {}
    assert found.rounded_first(1, "M", DECEMBER)[NORWAY, 1] == 10


def test_minutes_and_hours_are_published_over_all_networks_only():
    found = told([report("N", NOON, {(NORWAY, 1): 3, (NORWAY, 2): 9})], [])
    for frequency in "NH":
        assert {network for _, network in found.unclipped(1, frequency, NOON)} == {ALL}

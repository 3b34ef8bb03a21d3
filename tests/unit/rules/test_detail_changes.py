"""What a change of a detail does: to the country, and to the groups that it belongs to."""

from datetime import UTC, date, datetime
from itertools import product
from random import Random

import pytest

from federation.rules.detail import CountryDetail, DetailChange, Details
from p2p_core import codes, periods
from tests.oracles.federation import Federation
from tests.oracles.places import MEMBERS
from tests.oracles.records import Detail

GROUPS = (WORLD, EUROPE, UNION) = tuple(codes.GROUPS[code] for code in ("_T", "EUROPE", "EU27_2020"))
MARINO, VATICAN, ICELAND, NORWAY = (codes.COUNTRIES[code] for code in ("SM", "VA", "IS", "NO"))
MALTA, CYPRUS, LUXEMBOURG, FRANCE = (codes.COUNTRIES[code] for code in ("MT", "CY", "LU", "FR"))
UNKNOWN, JAPAN = codes.COUNTRIES["_U"], codes.COUNTRIES["JP"]
ALWAYS, JANUARY, MARCH = date(2017, 1, 1), date(2027, 1, 1), date(2027, 3, 1)


def second(month):
    return periods.epoch(datetime(month.year, month.month, 1, tzinfo=UTC))


def details(rows):
    """Everything as fine as can be, except these: country, first month, step and step by network."""
    fine = {(number, ALWAYS): ("N", "D") for number in codes.COUNTRIES.values()}
    kept = fine | {row[:2]: row[2:] for row in rows}
    found = [CountryDetail(country, second(month), *steps) for (country, month), steps in kept.items()]
    return Details.of(sorted(found, key=lambda row: row.month))


def changes(present, row):
    return list(details(present).changes(details([*present, row])))


def change(place, steps, *members, by_network=False, outside=None, published=False, end=None):
    start, end = second(JANUARY), end and second(end)
    return DetailChange(place, by_network, start, end, tuple(steps), published, members, outside)


def test_one_country_set_to_months_alone_takes_the_weeks_days_and_hours_of_its_groups():
    present = [(one, ALWAYS, "W", "M") for one in (VATICAN, ICELAND, NORWAY)]
    assert changes(present, (MARINO, JANUARY, "M", "M")) == [
        change(MARINO, "WDHN"),
        change(MARINO, "WD", by_network=True),
        change(WORLD, "WDHN", MARINO),
        change(EUROPE, "WDHN", MARINO),
    ]


def test_third_country_gives_the_groups_back_what_two_had_taken():
    present = [(VATICAN, ALWAYS, "D", "M"), (ICELAND, ALWAYS, "D", "M")]
    three = {"published": True}
    members = sorted((MARINO, VATICAN, ICELAND), key=list(codes.COUNTRIES.values()).index)
    assert changes(present, (MARINO, JANUARY, "D", "M")) == [
        change(MARINO, "HN"),
        change(MARINO, "WD", by_network=True),
        change(WORLD, "HN", *members, **three),
        change(WORLD, "WD", *members, by_network=True, **three),
        change(EUROPE, "HN", *members, **three),
        change(EUROPE, "WD", *members, by_network=True, **three),
    ]


def test_last_withheld_country_gives_the_groups_all_back():
    assert changes([(JAPAN, ALWAYS, "D", "D")], (JAPAN, JANUARY, "N", "D")) == [
        change(JAPAN, "HN", published=True),
        change(WORLD, "HN", published=True),
    ]


def test_groups_say_which_members_a_smaller_group_leaves():
    present = [(one, ALWAYS, "H", "D") for one in (MALTA, CYPRUS, LUXEMBOURG)]
    assert changes(present, (ICELAND, JANUARY, "H", "D")) == [
        change(ICELAND, "N"),
        change(WORLD, "N", ICELAND, outside=UNION),
        change(EUROPE, "N", ICELAND, outside=UNION),
    ]


def test_change_ends_where_the_next_one_of_the_country_begins():
    present = [(JAPAN, MARCH, "D", "D")]
    assert changes(present, (JAPAN, JANUARY, "D", "D")) == [
        change(JAPAN, "HN", end=MARCH),
        change(WORLD, "HN", JAPAN, end=MARCH),
    ]
    assert changes(present, (JAPAN, JANUARY, "N", "D")) == []


def oracle(rows):
    """The same details for the second implementation."""
    own = [Detail(country, 1, month, *steps) for country, month, *steps in rows]
    return Federation([], [], now=datetime(2027, 1, 1, tzinfo=UTC), secret=b"", base=5, frozen={}, details=own)


@pytest.mark.parametrize(
    "cases", [range(3), pytest.param(range(3, 200), marks=pytest.mark.verify)], ids=["few", "many"]
)
def test_difference_is_that_of_both_states_of_the_second_implementation(cases):
    months = [date(2027, month, 1) for month in (1, 2, 3)]
    for case in cases:
        random = Random(case)
        countries = random.sample([MARINO, ICELAND, MALTA, CYPRUS, LUXEMBOURG, FRANCE, UNKNOWN, JAPAN], 6)
        pairs = [pair for pair in product("NHDWM", "DWM") if "NHDWM".index(pair[0]) <= "NHDWM".index(pair[1])]
        present = [(one, ALWAYS, *random.choice(pairs)) for one in countries]
        present += [(random.choice(countries), random.choice(months), *random.choice(pairs)) for _ in range(2)]
        present = list({row[:2]: row for row in present}.values())
        row = (random.choice(countries), random.choice(months[:2]), *random.choice(pairs))
        planned = [one for one in present if one[:2] != row[:2]] + [row]
        before, after = oracle(present), oracle(planned)

        found = {}
        for one in changes(present, row):
            for step, month in product(one.steps, months):
                if one.start <= second(month) and (one.end is None or second(month) < one.end):
                    found[one.place, one.by_network, step, month] = one.is_published
            assert members_agree(one, after, countries)
        expected = {}
        for place, by_network, step, month in product([*countries, *GROUPS], (False, True), "NHDWMA", months):
            cell = 1, step, datetime(month.year, month.month, 1, tzinfo=UTC), (place, int(by_network))
            if before.is_withheld(*cell) != after.is_withheld(*cell):
                expected[place, by_network, step, month] = not after.is_withheld(*cell)
        assert found == expected, case


def members_agree(one, after, countries):
    """Whether the members are withheld, and few enough to withhold the group exactly if it is withheld."""
    if one.place not in GROUPS:
        return one.members == ()
    begin = datetime.fromtimestamp(one.start, UTC)
    withheld = {
        country
        for country in countries
        if (one.place == WORLD or country in MEMBERS[one.place])
        and after.is_withheld(1, one.steps[0], begin, (country, int(one.by_network)))
    }
    if one.outside:
        withheld -= MEMBERS[one.outside]
        assert not after.is_withheld(1, one.steps[0], begin, (one.outside, int(one.by_network)))
    return set(one.members) == withheld and (len(withheld) in (1, 2)) != one.is_published

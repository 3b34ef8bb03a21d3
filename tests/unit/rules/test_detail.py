"""Which cells are published: by country, by network, in groups, and at the border of a month."""

import csv
import sys
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec, module_from_spec

import numpy as np
import pytest

from countries.models import first_steps
from federation.rules import detail, tables
from federation.rules.detail import CountryDetail, Details
from federation.rules.view import Series
from p2p_core import codes, periods

NORWAY, LIECHTENSTEIN, MALTA, CYPRUS, LUXEMBOURG = (codes.COUNTRIES[code] for code in ("NO", "LI", "MT", "CY", "LU"))
UNION, EUROPE, WORLD = (codes.GROUPS[code] for code in ("EU27_2020", "EUROPE", "_T"))
FIRST = periods.epoch(periods.EARLIEST)
STEPS = "NHDWM"


def seconds(*labels, frequency="D"):
    return np.array([periods.epoch(periods.parse(frequency, label)) for label in labels])


def details(*rows):
    """Everything as fine as can be, except these: country, step, step by network, from a month on."""
    fine = [CountryDetail(number, FIRST, "N", "D") for number in codes.COUNTRIES.values()]
    own = [CountryDetail(country, periods.epoch(month), step, by) for country, step, by, month in rows]
    return Details.of([*fine, *sorted(own, key=lambda row: row.month)])


def coarse(*countries, step="W", by="M"):
    return details(*((country, step, by, periods.EARLIEST) for country in countries))


def shown(found, frequency, country, network=0, day="2026-11-24"):
    (label,) = periods.labels("D", seconds(day))
    return found.mask(frequency).withheld([Series(country, network)], seconds(label)) is None


@pytest.mark.parametrize("frequency", tuple(periods.Frequency))
@pytest.mark.parametrize("step", STEPS)
def test_country_is_published_from_its_step_on(frequency, step):
    order = "NHDWMA"
    found = coarse(LIECHTENSTEIN, step=step, by="M")
    assert shown(found, frequency, LIECHTENSTEIN) == (order.index(frequency) >= order.index(step))
    assert shown(found, frequency, NORWAY)


@pytest.mark.parametrize("frequency", tuple(periods.Frequency))
def test_networks_have_a_step_of_their_own_and_never_minutes_or_hours(frequency):
    found = coarse(LIECHTENSTEIN, step="D", by="W")
    assert shown(found, frequency, LIECHTENSTEIN, 1) == (frequency in "WMA")
    assert shown(found, frequency, NORWAY, 1) == (frequency in "DWMA")
    assert shown(found, frequency, UNION, 1) == (frequency in "DWMA")


@pytest.mark.parametrize(
    ("members", "published"),
    [((), True), ((MALTA,), False), ((MALTA, CYPRUS), False), ((MALTA, CYPRUS, LUXEMBOURG), True)],
)
def test_group_is_published_if_none_or_at_least_three_members_are_withheld(members, published):
    found = coarse(*members, step="W", by="W")
    for group in (UNION, EUROPE, WORLD):
        assert shown(found, "D", group) == shown(found, "D", group, 1) == published
        assert shown(found, "W", group)
    # Neither of the two is in the Union, so nothing of it can be told from them.
    apart = coarse(LIECHTENSTEIN, NORWAY)
    assert (shown(apart, "D", UNION), shown(apart, "D", EUROPE)) == (True, False)


def test_group_is_withheld_if_less_a_smaller_one_it_would_tell_a_member():
    union = (MALTA, CYPRUS, LUXEMBOURG)
    found = coarse(*union, LIECHTENSTEIN)
    assert [shown(found, "D", group) for group in (UNION, EUROPE, WORLD)] == [True, False, False]
    found = coarse(*union, LIECHTENSTEIN, NORWAY, codes.COUNTRIES["IS"])
    assert [shown(found, "D", group) for group in (UNION, EUROPE, WORLD)] == [True, True, True]
    # The Union cannot be subtracted if it is withheld itself.
    found = coarse(MALTA, CYPRUS, LIECHTENSTEIN)
    assert [shown(found, "D", group) for group in (UNION, EUROPE, WORLD)] == [False, True, True]
    found = coarse(MALTA, CYPRUS, LIECHTENSTEIN, codes.COUNTRIES["_U"])
    assert [shown(found, "D", group) for group in (UNION, EUROPE, WORLD)] == [False, True, False]


def test_group_is_withheld_at_each_step_finer_than_one_at_which_it_is():
    """Its minutes would add up to the hour that the rule withholds."""
    steps = {MALTA: "D", LUXEMBOURG: "D", CYPRUS: "H"}
    found = details(*((country, step, "W", periods.EARLIEST) for country, step in steps.items()))
    for group in (UNION, EUROPE, WORLD):
        assert [shown(found, step, group) for step in "NHDWMA"] == [False, False, True, True, True, True]


def test_group_that_is_withheld_at_a_coarser_step_cannot_be_subtracted():
    steps = {MALTA: "D", LUXEMBOURG: "D", CYPRUS: "H", LIECHTENSTEIN: "D"}
    found = details(*((country, step, "W", periods.EARLIEST) for country, step in steps.items()))
    # Of the minutes, Liechtenstein alone is withheld outside the Union.
    assert [shown(found, "N", group) for group in (UNION, EUROPE, WORLD)] == [False, True, True]


def test_union_has_no_minutes_and_hours_with_the_first_details():
    with files("countries.data").joinpath("population.csv").open() as file:
        # By year, so that the last one stays.
        people = {row["country"]: int(row["inhabitants"]) for row in csv.DictReader(file)}
    first = (CountryDetail(one, FIRST, *first_steps(people.get(code))) for code, one in codes.COUNTRIES.items())
    found = Details.of(first)
    assert [shown(found, step, UNION) for step in "NHDWMA"] == [False, False, True, True, True, True]
    for group in (EUROPE, WORLD):
        assert all(shown(found, step, group) for step in "NHDWMA")


def test_networks_and_all_of_them_are_counted_apart_in_a_group():
    found = details(*((country, "D", "W", periods.EARLIEST) for country in (MALTA, CYPRUS)))
    assert (shown(found, "D", UNION), shown(found, "D", UNION, 1), shown(found, "W", UNION, 1)) == (True, False, True)


def test_what_could_not_be_located_is_a_member_of_the_world():
    unknown = coarse(codes.COUNTRIES["_U"], MALTA)
    assert not shown(unknown, "D", WORLD)
    assert not shown(unknown, "D", EUROPE)


def test_period_belongs_to_the_month_in_which_it_starts():
    found = details((NORWAY, "M", "M", datetime(2026, 12, 1, tzinfo=UTC)))
    weeks = seconds("2026-W48", "2026-W49", "2026-W50", frequency="W")  # from 23 November, 30 November, 7 December
    withheld = found.mask("W").withheld([Series(NORWAY, 0), Series(MALTA, 0)], weeks)
    assert withheld.tolist() == [[False, False, True], [False, False, False]]
    days = seconds("2026-11-30", "2026-12-01")
    assert found.mask("D").withheld([Series(NORWAY, 0)], days).tolist() == [[False, True]]
    assert found.mask("D").withheld([Series(NORWAY, 0)], days[:1]) is None
    assert found.mask("D").any_withheld([Series(NORWAY, 0), Series(MALTA, 0)], days).tolist() == [[True], [False]]


def test_each_change_holds_until_the_next():
    november, december = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    found = details((NORWAY, "W", "M", november), (NORWAY, "H", "D", december), (MALTA, "D", "W", december))
    days = seconds("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")
    assert found.mask("D").withheld([Series(NORWAY, 0)], days).tolist() == [[False, True, True, False]]


@pytest.mark.parametrize("frequency", tuple(periods.Frequency))
def test_cells_of_tables_are_those_of_the_series(frequency):
    found = details((NORWAY, "D", "W", datetime(2026, 11, 1, tzinfo=UTC)), (LIECHTENSTEIN, "W", "M", periods.EARLIEST))
    networks = [0] if frequency in periods.ALL_NETWORKS_ONLY else tables.PUBLIC_NETWORKS.tolist()
    some, published = seconds("2026-10-01", "2026-11-24"), found.mask(frequency)
    cells = published.cells(some, networks=len(networks))
    assert cells.shape == (2, len(tables.PUBLIC_COUNTRIES), len(networks))
    for row, country in enumerate(tables.PUBLIC_COUNTRIES.tolist()):
        for column, network in enumerate(networks):
            alone = [published.withheld([Series(country, network)], some[at : at + 1]) is None for at in range(2)]
            assert cells[:, row, column].tolist() == alone


def test_country_without_detail_is_as_coarse_as_one_without_population():
    # Tests replace it in the module that they share.
    spec = find_spec(detail.__name__)
    own = module_from_spec(spec)
    sys.modules[spec.name], before = own, sys.modules[spec.name]
    try:
        spec.loader.exec_module(own)
    finally:
        sys.modules[spec.name] = before
    assert first_steps(None) == own.UNSET == ("W", "M")
    assert own.Details.of([]).ranks[0, 0].tolist() == [3, 4]


def test_nothing_is_withheld_of_nothing():
    published = coarse(NORWAY).mask("D")
    assert published.withheld([], seconds("2026-11-24")) is None
    assert published.withheld([Series(NORWAY, 0)], seconds()) is None

"""Country × network tables, compared with dictionaries that are added up cell by cell."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rules import tables
from p2p_core import codes

COUNTRIES, NETWORKS = list(codes.COUNTRIES.values()), list(codes.NETWORKS.values())
#: Members of each group and none, so that examples are small and margins overlap.
FEW = [codes.COUNTRIES[code] for code in ("NO", "DE", "CY", "XK", "US", "_U")]

cells = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(FEW) | st.sampled_from(COUNTRIES),
        st.sampled_from(NETWORKS),
        st.integers(1, 10**9),
    ),
    max_size=40,
)


def added_up(cells, n=4):
    table, countries, networks, values = zip(*cells, strict=True) if cells else ((),) * 4
    return tables.add_up(
        n,
        np.array(table, np.intp),
        np.array(countries, np.int16),
        np.array(networks, np.int16),
        np.array(values, np.int64),
    )


def plainly(cells):
    sums = defaultdict(int)
    for *place, value in cells:
        sums[tuple(place)] += value
    return dict(sums)


def groups_of(country):
    code = codes.COUNTRY_CODES[country]
    return [country] + [codes.GROUPS[group] for group, members in codes.GROUP_MEMBERS.items() if code in members]


def plainly_with_margins(cells):
    return plainly(
        [
            (table, row, column, value)
            for table, country, network, value in cells
            for row in groups_of(country)
            for column in (network, 0)
        ]
    )


def as_dict(dense, rows, columns):
    """The cells of dense tables that hold anything."""
    places = zip(*(axis.tolist() for axis in np.nonzero(dense)), strict=True)
    return {
        (table, int(rows[row]), int(columns[column])): int(dense[table, row, column]) for table, row, column in places
    }


@given(cells)
def test_cells_add_up(cells):
    assert as_dict(added_up(cells), tables.COUNTRIES, tables.NETWORKS) == plainly(cells)


@given(cells)
def test_margins_are_summed_from_cells(cells):
    dense = tables.with_margins(added_up(cells))
    assert as_dict(dense, tables.PUBLIC_COUNTRIES, tables.PUBLIC_NETWORKS) == plainly_with_margins(cells)


@given(cells)
def test_nonzero_gives_back_each_table_sorted(cells):
    found = tables.nonzero(added_up(cells))
    assert len(found) == 4
    expected = plainly(cells)
    for number, arrays in enumerate(found):
        countries, networks, values = (array.tolist() for array in arrays)
        got = {
            (number, country, network): value
            for country, network, value in zip(countries, networks, values, strict=True)
        }
        assert got == {place: sums for place, sums in expected.items() if place[0] == number}
        assert [codes.COUNTRY_CODES[country] for country in countries] == sorted(
            codes.COUNTRY_CODES[country] for country in countries
        )


@given(cells)
def test_the_order_of_cells_does_not_matter(cells):
    assert (added_up(cells) == added_up(cells[::-1])).all()


def test_no_cells_make_empty_tables():
    dense = tables.with_margins(added_up([], n=2))
    assert dense.shape == (2, len(tables.PUBLIC_COUNTRIES), len(tables.PUBLIC_NETWORKS))
    assert not dense.any()
    assert not added_up([], n=0).size


def test_a_sum_that_does_not_fit_is_refused():
    large = 2**61
    assert added_up([(0, 578, 1, large)]).max() == large
    with pytest.raises(OverflowError):
        added_up([(0, country, 1, large) for country in COUNTRIES[:3]])


def test_a_sum_that_does_not_fit_is_refused_in_any_of_the_tables():
    with pytest.raises(OverflowError):
        added_up([(0, 578, 1, 1), *((2, 578, network, 2**61) for network in NETWORKS)])


@pytest.mark.parametrize(("country", "network"), [(3, 1), (578, 30), (5, 1), (30_000, 1)])
def test_a_code_that_is_not_known_is_not_counted_as_another(country, network):
    with pytest.raises(LookupError):
        added_up([(0, 276, 1, 5), (1, country, network, 5)])


def test_places_are_those_of_the_code_lists():
    rows, columns = tables.place_of(tables.PUBLIC_COUNTRIES, tables.PUBLIC_NETWORKS)
    assert rows.tolist() == list(range(len(COUNTRIES) + 3))
    assert columns.tolist() == list(range(len(NETWORKS) + 1))

"""The country mix of an agency compared with that of the others: at the limit, and against entropies."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rules import tables
from p2p_core.codes import COUNTRIES
from p2p_core.rules import mix, rulebook
from tests.oracles import rules as oracle

USUAL = rulebook.limits(rulebook.DEFAULTS)["R301"]
ROWS = {int(number): row for row, number in enumerate(tables.COUNTRIES)}

mixes = st.dictionaries(
    st.sampled_from([COUNTRIES[code] for code in ("NO", "DE", "SE", "US", "_U")]), st.integers(1, 5_000), max_size=5
)


def counts(by_country):
    found = np.zeros(len(tables.COUNTRIES), np.int64)
    for country, count in by_country.items():
        found[ROWS[COUNTRIES.get(country, country)]] = count
    return found


def test_equal_mixes_are_no_way_apart():
    assert mix.unlike_others(counts({"NO": 500, "DE": 500}), counts({"NO": 900, "DE": 900}), None, **USUAL) is None
    assert mix.distance_of(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0


def test_mixes_that_share_nothing_are_one_apart():
    assert mix.distance_of(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


@pytest.mark.parametrize(("own", "others", "noticed"), [(500, 500, True), (499, 500, False), (500, 499, False)])
def test_both_totals_must_be_at_least_five_hundred(own, others, noticed):
    assert bool(mix.unlike_others(counts({"NO": own}), counts({"DE": others}), None, **USUAL)) == noticed


def test_a_distance_that_equals_the_threshold_is_not_over_it():
    own, others = counts({"NO": 700, "DE": 300}), counts({"NO": 250, "DE": 750})
    distance = mix.distance_of(own / own.sum(), others / others.sum())
    assert 0.3 < distance < 0.4
    assert mix.unlike_others(own, others, None, **{**USUAL, "distance": distance}) is None
    assert mix.unlike_others(own, others, None, **{**USUAL, "distance": np.nextafter(distance, 0)})


@pytest.mark.parametrize(("norwegian", "noticed"), [(596, False), (597, True)])
def test_the_usual_distance_at_its_border(norwegian, noticed):
    own = counts({"NO": norwegian, "DE": 1000 - norwegian})
    assert bool(mix.unlike_others(own, counts({"NO": 200, "DE": 800}), None, **USUAL)) == noticed


def test_what_strays_names_the_three_countries_that_stray_most():
    own = counts({"NO": 610, "SE": 30, "DE": 200, "US": 60, "_U": 100})
    others = counts({"NO": 100, "SE": 350, "DE": 240, "US": 210, "_U": 100})
    found = mix.unlike_others(own, others, None, **USUAL)
    assert (found["value"], found["others"]) == (1000, 1000)
    assert found["countries"] == [
        {"country": "NO", "own": 0.61, "others": 0.1},
        {"country": "SE", "own": 0.03, "others": 0.35},
        {"country": "US", "own": 0.06, "others": 0.21},
    ]


def test_countries_that_do_not_stray_are_not_named():
    found = mix.unlike_others(counts({"NO": 900, "SE": 100}), counts({"DE": 900, "SE": 100}), None, **USUAL)
    assert [one["country"] for one in found["countries"]] == ["DE", "NO"]


def test_what_other_sources_may_place_elsewhere_is_left_out():
    """Of a distance of exactly that of 597 against 200, 15 % of the events are moved if all others differ."""
    own, others = counts({"NO": 597, "DE": 403}), counts({"NO": 200, "DE": 800})
    alike, half, all_differ = (mix.Locations("A table", date(2026, 9, 1), share) for share in (0.0, 0.5, 1.0))
    found = mix.unlike_others(own, others, alike, **USUAL)
    assert (found["source"], found["edition"], found["others_elsewhere"]) == ("A table", "2026-09-01", 0.0)
    assert mix.unlike_others(own, others, half, **USUAL) is None
    far = counts({"NO": 747, "DE": 253})
    assert mix.unlike_others(far, others, all_differ, **USUAL)["distance"] == found["distance"]
    assert mix.unlike_others(own, own, all_differ, **USUAL) is None


def test_mixes_that_differ_by_less_than_sources_may_are_alike():
    locations = mix.Locations("A table", date(2026, 9, 1), 1.0)
    own, others = counts({"NO": 600, "DE": 400}), counts({"NO": 500, "DE": 500})
    assert mix.unlike_others(own, others, locations, **{**USUAL, "distance": 0}) is None


@given(mixes, mixes)
def test_the_distance_is_that_of_the_entropies(own, others):
    if not own or not others:
        assert mix.unlike_others(counts(own), counts(others), None, **{**USUAL, "total": 0}) is None
        return
    shares = [{key: Fraction(n, sum(one.values())) for key, n in one.items()} for one in (own, others)]
    dense = [counts(one) / sum(one.values()) for one in (own, others)]
    assert mix.distance_of(*dense) == pytest.approx(oracle.divergence(*shares), abs=1e-6)
    assert mix.distance_of(*dense) == pytest.approx(mix.distance_of(*dense[::-1]), abs=1e-12)
    found = mix.unlike_others(counts(own), counts(others), None, **{**USUAL, "total": 0})
    if abs(oracle.divergence(*shares) - USUAL["distance"]) > 1e-6:
        assert bool(found) == (oracle.divergence(*shares) > USUAL["distance"])

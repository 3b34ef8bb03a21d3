"""A small attack in every run of the tests, so that the large one keeps working."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from countries import loader
from tests.attack import insiders
from tests.attack.inference import UnexplainedError
from tests.attack.insiders import take_turns
from tests.attack.product import EVERY_COUNTRY, Product, at_work
from tests.attack.readers import compare_tables
from tests.attack.results import ALL_LOOKS, reckons_badly
from tests.attack.rules import first_version, today
from tests.attack.scene import Played, Public, Scene, judged
from tests.attack.steady import EVERY, count_moved, watch_hours
from tests.attack.tables import Tables
from tests.attack.world import HIDDEN, HONEST, LAST_DAY, NOW, PLACES, TOTAL, World, invent

_DAYS = invent("D", LAST_DAY - timedelta(days=4), LAST_DAY)


def _attacked(public: Public) -> Scene:
    """One insider sends late minutes and sweeps its own value."""
    for agency in HONEST:
        public.report(agency)
    scene = Scene(public, _DAYS.steps)
    assert list(take_turns(scene, [6])) == [1]
    return scene


@pytest.mark.verify
def test_an_insider_finds_out_no_more_of_the_product_than_a_reader(db, monkeypatch):
    monkeypatch.setattr(insiders, "MINUTES", 3)
    monkeypatch.setattr(insiders, "SWEPT", range(6))
    with at_work():
        scene = _attacked(Product(_DAYS))
        product = Product(_DAYS)
        product.report(HONEST[0])
        assert count_moved(product, _DAYS, 6, 7, HONEST[-1])[EVERY] == 0
    found, reader = judged(scene, _DAYS, today, HONEST), judged(scene.seen_only(0), _DAYS, today, HONEST)
    assert found.total("cells") > 50
    assert found.total("proven") == 0
    assert found.counts == reader.counts


def test_an_insider_proves_cells_of_the_first_rule():
    scene = _attacked(Played(first_version, _DAYS))
    assert judged(scene, _DAYS, first_version, HONEST).share("proven") > 0.2


def test_numbers_that_do_not_follow_the_rule_are_noticed():
    scene = _attacked(Played(first_version, _DAYS))
    with pytest.raises(UnexplainedError):
        judged(scene, _DAYS, today, HONEST)


def test_attackers_with_wrong_rates_are_noticed():
    """Their guesses are right less often than they expect."""
    public = Played(today, _DAYS)
    for agency in HONEST:
        public.report(agency)
    scene = Scene(public, _DAYS.steps)
    scene.look()
    assert reckons_badly(judged(scene, _DAYS, today, HONEST)) == []
    assert reckons_badly(judged(scene, replace(_DAYS, rates=_DAYS.rates / 10), today, HONEST))


@pytest.mark.slow
def test_a_reader_cannot_read_withheld_cells_and_finds_none(db):
    loader.load(by="a test")
    with at_work():
        product = Product(_DAYS)
        for agency in HONEST:
            product.report(agency)
        tables = Tables(product, _DAYS, HONEST)
        published, withheld = (compare_tables(tables, ALL_LOOKS, hidden=hidden) for hidden in (False, True))
    assert {name[:2] for name in published.counts} >= {("CY", "days by network"), ("PT", "days by network")}
    assert {name[:2] for name in withheld.counts} >= {("IM", "days"), ("LU", "days by network")}
    assert not {name[:2] for name in published.counts} & {name[:2] for name in withheld.counts}
    assert published.total("proven") == withheld.total("told") == 0


@pytest.mark.verify
@pytest.mark.slow
def test_no_number_of_a_period_that_waits_can_be_read_and_windows_are_sums_of_published_cells(db):
    loader.load(by="a test")
    hours = invent("H", NOW - timedelta(hours=30, minutes=5), NOW + timedelta(hours=3))
    with at_work():
        seen = watch_hours(invent("D", LAST_DAY, NOW), hours, 2)
    assert (seen.early, seen.unlike, seen.waits) == (0, 0, len(HONEST))


class _Shown:
    """A publisher of one day in the first place, by network, the total last. All other numbers are hidden."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def read(self, _step, starts):
        found = np.full((len(starts), len(EVERY_COUNTRY), TOTAL + 1), HIDDEN)
        found[:, 0] = self._numbers
        return found


def _one_event(own):
    """Tables of a day on which one network of one place has one event, and an insider its own part."""
    day = invent("D", LAST_DAY, LAST_DAY)
    counts = np.zeros_like(day.counts)
    counts[0, 0, 0, 1] = 1
    mine = np.zeros_like(counts[0])
    mine[0, 0, 0] = own
    world = World("D", day.periods, day.rates, counts, day.within)
    return lambda *numbers: Tables(_Shown(*numbers), world, HONEST, mine)


def test_two_tables_prove_what_none_of_them_proves():
    """The example of docs/explanation/attacks.md: 3 of the insider in another network."""
    shown = 0, 5, 0, 0, 0, 0, 0, 0, 0
    assert compare_tables(_one_event(3)(*shown), [Tables.networks]).counts[PLACES[0], "days", "proven"] == 1
    assert compare_tables(_one_event(3)(*shown), []).total("proven") == 0
    assert compare_tables(_one_event(0)(*shown), [Tables.networks]).total("proven") == 0


def test_tables_that_contradict_each_other_are_noticed():
    with pytest.raises(UnexplainedError):
        compare_tables(_one_event(0)(0, 5, 5, 5, 5, 5, 0, 0, 0), [Tables.networks])

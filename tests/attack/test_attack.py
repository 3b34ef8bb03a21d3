"""A small attack in every run of the tests, so that the large one keeps working."""

from datetime import timedelta

import pytest

from tests.attack import insiders
from tests.attack.inference import UnexplainedError
from tests.attack.insiders import take_turns
from tests.attack.product import Product, at_work
from tests.attack.rules import first_version, today
from tests.attack.scene import Played, Public, Scene, judged
from tests.attack.steady import EVERY, count_moved
from tests.attack.world import HONEST, LAST_DAY, invent

_DAYS = invent("D", LAST_DAY - timedelta(days=4), LAST_DAY)


def _attacked(public: Public) -> Scene:
    """One insider sends late minutes and sweeps its own value."""
    for agency in HONEST:
        public.report(agency)
    scene = Scene(public)
    assert list(take_turns(scene, [6])) == [1]
    return scene


@pytest.mark.slow
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

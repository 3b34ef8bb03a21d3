"""An intervention with an effect, and readers to whom nothing is answered from a cache."""

from datetime import UTC, datetime

import pytest

from api import caching
from tests.contract.public import interventions
from tests.contract.public.interventions import counts, estimate, intervention

IN_TIME = datetime(2025, 12, 1, 9, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No answer is used again without a look at the state."""
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)


@pytest.fixture
def found(press):
    """An intervention of which an effect was found, with a draw and a seal."""
    made = intervention(draw=interventions.draw())
    interventions.seal(made, IN_TIME)
    estimate(press, made, counts())
    return made

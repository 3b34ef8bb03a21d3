"""The agencies and the coordinator of the contract tests."""

import pytest

from tests.contract.callers import Caller
from tests.factories import AgencyFactory, IndicatorFactory


@pytest.fixture
def kripos(db):
    """Norway's agency."""
    IndicatorFactory.create()
    return Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))


@pytest.fixture
def bka(db):
    """Germany's agency, which must see nothing of Norway's."""
    return Caller(agency=AgencyFactory.create(code="DE-BKA", name="BKA"))


@pytest.fixture
def coordinator(db):
    """Somebody who may read the exact figures of all."""
    IndicatorFactory.create()
    return Caller(coordinator="ada")

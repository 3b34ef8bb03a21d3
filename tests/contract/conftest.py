"""The agencies and the coordinator of the contract tests."""

from copy import copy, deepcopy
from datetime import UTC, datetime

import pytest
from django.test import Client

from tests.contract.callers import Caller, norway
from tests.contract.signed import registered
from tests.factories import AgencyFactory, FindingFactory, IndicatorFactory


@pytest.fixture(scope="module")
def shared_kripos(module_db):
    return norway()


@pytest.fixture
def kripos(db, shared_kripos):
    """Norway's agency. All tests of a module share its rows."""
    one = copy(shared_kripos)
    # Tests change the instance of the credential.
    one.client, one.issued = Client(), deepcopy(one.issued)
    return one


@pytest.fixture
def signer(kripos):
    """Signs for Norway's agency."""
    return registered(kripos)


@pytest.fixture
def bka(db):
    """Germany's agency, which must see nothing of Norway's."""
    return Caller(agency=AgencyFactory.create(code="DE-BKA", name="BKA"))


@pytest.fixture
def coordinator(db):
    """Somebody who may read the exact figures of all."""
    IndicatorFactory.create()
    return Caller(coordinator="ada")


@pytest.fixture
def finding(kripos):
    return FindingFactory.create(period=datetime(2026, 11, 2, 14, tzinfo=UTC))

"""An agency, and somebody of it who is signed in to its pages."""

import re

import pytest
from django.contrib.auth.models import User

from countries.models import AgencyAccount
from tests.contract.callers import BEGAN
from tests.factories import AgencyFactory, IndicatorFactory
from tests.second_factor import signed_in


def text_of(answer) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def account(agency, name) -> AgencyAccount:
    return AgencyAccount.objects.create(user=User.objects.create_user(name), agency=agency, created=BEGAN)


@pytest.fixture
def agency(db):
    IndicatorFactory.create()
    return AgencyFactory.create(code="NO-KRIPOS", name="Kripos")


@pytest.fixture
def analyst(client, agency):
    """The browser of somebody of the agency."""
    return signed_in(client, account(agency, "ada").user)

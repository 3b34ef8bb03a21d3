"""An agency, and somebody of it who is signed in to its pages."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from countries.models import AgencyAccount
from federation.models.figures import Figure
from tests.contract.callers import BEGAN, COLUMNS, hour
from tests.factories import AgencyFactory, IndicatorFactory
from tests.second_factor import signed_in

SEND = "/agency/send/"


def rows(*cells, ago=2):
    lines = [f"DOWNLOADS,H,{hour(ago)},{country},BITTORRENT,{value}" for country, value in cells]
    return "\n".join([COLUMNS, *lines]).encode()


def drop(client, content, name="numbers.csv", **more):
    return client.post(SEND, {"file": SimpleUploadedFile(name, content), **more})


def text_of(answer) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def account(agency, name) -> AgencyAccount:
    return AgencyAccount.objects.create(user=User.objects.create_user(name), agency=agency, created=BEGAN)


def figure(agency, start, value, **more):
    return Figure.objects.create(
        agency=agency, indicator_id=1, period=start, total=value, covered_seconds=86_400, reported_seconds=86_400,
        final=True, held=False, countries=[578], networks=[1], values=[value],
        **{"frequency": "D", "source": "reported", **more},
    )  # fmt: skip


@pytest.fixture
def agency(db):
    IndicatorFactory.create()
    return AgencyFactory.create(code="NO-KRIPOS", name="Kripos")


@pytest.fixture
def analyst(client, agency):
    """The browser of somebody of the agency."""
    return signed_in(client, account(agency, "ada").user)


@pytest.fixture
def other(agency):
    return AgencyFactory.create(code="SE-NOA", name="NOA")

"""A superuser at the desk, what the registry announces, and addresses of its screens."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from countries import registry
from tests.second_factor import signed_in

PASSWORD = "a password for a test"


def address(model: type, view: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:countries_{model.__name__.lower()}_{view}", args=args)


def text(answer: Any) -> str:
    return str(answer.content, "utf-8")


@pytest.fixture
def desk(client: Client) -> Client:
    signed_in(client, User.objects.create_superuser("ada", password=PASSWORD))
    return client


@pytest.fixture
def heard():
    changes = []

    def hear(*, instance, before, after, by, reason, **_):
        changes.append((type(instance).__name__, before, after, by, reason))

    registry.changed.connect(hear)
    yield changes
    registry.changed.disconnect(hear)

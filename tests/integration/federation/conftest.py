"""A federation at noon of a Wednesday."""

from datetime import UTC, datetime

import pytest

from tests.integration.federation.world import world

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def federation(db, monkeypatch):
    """A world without schedules and reports."""
    with world(monkeypatch, now=NOON) as made:
        yield made

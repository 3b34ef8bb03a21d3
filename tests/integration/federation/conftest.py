"""A federation at noon of a Wednesday."""

from datetime import UTC, datetime

import pytest

from federation.database import clock
from federation.models.audit import AuditEvent
from federation.models.worklist import ClockMark
from tests import factories
from tests.integration.federation import deskside
from tests.integration.federation.outbox import MORNING, Time
from tests.integration.federation.three_years import BEGINNING, reports_of
from tests.integration.federation.trails import HARD, seal, write
from tests.integration.federation.world import world
from tests.second_factor import signed_in

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def federation(db, monkeypatch):
    """A world without schedules and reports."""
    with world(monkeypatch, now=NOON) as made:
        yield made


@pytest.fixture(scope="module")
def three_years_begun(django_db_setup, django_db_blocker):
    """Three of five agencies have reported for more than three years; each test goes on in a chapter of its own."""
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        world(patch, now=BEGINNING, agencies=5) as made,
    ):
        for agency in (0, 1, 2):
            made.submit(agency, *reports_of(agency))
        made.settle()
        yield made


@pytest.fixture
def desk_at_noon(db, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: deskside.NOW)
    monkeypatch.setattr(clock, "of_host", lambda: deskside.NOW)
    ClockMark.objects.update(at=deskside.NOW)


@pytest.fixture
def agency(db):
    return factories.AgencyFactory.create(code="NO-KRIPOS")


@pytest.fixture
def time(db, monkeypatch):
    found = Time()
    monkeypatch.setattr(clock, "now", lambda: found.now)
    monkeypatch.setattr(clock, "of_host", lambda: found.now)
    ClockMark.objects.update(at=MORNING)
    return found


@pytest.fixture
def office(agency):
    return factories.RecipientFactory.create(agency=agency, mailbox="office@example.org")


@pytest.fixture
def coordinator(client, db):
    signed_in(client, deskside.account("kari", "coordinator"))
    return client


@pytest.fixture
def observer(client, db):
    signed_in(client, deskside.account("ola", "observer"))
    return client


@pytest.fixture
def sealed(db):
    """Six sealed events and one that waits; their numbers."""
    write(6, HARD)
    seal()
    write(1, HARD)
    return list(AuditEvent.objects.order_by("id").values_list("id", flat=True))


@pytest.fixture
def one_revision(settings):
    """From the second revision of a period on, each is noticed."""
    settings.THRESHOLDS = {**settings.THRESHOLDS, "R106_REVISIONS": 1}

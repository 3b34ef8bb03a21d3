"""A database beside that of the tests, of which something is published, and a backup of it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from federation.audit import chain
from federation.database import clock
from federation.models.published import Version
from tests import factories
from tests.contract.callers import Caller, report
from tests.integration import elsewhere
from tests.reporting import settle

#: So many versions an installation may draw after its backup was made: one each second, for thirty years.
A_LONG_TIME = 1_000_000_000


def rows(sql, *values):
    with connection.cursor() as c:
        c.execute(sql, values or None)
        return c.fetchall() if c.description else None


def reference():
    factories.IndicatorFactory.create()
    # Workers are processes of their own, which withhold what has no detail.
    for code in ("NO", "SE"):
        factories.DetailFactory.create(country__code=code, step="N", network_step="D")
    for number, code in ((1, "BITTORRENT"), (2, "EDONKEY")):
        factories.NetworkFactory.create(number=number, code=code)


@pytest.fixture(scope="module")
def origin(django_db_setup, django_db_blocker):
    """A database beside that of the tests, with a small federation of which something is published; its name."""
    with django_db_blocker.unblock(), elsewhere.migrated_database() as name:
        with elsewhere.using(name):
            reference()
            caller = Caller(agency=factories.AgencyFactory.create())
            assert caller.send(report(("NO", "BITTORRENT", 17), ("SE", "EDONKEY", 3))).status_code == 202
            settle()
            chain.seal(now=clock.now())
        yield name


@pytest.fixture
def published(origin, django_db_blocker):
    """This process works on it."""
    with django_db_blocker.unblock(), elsewhere.using(origin):
        yield


@pytest.fixture(scope="module")
def made_once(origin, django_db_blocker, tmp_path_factory):
    file = tmp_path_factory.mktemp("made") / "backup.gz"
    with django_db_blocker.unblock(), elsewhere.using(origin):
        call_command("backup", file, stdout=StringIO())
    return file


@pytest.fixture
def backup(published, made_once, tmp_path):
    """A copy of a backup of it, to be spoilt."""
    file = tmp_path / "backup.gz"
    file.write_bytes(made_once.read_bytes())
    return file


@pytest.fixture
def empty():
    """This process works on an empty database."""
    with elsewhere.empty_database() as name, elsewhere.using(name):
        yield name


def newest():
    return Version.objects.order_by("-number").values_list("number", flat=True).first() or 0

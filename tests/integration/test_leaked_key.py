"""The how-to for a leaked rounding key: its commands, and its statements about them."""

import json
import os
import re
import subprocess
import sys
from math import inf
from textwrap import dedent

import pytest
from django.conf import settings
from django.test import Client

from api import health
from countries.models import Agency
from federation import worklist
from federation.errors import RoundingKeyMismatchError
from federation.models.published import RoundingSeal, Version
from federation.rules import rounding
from federation.runs import backups, reconciliation
from tests import factories
from tests.contract.callers import Caller, hour, report
from tests.integration import elsewhere
from tests.integration.processes import ROOT, environment
from tests.reporting import settle

HOW_TO = (ROOT / "docs/how-to/leaked-rounding-key.md").read_text()
FIND, STOP, KEEP, LAST, NEW, BRING_IN = map(
    dedent, re.findall(r"^ *```sh\n(.*?)^ *```", HOW_TO, re.DOTALL | re.MULTILINE)
)
OTHER = b"another rounding"


class Shell:
    """Runs commands of the page on a database, in a folder of their own; services and databases are only named."""

    def __init__(self, folder):
        self.folder = folder
        for name, does in (
            ("manage.py", f'exec {sys.executable} {ROOT / "manage.py"} "$@"'),
            ("systemctl", f'echo "$@" >> {folder / "services"}'),
            ("createdb", "true"),
        ):
            (folder / name).write_text(f"#!/bin/sh\n{does}\n")
            (folder / name).chmod(0o700)
        for name in ("backups", "safe", "etc", "var/federation/a"):
            (folder / name).mkdir(parents=True)
        self.key_file = folder / "etc" / "rounding_key"
        self.key_file.write_text(settings.ROUNDING_KEY.hex())

    def run(self, commands, database):
        for place in ("/etc/police2peer", "/backups", "/safe", "/var/cache/nginx"):
            commands = commands.replace(place, str(self.folder / place.split("/")[1]))
        told = settings.DATABASES["default"]
        url = f"postgres://{told['USER']}:{told['PASSWORD']}@{told['HOST']}:{told['PORT']}/{database}"
        more = {"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, "SECRET_KEY": "tests" * 10}
        given = environment(self.folder, ROUNDING_KEY_FILE=str(self.key_file), **more)
        given["PATH"] = f"{self.folder}{os.pathsep}{given['PATH']}"
        done = subprocess.run(
            ["sh", "-ec", commands], cwd=self.folder, env=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def services(self):
        return (self.folder / "services").read_text().splitlines()


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture
def published(django_db_setup, django_db_blocker):
    """A database in which something is published; its name."""
    with django_db_blocker.unblock(), elsewhere.migrated_database() as name, elsewhere.using(name):
        factories.IndicatorFactory.create()
        factories.CountryFactory.create(code="NO")
        factories.NetworkFactory.create(number=1, code="BITTORRENT")
        caller = Caller(agency=factories.AgencyFactory.create())
        assert caller.send(report(("NO", "BITTORRENT", 17))).status_code == 202
        settle()
        yield name, caller


def view():
    elsewhere.forget()
    query = {"indicator": "DOWNLOADS", "frequency": "H", "start": hour(9), "end": hour(2), "country": "NO"}
    return Client().get("/api/v1/aggregates/", query).json()["observations"]


def test_key_is_recognised_by_its_fingerprint(published, shell):
    found = []
    for key in (settings.ROUNDING_KEY, OTHER):
        (shell.folder / "found_key").write_text(key.hex())
        found.append(shell.run(FIND, published[0]).split())
    mine = rounding.fingerprint(settings.ROUNDING_KEY).hex()
    assert found == [[mine, mine], [rounding.fingerprint(OTHER).hex(), mine]]


def test_without_workers_nothing_is_published_and_all_that_is_sent_waits(published, shell, settings, monkeypatch):
    database, caller = published
    key, before = settings.ROUNDING_KEY, view()
    shell.run(STOP, database)
    assert shell.services() == ["stop police2peer-worker@* police2peer-beat"]
    assert caller.send(report(("NO", "BITTORRENT", 500), ago=3)).status_code == 202
    settings.ROUNDING_KEY = OTHER
    with pytest.raises(RoundingKeyMismatchError):
        reconciliation.work_through()
    monkeypatch.setattr(health.readiness, "_at", -inf)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["rounding"]) == (503, False)
    assert worklist.is_pending()
    assert view() == before
    settings.ROUNDING_KEY = key
    shell.run(KEEP, database)
    assert shell.services()[-1].startswith("start police2peer-worker@1")
    settle()
    assert len(view()) == len(before) + 1


@pytest.mark.verify
def test_new_installation_publishes_under_a_new_key_and_above_all_old_versions(published, shell, settings):
    old, newest = settings.ROUNDING_KEY, Version.objects.latest("number").number
    shell.run(LAST, published[0])
    assert (shell.folder / "safe" / "last_rounding_key").read_text().strip() == old.hex()
    assert backups.read(shell.folder / "backups" / "last.gz").rounding == (rounding.fingerprint(old).hex(), 5)
    assert not list((shell.folder / "var" / "federation").iterdir())
    with elsewhere.empty_database() as database:
        shell.run(NEW, database)
        issued = json.loads(shell.run(BRING_IN, database).splitlines()[-1])
        assert shell.services() == ["stop police2peer.target nginx", "start police2peer.target nginx"]
        settings.ROUNDING_KEY = bytes.fromhex(shell.key_file.read_text())
        assert old != settings.ROUNDING_KEY
        with elsewhere.using(database):
            agency = Agency.objects.get(code="NO-KRIPOS")
            assert agency.credentials.get().client_id == issued["client_id"]
            assert Caller(agency=agency).send(report(("NO", "BITTORRENT", 500), ago=3)).status_code == 202
            settle()
            assert [row["value"] for row in view()] == [500]
            assert Version.objects.latest("number").number > newest
            assert bytes(RoundingSeal.objects.get().fingerprint) == rounding.fingerprint(settings.ROUNDING_KEY)

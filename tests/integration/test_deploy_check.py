"""`manage.py check --deploy` reports nothing for the settings of docs/how-to/deploy.md."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from federation.database import checks
from tests.integration.processes import ROOT, environment

DOCUMENTED = {
    "SECRET_KEY": "0123456789abcdef" * 4,
    "ROUNDING_KEY": "000102030405060708090a0b0c0d0e0f",
    "ALLOWED_HOSTS": "federation.example.org",
    "BEHIND_TLS": "true",
    "TRUSTED_PROXIES": "192.0.2.1",
    "LOG_FORMAT": "json",
    "METRICS_TOKEN": "of thirty random characters or more",
    "DATABASE_URL": "postgres://police2peer_web:x@192.0.2.2/federation",
    "DATABASE_PUBLIC_URL": "postgres://police2peer_public:x@192.0.2.2/federation",
    "REDIS_URL": "redis://:x@192.0.2.3:6379/0",
    "SITE_URL": "https://federation.example.org",
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_FROM": "police2peer@example.org",
}


def said(data, **settings):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    told = environment(data, **settings)
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.verify
def test_documented_settings_leave_nothing_to_say(tmp_path):
    code, words = said(tmp_path, **DOCUMENTED)
    assert (code, "no issues" in words) == (0, True), words


@pytest.mark.verify
def test_command_runs_the_checks_of_the_project(tmp_path):
    left_out = {"DATABASE_PUBLIC_URL", "EMAIL_HOST"}
    _, words = said(tmp_path, **{name: value for name, value in DOCUMENTED.items() if name not in left_out})
    assert re.findall(r"police2peer\.W\d+", words) == ["police2peer.W001", "police2peer.W002"]


@pytest.mark.verify
def test_a_password_is_never_sent_in_the_clear(tmp_path):
    code, words = said(tmp_path, **DOCUMENTED, EMAIL_USER="police2peer", EMAIL_TLS="none")
    assert (code, "EMAIL_USER needs EMAIL_TLS=starttls or tls" in words) == (1, True)


def test_one_user_for_everything_is_the_lesser_set_up(monkeypatch):
    own, public = {"USER": "police2peer_web"}, {"USER": "police2peer_public"}

    def warnings(**databases):
        monkeypatch.setattr(checks, "settings", SimpleNamespace(DATABASES=databases))
        return [warning.id for warning in checks.check_public_role()]

    assert warnings(default=own, public=public) == []
    assert warnings(default=own) == warnings(default=own, public=own) == ["police2peer.W001"]

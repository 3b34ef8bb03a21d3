"""Each secret setting gets a marker. No fault may show the marker anywhere."""

import contextlib
import re
import runpy
import sys
import traceback
import urllib.error
import urllib.request

import psutil
import pytest

from tests.integration.processes import ROOT, command_of, descendants, eventually, line_of, start

#: A port where nobody listens: each connection is refused, with an error that could quote how it was asked for.
AWAY = "127.0.0.1:1"
PLANTED = {
    "SECRET_KEY": "planted-secret-key-of-fifty-characters-or-some-more-and-more",
    "ROUNDING_KEY": "deadbeefcafef00ddeadbeefcafef00d",
    "WEBHOOK_KEYS": "deadbeef" * 8,
    "EMAIL_PASSWORD": "planted-mail-password",
    "METRICS_TOKEN": "planted-metrics-token-of-thirty",
    "DATABASE_URL": f"postgres://owner:planted-owner@{AWAY}/federation",
    "DATABASE_WEB_URL": f"postgres://web:planted-web@{AWAY}/federation",
    "DATABASE_WORKER_URL": f"postgres://worker:planted-worker@{AWAY}/federation",
    "DATABASE_PUBLIC_URL": f"postgres://public:planted-public@{AWAY}/federation",
    "DATABASE_REPLICA_URL": f"postgres://public:planted-replica@{AWAY},{AWAY}/x",
    "REDIS_URL": f"redis://:planted-store@{AWAY}/0",
    "BROKER_URL": f"redis://:planted-broker@{AWAY}/0",
}
MARKS = re.compile(r"planted-[a-z-]+|(?:deadbeef|cafef00d)+|\\xde\\xad\\xbe\\xef")
#: Unusable, each in another way.
BROKEN = {
    "DATABASE_URL": ["planted-owner", "postgres://owner:planted-owner@host:port/x", "sqlite3//planted-owner"],
    "DATABASE_PUBLIC_URL": ["planted-public", "postgres://u:planted-public@[::1/x"],
    "DATABASE_REPLICA_URL": [
        "postgres://u:planted-replica@h1:1,h2:port/x",
        "postgres://u:planted-replica@h/x?planted-word=1",
    ],
    "ROUNDING_KEY": ["planted-rounding", "deadbeef"],
    "WEBHOOK_KEYS": ["planted-webhook", "deadbeef", f"{'deadbeef' * 8},planted-webhook"],
    "REPLICA_LAG_LIMIT": ["planted-limit"],
}


def test_every_setting_that_holds_a_secret_is_planted():
    text = (ROOT / "docs/reference/settings.md").read_text()
    named = re.findall(r"^\| `([A-Z0-9_]+(?:URL|KEYS?|TOKEN|SECRET|PASSWORD))`", text, re.MULTILINE)
    # Everybody reads who publishes, who takes complaints, and where the service is.
    assert set(named) - {"PUBLISHER_URL", "ACCESSIBILITY_COMPLAINTS_URL", "SITE_URL"} == PLANTED.keys()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BROKEN.items() for value in values])
def test_setting_that_cannot_be_used_is_named_and_its_value_is_not(monkeypatch, capsys, name, value):
    for other, planted in PLANTED.items():
        monkeypatch.setenv(other, planted)
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "config" / "settings.py"))
    said = "".join(traceback.format_exception(stopped.value)) + "".join(capsys.readouterr())
    assert name in str(stopped.value)
    assert MARKS.findall(said) == []


@pytest.fixture
def from_files(tmp_path):
    """The planted settings as they should be given: each in a file of its own."""
    for name, value in PLANTED.items():
        (tmp_path / name).write_text(value + "\n")
    return {f"{name}_FILE": str(tmp_path / name) for name in PLANTED}


def answer_to(port, path, data=None, **headers):
    request = urllib.request.Request(f"http://localhost:{port}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, str(answer.headers) + answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, str(error.headers) + error.read().decode()


def listening(port):
    with contextlib.suppress(OSError):
        return answer_to(port, "/healthz")[0] == 200
    return False


def command_lines(process):
    everyone = [psutil.Process(process.pid), *descendants(process)]
    return "\n".join(" ".join(command_of(one)) for one in everyone)


WEB = ("-m", "config.web")
WORKER = ("-m", "celery", "--app", "config", "worker", "--concurrency", "1")
MARK = {"Authorization": f"Bearer {PLANTED['METRICS_TOKEN']}"}
ASKED = [
    ("/", None, {}),
    ("/api/v1/indicators/", None, {}),
    ("/api/v1/submissions/", None, {"Authorization": "Bearer guessed"}),
    ("/oauth/token/", b"grant_type=client_credentials&client_id=a&client_secret=b", {}),
    ("/admin/login/", b"username=a&password=b", {}),
    ("/metrics", None, MARK),
    ("/metrics", None, {"Authorization": "Bearer guessed"}),
    ("/readyz", None, {}),
]


@pytest.mark.verify
def test_servers_that_are_away_tell_no_secret(from_files, tmp_path, free_port):
    told = {**from_files, "PORT": str(free_port), "LOG_LEVEL": "DEBUG", "WEB_PROCESSES": "1"}
    web = start(sys.executable, *WEB, data=tmp_path, **told)
    worker = start(sys.executable, *WORKER, data=tmp_path, **told)
    words = []
    try:
        assert eventually(lambda: listening(free_port))
        answers = [answer_to(free_port, path, data, **headers) for path, data, headers in ASKED]
        assert {status for status, _ in answers} >= {401, 503}
        lines = command_lines(web) + command_lines(worker)
        assert "config.web" in lines
        assert "celery" in lines
        while not words or "Cannot connect" not in words[-1]:
            words.append(line_of(worker))
    finally:
        words += [*end_and_listen(web), *end_and_listen(worker)]
    assert MARKS.findall(str(answers)) == []
    assert MARKS.findall("\n".join(words)) == []
    assert MARKS.findall(lines) == []


@pytest.mark.verify
def test_page_for_developers_tells_no_secret(from_files, tmp_path, free_port):
    """With an unusable option of the database, a mistake that no code handles."""
    (tmp_path / "DATABASE_PUBLIC_URL").write_text(f"{PLANTED['DATABASE_PUBLIC_URL']}?connect_timeout=never")
    web = start(sys.executable, *WEB, data=tmp_path, PORT=str(free_port), DEBUG="true", **from_files)
    try:
        assert eventually(lambda: listening(free_port))
        status, page = answer_to(free_port, "/api/v1/indicators/")
    finally:
        words = end_and_listen(web)
    assert (status, "Traceback" in page, "REDIS_URL" in page) == (500, True, True)
    assert MARKS.findall(page) == []
    assert MARKS.findall("\n".join(words)) == []


def end_and_listen(process):
    """End it and all that it started, and return what it had left to say."""
    for one in [*descendants(process), process]:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            one.kill()
    return process.communicate()[0].splitlines()

"""The files in deploy/ agree with the settings, with each other, and with what systemd knows."""

import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from config.env import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def documented():
    text = (ROOT / "docs/reference/settings.md").read_text()
    return dict(re.findall(r"^\| `([A-Z0-9_]+)`(?: \*)? \| (?:`([^`]*)`)?", text, re.MULTILINE))


LINES = re.findall(r"^(# )?([A-Z0-9_]+)=(.*)$", (DEPLOY / "environment.example").read_text(), re.MULTILINE)
# Only `make serve` reads them.
OF_MAKE_SERVE = {"DATABASE_WEB_URL", "DATABASE_WORKER_URL"}


def credentials(unit):
    """The credentials of a unit, each with the file that systemd reads it from."""
    return dict(re.findall(r"^LoadCredential=(\w+):/etc/police2peer/(\w+)$", unit.read_text(), re.MULTILINE))


def test_each_setting_is_either_in_the_example_or_a_credential_of_a_unit():
    secrets = {name.upper() for unit in SERVICES for name in credentials(unit)}
    names = [name for _, name, _ in LINES]
    assert sorted([*names, *secrets, *OF_MAKE_SERVE]) == sorted(documented())


def test_example_names_each_file_of_a_secret():
    files = {file for unit in SERVICES for file in credentials(unit).values()}
    assert {file for file in files if file not in (DEPLOY / "environment.example").read_text()} == set()


def test_example_of_the_environment_shows_the_defaults():
    commented = {name: value for comment, name, value in LINES if comment}
    other = {name: value for name, value in commented.items() if documented()[name] not in {"", value}}
    # The units set the folder.
    assert other == {"DATA_DIR": "/var/lib/police2peer"}


@pytest.fixture
def installation(monkeypatch, tmp_path):
    """The secrets that a unit has, and the lines of the example that have no comment."""
    secrets = {
        "secret_key": "0f" * 32, "rounding_key": "0f" * 16, "webhook_keys": "0f" * 32, "redis_url": "redis://127.0.0.1/0",
        "database_url": "postgres://web:x@127.0.0.1/federation", "database_public_url": "postgres://public:x@127.0.0.1/federation",
        "broker_url": "", "database_replica_url": "", "metrics_token": "",
    }  # fmt: skip
    for name, value in secrets.items():
        (tmp_path / name).write_text(value)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for comment, name, value in LINES:
        if comment:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("name", "value"), [line[1:] for line in LINES if line[0]], ids=lambda value: value or "empty")
def test_each_line_of_the_example_works_without_its_comment(installation, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    runpy.run_path(str(ROOT / "config/settings.py"))


def test_all_lines_of_the_example_work_together(installation, monkeypatch):
    for _, name, value in LINES:
        monkeypatch.setenv(name, value)
    settings = runpy.run_path(str(ROOT / "config/settings.py"))
    assert settings["EMAIL_HOST"] == "mail.example.org"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_service_starts_again_after_each_crash_without_its_optional_secrets(unit):
    text = unit.read_text()
    assert re.search(r"^StartLimitIntervalSec=0$", text, re.MULTILINE)
    needed = {"secret_key", "rounding_key", "redis_url", "database_url", "database_public_url"}
    empty = set(re.findall(r"^SetCredential=(\w+):\\n$", text, re.MULTILINE))
    assert empty == set(credentials(unit)) - needed


def arguments(command):
    """The part of a command that says what to run, without where the program lies."""
    words = shlex.split(command) if isinstance(command, str) else command
    return words[words.index("-m") + 1 :]


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix != ".target"], ids=lambda unit: unit.name)
def test_stopping_the_target_stops_every_unit_and_waits_for_it(unit):
    lines = unit.read_text().split("[Install]")[0].splitlines()
    assert "PartOf=police2peer.target" in lines
    # What starts after the target stops before it.
    assert any(line.startswith("After=police2peer.target") for line in lines)


def test_containers_run_what_the_units_run():
    composed = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())["services"]
    started = {unit.name: re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)[1] for unit in SERVICES}
    worker = arguments(started["police2peer-worker@.service"])
    named = worker.index("--hostname")
    assert arguments(composed["worker"]["command"]) == worker[:named] + worker[named + 2 :]
    assert arguments(composed["beat"]["command"]) == arguments(started["police2peer-beat.service"])
    cmd = re.search(r"^CMD (.*)$", (DEPLOY / "container/Containerfile").read_text(), re.MULTILINE)[1]
    web = arguments(yaml.safe_load(cmd))
    # They differ in where they listen.
    assert web[:-2] == arguments(started["police2peer-web@.service"])[:-2]


def test_containers_sign_in_as_the_units_do():
    composed = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())
    services, there = composed["services"], composed["secrets"]
    units = {"web-1": "web@", "web-2": "web@", "worker": "worker@", "beat": "beat"}
    for name, unit in units.items():
        assert addresses_of(services[name]) == addresses_of_unit(unit)
    assert addresses_of(services["migrate"]) == {"DATABASE_URL": "database_url"}
    for name in (*units, "migrate"):
        read = {Path(value).name for key, value in services[name]["environment"].items() if key.endswith("_FILE")}
        assert set(services[name]["secrets"]) == read
    assert {secret for one in services.values() for secret in one.get("secrets", [])} == set(there)


def test_workers_and_web_servers_may_write_where_they_keep_files():
    """Elsewhere the file system is read-only for them."""
    for name in ("web", "worker"):
        unit = (DEPLOY / f"systemd/police2peer-{name}@.service").read_text()
        [folder] = re.findall(r"^StateDirectory=(.*)$", unit, re.MULTILINE)
        assert re.findall(r"^Environment=DATA_DIR=(.*)$", unit, re.MULTILINE) == [f"%S/{folder}"]
    composed = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())["services"]
    for name in ("web-1", "web-2", "worker"):
        mounted = [one.split(":")[1] for one in composed[name]["volumes"]]
        assert composed[name]["environment"]["DATA_DIR"] in mounted


def test_web_servers_share_pools_of_freed_memory_between_threads():
    composed = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())["services"]
    unit = (DEPLOY / "systemd/police2peer-web@.service").read_text()
    [pools] = re.findall(r"^Environment=MALLOC_ARENA_MAX=(\d+)$", unit, re.MULTILINE)
    assert {composed[name]["environment"]["MALLOC_ARENA_MAX"] for name in ("web-1", "web-2")} == {pools}


def addresses_of(service):
    """The variables that tell a container of the database, and which secret each of them reads."""
    told = {name: value for name, value in service["environment"].items() if name.startswith("DATABASE_")}
    assert all(value.startswith("/run/secrets/") for value in told.values())
    return {name.removesuffix("_FILE"): Path(value).name for name, value in told.items()}


def addresses_of_unit(name):
    told = credentials(DEPLOY / f"systemd/police2peer-{name}.service")
    return {
        credential.upper(): told[credential]
        for credential in ("database_url", "database_public_url")
        if credential in told
    }


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (Debian: systemd)")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_reads_the_units(unit, tmp_path):
    for one in UNITS:
        # The program lies elsewhere here, and where it lies is all that may differ.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", one.read_text(), flags=re.MULTILINE)
        (tmp_path / one.name).write_text(text)
    name = unit.name.replace("@.", "@8001.")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", name],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")

"""The files in deploy/ agree with the settings, with each other, and with what systemd knows."""

import re
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


def test_example_of_the_environment_has_all_settings_with_their_defaults():
    lines = re.findall(r"^(# )?([A-Z0-9_]+)=(.*)$", (DEPLOY / "environment.example").read_text(), re.MULTILINE)
    names = [name.removesuffix("_FILE") for _, name, _ in lines if name != "NAME_FILE"]
    assert sorted(names) == sorted(documented())
    silent = {name: value for comment, name, value in lines if comment}
    assert {name: value for name, value in silent.items() if documented().get(name, "") not in {"", value}} == {
        "BROKER_URL": silent["BROKER_URL"]
    }


def arguments(command):
    """The part of a command that says what to run, without where the program lies."""
    words = shlex.split(command) if isinstance(command, str) else command
    return words[words.index("-m") + 1 :]


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix != ".target"], ids=lambda unit: unit.name)
def test_stopping_the_target_stops_every_unit(unit):
    assert "PartOf=police2peer.target" in unit.read_text().split("[Install]")[0].splitlines()


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
    text = (DEPLOY / f"systemd/police2peer-{name}.service").read_text()
    files = dict(re.findall(r"^LoadCredential=(\w+):/etc/police2peer/(\w+)$", text, re.MULTILINE))
    told = re.findall(r"(DATABASE_\w+)_FILE=%d/(\w+)", text)
    return {variable: files[credential] for variable, credential in told}


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

"""What an agency installs, without the repository: a program from pipx or one file, and with it the first report."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

from tests.integration.agency import machines
from tests.integration.processes import ROOT
from tests.unit.core.workbook_files import local, row, xlsx

pytestmark = [pytest.mark.verify, pytest.mark.xdist_group("agency")]

CODES = {"pipx": "NO-PIPX", "pex": "NO-PEX"}
OURS = re.compile(
    r"p2p_(?:agency|core)/(?:[a-z_]+/)*(?:[a-z_]+\.py|data/(?:countries\.csv|networks\.csv|sources\.json))"
)


@pytest.fixture(scope="module")
def federation(tmp_path_factory):
    with machines.federation(tmp_path_factory.mktemp("federation"), *CODES.values()) as running:
        yield running


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a command in a folder that has a copy of `agency`, and pipx beside it."""
    folder = tmp_path_factory.mktemp("machine")
    shutil.copytree(ROOT / "agency", folder / "agency", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", folder / "tools"], check=True)
    paths = {"PIPX_HOME": "pipx", "PIPX_BIN_DIR": "bin", "PEX_ROOT": "pex", "P2P_AGENCY_CONFIG": "settings.toml"}
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {name: str(folder / path) for name, path in paths.items()}
    environment["PATH"] = f"{folder}/bin:{folder}/tools/bin:/usr/bin:/bin"

    def run_command(command, told="", **more):
        done = subprocess.run(
            command, shell=True, cwd=folder, env={**environment, **more}, input=told, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}"
        return done.stdout

    run_command("pip install --quiet pipx")
    run_command.folder = folder
    return run_command


def documented(begin):
    """The command of the README that begins so."""
    text = (ROOT / "agency/README.md").read_text()
    return next(line for line in text.splitlines() if line.startswith(begin))


def first_report(run, federation, code, program):
    """From the installed program to the report, with the commands of the README."""
    issued = federation.issued[code]
    told = f"http://127.0.0.1:{federation.port}\n{issued['client_id']}\n"
    (run.folder / "settings.toml").unlink(missing_ok=True)
    (run.folder / "counts.xlsx").unlink(missing_ok=True)
    (run.folder / "outbox.sqlite").unlink(missing_ok=True)
    output = run(f"{program} init", told, P2P_AGENCY_SECRET=issued["client_secret"])
    assert "time of Europe/Oslo" in output
    run(f"{program} template counts.xlsx")
    (run.folder / "counts.xlsx").write_bytes(xlsx(row(local(2026, 1, 7, 9), 17)))
    assert "No faults: 1 report," in run(f"{program} check counts.xlsx")
    assert "Accepted: 1 report." in run(f"{program} send counts.xlsx")
    assert federation.stored(code) == [(datetime(2026, 1, 7, 8, tzinfo=UTC), 17, 1)]


def contents(file, inside=""):
    """The files of ours in a package, without what describes the package."""
    names = {name.removeprefix(inside) for name in ZipFile(file).namelist() if name.startswith(inside)}
    return {name for name in names if re.match(r"(?!p2p_agency-|\.prefix/|\.layout).*[^/]$", name)}


def test_first_report_with_pipx(run, federation):
    run(documented("pipx install"))
    assert str(ROOT) not in run("pipx/venvs/p2p-agency/bin/python -c 'import p2p_core; print(p2p_core.__file__)'")
    first_report(run, federation, CODES["pipx"], "p2p-agency")
    run("pip wheel --quiet --no-deps --wheel-dir wheel ./agency")
    [wheel] = (run.folder / "wheel").iterdir()
    names = contents(wheel)
    assert {"p2p_agency/cli.py", "p2p_core/data/countries.csv"} <= names
    assert [name for name in names if not OURS.fullmatch(name)] == []


def test_first_report_with_one_file(run, federation):
    run(documented("pipx run pex"))
    names = contents(run.folder / "p2p-agency.pex", ".deps/p2p_agency-0.1.0-py3-none-any.whl/")
    assert "p2p_agency/cli.py" in names
    assert [name for name in names if not OURS.fullmatch(name)] == []
    first_report(run, federation, CODES["pex"], "./p2p-agency.pex")

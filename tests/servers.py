"""A pytest plugin: fresh PostgreSQL and Valkey for a test run, unless the environment names some.

A plugin, because pytest-django reads the settings before any conftest is imported.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from config import embedded

_servers = ExitStack()


# The same in every run, so that a number which a test expects stays the number.
os.environ.setdefault("SECRET_KEY", "tests")
os.environ.setdefault("ROUNDING_KEY", "000102030405060708090a0b0c0d0e0f")


def _start() -> None:
    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="police2peer-tests-")))
    folder.chmod(0o711)
    _servers.enter_context(embedded.owned(folder, durable=False))


# Workers of pytest-xdist inherit the environment of the process that started them, servers included.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()


def pytest_unconfigure(config: pytest.Config) -> None:
    _servers.close()

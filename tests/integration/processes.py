"""Starts programs of the project as a person would, in their own environment, and lists the processes left."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
# What the run of the tests set for itself.
_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ROUNDING_KEY", "DJANGO_SETTINGS_MODULE", "MAKELEVEL", "MAKEFLAGS")
#: One client here stands for many: its requests are counted as usual and never refused.
PLENTY = dict.fromkeys(
    (
        *("RATE_PUBLIC_PER_ADDRESS", "RATE_WRONG_TOKENS_PER_ADDRESS"),
        *("RATE_SUBMISSIONS_PER_AGENCY", "RATE_SUBMISSIONS_PER_CREDENTIAL"),
    ),
    "1000000",
)


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = PLENTY | {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "DATA_DIR": str(data), **more}


def start(*arguments: str, data: Path, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment(data, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def await_ready(serve: "subprocess.Popen[str]") -> None:
    lines: list[str] = []
    while not lines or not lines[-1].startswith("Ready after"):
        lines.append(line_of(serve))
        assert serve.poll() is None, "\n".join(lines)


def descendants(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def command_of(process: psutil.Process) -> list[str]:
    """Return what a process was started with; PostgreSQL's come and go while they are looked at."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def alive(processes: list[psutil.Process]) -> list[str]:
    def runs(process: psutil.Process) -> bool:
        with suppress(psutil.NoSuchProcess):
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return False

    return [repr(one) for one in processes if runs(one)]


def eventually(condition: Callable[[], bool], *, within: float = 60) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

"""How many answers a second a server gives, by a load generator where one is installed, else by our own clients."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping

from bench.web import Web

CONNECTIONS = 8


def generator() -> str:
    """Return the name of what makes the load."""
    return next((name for name in ("wrk", "hey") if shutil.which(name)), "Python")


def seconds_an_answer(port: int, path: str, headers: Mapping[str, str], *, status: int, seconds: float) -> float:
    """Return how long the server takes for one answer when it is kept busy: time by number of answers."""
    reply = Web(port).get(path, **headers)
    if reply.status != status:
        sys.exit(f"GET {path}: {reply.status}, not {status}")
    made = {"wrk": _wrk, "hey": _hey, "Python": _python}[generator()]
    return made(port, path, headers, seconds)


def _wrk(port: int, path: str, headers: Mapping[str, str], seconds: float) -> float:
    named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    # wrk counts whole seconds.
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", *named]
    output = _output("wrk", *options, f"http://127.0.0.1:{port}{path}")
    return 1 / float(_found(r"Requests/sec:\s*([\d.]+)", output))


def _hey(port: int, path: str, headers: Mapping[str, str], seconds: float) -> float:
    named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    options = ["-c", str(CONNECTIONS), "-z", f"{seconds}s", *named]
    output = _output("hey", *options, f"http://127.0.0.1:{port}{path}")
    return 1 / float(_found(r"Requests/sec:\s*([\d.]+)", output))


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"Not understood:\n{text}")
    return match[1]


def _python(port: int, path: str, headers: Mapping[str, str], seconds: float) -> float:
    """Ask from one process, one question after the other; slower than the others, and so a little kinder."""
    web, ends, answers = Web(port), time.perf_counter() + seconds, 0
    while time.perf_counter() < ends:
        web.get(path, **headers)
        answers += 1
    return seconds / answers

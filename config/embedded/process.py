"""One server process: it ends when we end, is watched until it answers, and is stopped with SIGINT."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from config import env
from config.processes import bound_to_parent

#: How many seconds a server may take to start or to stop.
TIMEOUT = 30.0
#: Seconds that a process which has ended may wait for its parent.
_ZOMBIE_SECONDS = 5.0
#: Each process looks at different ports, because a port that it finds stays free until its server listens there. All of
#: them are below the ports that the kernel gives to clients.
_ports = cycle(range(10_240 + os.getpid() % 512, 32_768, 512))


class NotStarted(SystemExit):
    """A server did not come up; the message is for the user who started it."""


def spawn(
    command: list[str],
    *,
    log: Path,
    user: int | None = None,
    stdin: bytes = b"",
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output, tempfile.TemporaryFile() as words:
        words.write(stdin)
        words.seek(0)
        return subprocess.Popen(
            bound_to_parent(command, signal.SIGINT),
            stdin=words,
            stdout=output,
            stderr=output,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **env.clock()},
            # The server is not in the process group of the terminal. So Ctrl-C reaches only the process that started
            # the server, and this process stops the server in order.
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )


def wait_until(
    ready: Callable[[], bool], *, process: subprocess.Popen[bytes], name: str, log: Path, timeout: float = TIMEOUT
) -> None:
    deadline = time.monotonic() + timeout
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            end = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise NotStarted(f"{name} did not start. The end of {log}:\n{end}")
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_stranger(number: int, *, program: str) -> None:
    """Stop a process that an earlier launcher left behind, if that number still belongs to such a program."""
    deadline = time.monotonic() + TIMEOUT
    while program in command_of(number):
        os.kill(number, signal.SIGINT if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.1)


def is_taken(number: int) -> bool:
    """Whether another process has that number by now. An ended process keeps it until its parent notices."""
    deadline = time.monotonic() + _ZOMBIE_SECONDS
    try:
        while time.monotonic() < deadline and not command_of(number):
            os.kill(number, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_of(number: int) -> str:
    """The command line of a process; empty if there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(["ps", "-p", str(number), "-o", "command="], capture_output=True, text=True, check=False)
    return shown.stdout


def free_port() -> int:
    """A port on which nobody listens, and which no other call returns soon."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port

"""What we ask of the operating system for child processes and their sockets."""

import ctypes
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from config import env

#: How many clients may wait for the web server; deploy/systemd has the same number.
BACKLOG = 2048
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to signal this process when its parent ends, however that ends. Linux only."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)


def bound_to_parent(command: Sequence[str], number: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command of a child that gets a signal when its parent ends, in any way. Linux only.

    The program of util-linux asks the kernel. A ``preexec_fn`` would be Python between fork and exec, which can wait
    for ever for a lock that another thread of the parent held.
    """
    setpriv = _setpriv()
    return [setpriv, "--pdeathsig", number.name, *command] if setpriv else [*command]


@cache
def _setpriv() -> str | None:
    """The program, if it can do this: BusyBox's cannot."""
    program = shutil.which("setpriv")
    tried = program and subprocess.run([program, "--pdeathsig", "keep", "true"], capture_output=True, check=False)
    return program if tried and tried.returncode == 0 else None


def announce() -> None:
    """Tell the parent that asked for it that this process is ready, as systemd expects it."""
    address = env.variable("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)

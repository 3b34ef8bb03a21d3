"""What the operating system does for us about child processes."""

import ctypes
import os
import signal
import socket
import sys

from config import env

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to signal this process when its parent ends, however that ends. Linux only."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)


def die_with(parent: int, number: int = signal.SIGKILL) -> None:
    """The same between fork and exec, where the parent may be gone before the kernel was asked."""
    die_with_parent(number)
    if os.getppid() != parent:
        os._exit(1)


def announce() -> None:
    """Say that this process is ready, in the way of systemd, to whoever has asked to be told."""
    address = env.told("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
            teller.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)

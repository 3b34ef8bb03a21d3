"""Keeps what the process has in memory out of core files, swap, logs and tracebacks, where the machine allows it."""

import ctypes
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

logger = logging.getLogger(__name__)

_MCL_CURRENT_AND_FUTURE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_CAP_IPC_LOCK: Final = 14


def harden() -> list[str]:
    """Protect this process. Returns what the machine does not allow, in sentences that say what follows."""
    sys.excepthook = _say_type
    threading.excepthook = lambda fault: _say_type(fault.exc_type, None, None)
    sys.unraisablehook = lambda fault: _say_type(fault.exc_type, None, None)
    return [*_without_core_files(), *_without_swap()]


def silence() -> None:
    """Close the standard output and the standard error of this process for good.

    Libraries in C++ and Rust write there by themselves when they fail: a panic in Rust prints its whole message.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _say_type(kind: type[BaseException], _error: BaseException | None, _trace: TracebackType | None) -> None:
    """A message or a traceback could hold an address, so only the type is said."""
    logger.error("Ended by %s. Its message is not shown, because it could hold an address.", kind.__name__)


def _without_core_files() -> Iterator[str]:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        yield "This system cannot turn core files off for a process: turn them off for the whole machine."
        return
    if sys.platform == "linux":
        # If the kernel sends core files to a program, it ignores the limit, but it respects this.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _without_swap() -> Iterator[str]:
    locked = False
    # If locked memory has a limit, a later allocation would fail. So lock all memory or none.
    with suppress(ImportError, OSError, AttributeError):
        locked = _may_lock_all() and ctypes.CDLL(None).mlockall(_MCL_CURRENT_AND_FUTURE) == 0
    if not locked:
        yield "Memory cannot be locked, so it could be swapped to the disk: set LimitMEMLOCK=infinity, or use no swap."


def _may_lock_all() -> bool:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError:
        capabilities = Path("/proc/self/status").read_text().partition("CapEff:\t")[2].split()[0]
        return bool(int(capabilities, 16) >> _CAP_IPC_LOCK & 1)
    return True

"""The folder in which the processes of one web server share what they measure, new with each start.

prometheus_client asks the environment for it when it is first imported, so it has to be there before the application.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config import env

_PREFIX = "police2peer-metrics-"


def share() -> None:
    """Make the folder of this web server, named after its process, and remove those of servers that were killed."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        if not _is_running(left.name.removeprefix(_PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{_PREFIX}{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    env.tell("PROMETHEUS_MULTIPROC_DIR", str(folder))
    atexit.register(_remove, folder, os.getpid())


def _remove(folder: Path, owner: int) -> None:
    """Take it away with the process that made it, and not with one of its children."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True

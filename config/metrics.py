"""The folder in which the processes of one web server share what they measure, new with each start.

prometheus_client asks the environment for it when it is first imported, so it has to be there before the application.
"""

import os
import shutil
import tempfile
from pathlib import Path

from config import env

_PREFIX = "police2peer-metrics-"


def share() -> Path:
    """Make the folder of this web server, named after its process, and remove those of servers that were killed."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        if not _is_running(left.name.removeprefix(_PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{_PREFIX}{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    env.presume("PROMETHEUS_MULTIPROC_DIR", str(folder))
    return folder


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True

"""The application of the web server, and the folder in which its processes share their metrics.

prometheus_client reads the folder from the environment when it is first imported. So the folder is made before the
application.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django

from config import env
from config.handler import Handler

_PREFIX = "police2peer-metrics-"


def _make_folder() -> None:
    """Make the folder of this web server, named after its process, and remove those of servers that were killed."""
    parent, owner = Path(tempfile.gettempdir()), os.getpid()
    for left in parent.glob(f"{_PREFIX}*"):
        if not _is_running(left.name.removeprefix(_PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{_PREFIX}{owner}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    env.export("PROMETHEUS_MULTIPROC_DIR", str(folder))

    def remove() -> None:
        # This must not happen when one of the children ends.
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_make_folder()
django.setup(set_prefix=False)
application = Handler()

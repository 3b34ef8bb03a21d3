"""Where the browser is that tests and measurements drive; no package brings one."""

import shutil
from typing import Final

#: The shell without a screen is the same browser, and takes a third of the time.
_NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ABSENT: Final = "no Chromium here; on Debian: apt-get install chromium-headless-shell"


def program() -> str | None:
    """Return the path of the first that is installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)

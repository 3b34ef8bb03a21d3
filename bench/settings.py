"""The project's settings with the bench's own views beside the project's, to measure both on one server."""

from config.settings import *  # noqa: F403  all of them, so that only what is named here differs
from config.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "bench"]
ROOT_URLCONF = "bench.urls"
DATA_UPLOAD_MAX_MEMORY_SIZE = 134_217_728

"""Names the settings that must be named, so that mypy's Django plugin can read config.settings. Starts nothing."""

import os

from mypy.plugin import Plugin

os.environ.setdefault("DATABASE_URL", "postgres:///types")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1/0")
os.environ.setdefault("SECRET_KEY", "types")
os.environ.setdefault("ROUNDING_KEY", "00" * 16)


def plugin(version: str) -> type[Plugin]:
    return Plugin

"""The release that writes the answers. It is part of their tags, so no cache returns an answer in an old form."""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Final

from django.apps import apps

import p2p_core

#: The libraries that write names, numbers, pages and graphs.
_LIBRARIES: Final = ("babel", "django", "markdown-it-py", "rdflib")
_SOURCES: Final = frozenset({".py", ".html", ".svg", ".css", ".js", ".json", ".csv", ".sql", ".mo"})


@cache
def digest() -> str:
    """A digest of our files and of the libraries that write answers. It changes with each release."""
    found = blake2b(repr([(name, version(name)) for name in _LIBRARIES]).encode(), digest_size=8)
    folders = {app: Path(apps.get_app_config(app).path) for app in ("api", "countries", "federation")}
    for name, folder in {**folders, "p2p_core": Path(p2p_core.__file__).parent}.items():
        for file in sorted(folder.rglob("*")):
            if file.suffix in _SOURCES:
                found.update(f"{name}/{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return found.hexdigest()

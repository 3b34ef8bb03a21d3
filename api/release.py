"""The release that writes the answers, as a part of their tags: no cache takes an old form for a new one."""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Final

from django.apps import apps

#: What writes names, numbers, pages and graphs.
_LIBRARIES: Final = ("babel", "django", "rdflib")
_SOURCES: Final = frozenset({".py", ".html", ".svg", ".css", ".js", ".json", ".csv", ".sql", ".mo"})


@cache
def digest() -> str:
    """Return what is another with each release: of our files, those built among them, and of what writes for us."""
    found = blake2b(repr([(name, version(name)) for name in _LIBRARIES]).encode(), digest_size=8)
    for app in ("api", "countries", "federation"):
        folder = Path(apps.get_app_config(app).path)
        for file in sorted(folder.rglob("*")):
            if file.suffix in _SOURCES:
                found.update(f"{app}/{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return found.hexdigest()

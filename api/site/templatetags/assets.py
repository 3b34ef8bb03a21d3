"""The files that are built from web/. When a file changes, its name changes too. The build writes a list of the names.

The list is read once, at the start. WhiteNoise looks for files at the start too, so a process asks for those that it
serves, even if they are built again meanwhile.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.templatetags.static import static

_LIST = Path(__file__).parents[1] / "static/site/built/files.json"
register = template.Library()


@cache
def files() -> dict[str, str]:
    """By source, the name among static files; none if nothing has been built."""
    listed: dict[str, Any] = json.loads(_LIST.read_text()) if _LIST.exists() else {}
    return {source: f"site/built/{name}" for source, name in listed.items()}


@register.simple_tag
def asset(source: str) -> str:
    """The address of a built file, or of its source while nothing is built."""
    return static(files().get(source, f"site/{source}"))

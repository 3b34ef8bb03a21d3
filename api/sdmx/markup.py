"""XML, written piece by piece: elements with attributes, and text that cannot break out of them."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from countries.characters import writable

PROLOGUE: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def text(content: str) -> str:
    """Return text for the inside of an element."""
    return escape(writable(content))


def element(name: str, attributes: Mapping[str, str | None] | None = None, *content: str) -> str:
    """Return an element; attributes without a value and content that is empty are left out."""
    head = name + "".join(f" {key}={quoteattr(writable(value))}" for key, value in (attributes or {}).items() if value)
    inside = "".join(content)
    return f"<{head}>{inside}</{name}>" if inside else f"<{head}/>"


def group(name: str, *content: str) -> str:
    """Return an element around others, a line each; nothing if there are none."""
    inside = "\n".join(filter(None, content))
    return f"<{name}>\n{inside}\n</{name}>" if inside else ""

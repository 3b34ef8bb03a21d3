"""XML, written piece by piece: elements with attributes, and text that cannot break out of them."""

import re
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

PROLOGUE: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
# What XML 1.0 has no way to write, not even escaped.
_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(content: str) -> str:
    """Return text for the inside of an element."""
    return escape(_UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", content))


def element(name: str, attributes: Mapping[str, str | None] | None = None, *content: str) -> str:
    """Return an element; attributes without a value and content that is empty are left out."""
    head = name + "".join(
        f" {key}={quoteattr(_UNWRITABLE.sub('', value))}" for key, value in (attributes or {}).items() if value
    )
    inside = "".join(content)
    return f"<{head}>{inside}</{name}>" if inside else f"<{head}/>"


def group(name: str, *content: str) -> str:
    """Return an element around others, a line each; nothing if there are none."""
    inside = "\n".join(filter(None, content))
    return f"<{name}>\n{inside}\n</{name}>" if inside else ""

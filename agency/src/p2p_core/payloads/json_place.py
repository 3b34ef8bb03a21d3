"""Says at which line and column a JSON text cannot be read."""

import re
from typing import Final

from p2p_core.payloads.faults import Advice

_OFFSET: Final = re.compile(r"\(byte (\d+)\)$")
#: Bytes of UTF-8 that continue a character.
_CONTINUED: Final = bytes(range(0x80, 0xC0))
_PIECE: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
#: The name of the first column of a CSV table, with a separator.
_CSV: Final = re.compile(rb'"?[A-Za-z_]+"?[,;]', re.ASCII)
#: An escape with the first half of a character of UTF-16, and no escape after it. For the decoder, this is an end too.
_HALF: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}(?=[^\\]|\\[^u])")


def advice(text: bytes, message: str) -> Advice:
    """A sentence with the place that a message of the decoder means. Without an offset, the text ends too early."""
    if text.startswith(_BOM):
        return Advice("The body begins with a byte order mark. Leave it out.")
    if _CSV.match(text):
        return Advice("This looks like CSV. Send it with Content-Type: text/csv.")
    offset = _offset(text, message)
    if offset is None:
        line, column = place_of(text, len(text))
        return Advice(
            "The JSON ends too early, at line {line}, column {column}. Close each bracket, brace and quote.",
            line=line,
            column=column,
        )
    line, column = place_of(text, offset)
    return Advice(
        "The JSON cannot be read at line {line}, column {column}. Correct it there or just before; NaN and Infinity "
        "are not JSON numbers.",
        line=line,
        column=column,
    )


def _offset(text: bytes, message: str) -> int | None:
    """The byte that cannot be read, or None if the text ends too early."""
    if found := _OFFSET.search(message):
        # The decoder has already read the first of the characters after the end.
        return int(found[1]) - ("trailing characters" in message)
    half = _HALF.search(text)
    return half.end() if half else None


def place_of(text: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte, from 1. A column is a character of UTF-8; a line ends with LF or CRLF."""
    start = text.rfind(b"\n", 0, offset) + 1
    pieces = (text[at : min(at + _PIECE, offset)] for at in range(start, offset, _PIECE))
    return text.count(b"\n", 0, offset) + 1, 1 + sum(len(piece.translate(None, _CONTINUED)) for piece in pieces)

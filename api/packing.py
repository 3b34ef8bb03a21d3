"""Packs what is sent, as the client says that it can unpack: zstd, or gzip where it cannot do that."""

import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: The best first.
_ENCODINGS: Final = ("zstd", "gzip")
#: Figures and codes pack twelvefold at these levels, and higher ones gain a few per cent for twice the time.
_GZIP_LEVEL: Final = 4
_ZSTD_LEVEL: Final = 3


def _taken(encoding: str) -> re.Pattern[str]:
    """Match an Accept-Encoding that names an encoding, and not to refuse it."""
    weight = r"(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?"
    return re.compile(rf"(?:^|,)\s*{encoding}\s*{weight}(?=,|$)", re.IGNORECASE)


_NAMED: Final = {encoding: _taken(encoding) for encoding in _ENCODINGS}


def agreed(accepted: str) -> str:
    """Return the encoding to use for what Accept-Encoding says; an empty one for none."""
    return next((encoding for encoding in _ENCODINGS if _NAMED[encoding].search(accepted)), "")


def packed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pack pieces as they come; what has come so far is held back until it is worth sending."""
    packer = zstd.ZstdCompressor(_ZSTD_LEVEL) if encoding == "zstd" else zlib.compressobj(_GZIP_LEVEL, wbits=31)
    for piece in pieces:
        if ready := packer.compress(piece):
            yield ready
    yield packer.flush()

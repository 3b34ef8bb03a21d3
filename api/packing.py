"""Compresses answers with zstd or gzip, or not at all, as Accept-Encoding prefers."""

import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: Of those that are liked alike the first is taken.
_ENCODINGS: Final = ("zstd", "gzip", "identity")
_WEIGHT: Final = re.compile(r"\s*q\s*=\s*(1(?:\.0*)?|0(?:\.\d*)?)\s*", re.ASCII | re.IGNORECASE)
#: Figures and codes pack twelvefold at these levels, and higher ones gain a few per cent for twice the time.
_GZIP_LEVEL: Final = 4
_ZSTD_LEVEL: Final = 3


# The header is the caller's, so the number of kept ones is bounded.
@lru_cache(maxsize=256)
def agreed(accepted: str) -> str:
    """Return the encoding to use for what Accept-Encoding says; an empty one for none."""
    named = {}
    for part in accepted.split(","):
        encoding, _, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter)
        # With a parameter that cannot be read it is not known to be liked.
        named[encoding.strip().lower()] = float(weight[1]) if weight else float(not parameter)
    liked = {encoding: named.get(encoding, named.get("*", 0.0)) for encoding in _ENCODINGS}
    best = max(liked, key=lambda encoding: liked[encoding])
    return best if liked[best] and best != "identity" else ""


def packed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pack pieces as they come; what has come so far is held back until it is worth sending."""
    packer = zstd.ZstdCompressor(_ZSTD_LEVEL) if encoding == "zstd" else zlib.compressobj(_GZIP_LEVEL, wbits=31)
    for piece in pieces:
        if ready := packer.compress(piece):
            yield ready
    yield packer.flush()

"""Compresses answers with zstd or gzip."""

import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: Figures and codes shrink to a twelfth at these levels, and higher ones gain a few per cent in twice the time.
_GZIP_LEVEL: Final = 4
_ZSTD_LEVEL: Final = 3


def compress(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress pieces as they come. The compressor keeps what it has until there is enough to send."""
    compressor = zstd.ZstdCompressor(_ZSTD_LEVEL) if encoding == "zstd" else zlib.compressobj(_GZIP_LEVEL, wbits=31)
    for piece in pieces:
        if ready := compressor.compress(piece):
            yield ready
    yield compressor.flush()

"""Runs `p2p-agency collect` on a disk that is full, with faults that name an address: SETTINGS AHEAD FACTOR.

The name of a file says which fault its line brings about.
"""

import errno
import os
import sys
from functools import partial
from pathlib import Path

from p2p_agency import settings
from p2p_agency.collect import command, sources
from p2p_agency.collect.adapters import lines
from p2p_agency.collect.locator import Locator
from tests.integration.agency.agencies import other_clock


class PanicError(BaseException):
    """What a panic in Rust becomes."""


def _decode(content):
    if b'"adapter"' in content:
        raise ValueError(content)
    return decode(content)


def _transfer(self, upload):
    match upload.file:
        case "locator":
            raise OSError(errno.EIO, upload.address)
        case "panic":
            # As the hook for panics does, before Python gets to know of it.
            os.write(2, f"thread panicked at {upload.address}\n".encode())
            raise PanicError(upload.address)
        case "abort":
            os.write(1, f"terminate called for {upload.address}\n".encode())
            os.abort()
    return transfer(self, upload)


def _fail(_descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# The process of a source imports this module too.
decode, transfer = lines._decode, Locator.transfer
for module, name, fault in (
    (lines, "_decode", _decode),
    (Locator, "transfer", _transfer),
    (os, "fsync", _fail),
    (sources, "PAUSE", 0.2),
):
    setattr(module, name, fault)
if __name__ == "__main__":
    path, ahead, factor = Path(sys.argv[1]), *map(float, sys.argv[2:4])
    command.run(settings.load(path), clock=partial(other_clock, ahead, factor, path.stat().st_mtime))

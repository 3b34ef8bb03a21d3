"""Secrets that are made once and kept in files that only their owner reads."""

import os
import secrets
from pathlib import Path


def load(path: Path, *, size: int = 32) -> str:
    """Read a secret from a file, in hexadecimal. The first call makes the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        write(path, secrets.token_hex(size))
    return path.read_text().strip()


def write(path: Path, text: str) -> None:
    """Write the whole file or none: half a secret left by a crash would be worse than none."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

"""How much is measured: the design's sizes at SCALE=1, a twentieth of them by default."""

import os
import sys

DEFAULT = 0.05


def scale() -> float:
    """Return the part of the full size that is to be measured."""
    try:
        value = float(os.environ.get("SCALE") or DEFAULT)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        sys.exit("SCALE is a number above 0 and up to 1, which is the full size.")
    return value


def scaled(full: int, *, least: int = 1) -> int:
    """Return a size of the design at this scale."""
    return max(least, round(full * scale()))

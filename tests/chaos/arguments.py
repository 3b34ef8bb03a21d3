"""The arguments of the commands that try seeds."""

import argparse
from pathlib import Path


def read(command: str, purpose: str | None, *, seconds: int, of: str) -> argparse.Namespace:
    """The arguments of this run. Each seed has usually so many ``seconds`` of the events that ``of`` names."""
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=purpose)
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--seeds", type=int, default=20, help="so many (20)")
    parser.add_argument("--first", type=int, default=1, help="from this one on (1)")
    parser.add_argument("--seconds", type=float, default=seconds, help=f"of {of}, each ({seconds})")
    parser.add_argument("--prepared", type=Path, help="a data directory that is migrated already, to begin with")
    return parser.parse_args()

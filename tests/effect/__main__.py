"""`make effect`: judges the estimator of effects in invented worlds. Exits with 1 if a promise does not hold."""

import argparse
import os
import sys
import time

from config.processes import die_with_parent
from tests.effect.results import run, upper_limit, warn


def main() -> None:
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    options = argparse.ArgumentParser(prog="make effect")
    options.add_argument("--worlds", type=int, default=1000, help="how many worlds of each case")
    worlds, began, broken = options.parse_args().worlds, time.monotonic(), []
    heads = ("false", "limit", "no 0", "power", "right", "told", "width")
    _print(f"{'case':40} {' '.join(f'{one:>6}' for one in heads)}  not told because")
    for row in run(worlds):
        shares = (row.false, upper_limit(row.false, row.worlds), row.outside, row.power, row.coverage, row.told)
        _print(f"{row.name:40} {' '.join(f'{one:6.1%}' for one in shares)} {row.width:6.2f}  {row.reasons}")
        broken += [f"{row.name}: {one}" for one in row.broken]
    _print(f"\n{'other estimators, 29 comparison countries':54} {'false':>6} {'power':>6}")
    for name, false, power in warn(worlds):
        _print(f"{name:54} {false:6.1%} {power:6.1%}")
    _print(f"\n{time.monotonic() - began:.0f} s")
    for one in broken:
        _print(f"BROKEN {one}")
    sys.exit(bool(broken))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

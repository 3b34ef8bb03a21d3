"""Runs every measurement, each in a process and on servers of its own, and prints one table."""

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import results
from bench.results import Row
from bench.sizes import scale
from bench.stack import prepare, temporary_folder
from config.env import ROOT

MODULES = (
    "intake",
    "reconcile",
    "revision",
    "freshness",
    "many",
    "series",
    "stream",
    "files",
    "worst",
    "cached",
    "desk",
    "pages",
    "collect",
)


def main() -> None:
    part, began = scale(), time.monotonic()
    with temporary_folder() as folder:
        print("bench.stack", file=sys.stderr, flush=True)
        prepare(folder / "prepared")
        rows = [row for name in MODULES for row in _rows_of(name, folder)]
    print(f"\n{_circumstances(part)}\n\n{results.table(rows)}")
    print(f"\nTook {time.monotonic() - began:.0f} s.", file=sys.stderr)


def _rows_of(name: str, folder: Path) -> list[Row]:
    print(f"bench.{name}", file=sys.stderr, flush=True)
    found = folder / f"{name}.json"
    tools = {"BENCH_TOOLS": str(folder / "tools")}
    ended = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", str(found)], env=os.environ | tools, cwd=ROOT, check=False
    )
    if ended.returncode or not found.exists():
        return [Row(f"bench.{name}", None, remark=f"ended with {ended.returncode}; run it alone to see why")]
    return results.read(found)


def _circumstances(part: float) -> str:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    python = platform.python_version()
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}, SCALE={part:g}, "
        f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.machine()}, Python {python}"
    )


def _processor() -> str:
    """Return the processor's name, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


if __name__ == "__main__":
    main()

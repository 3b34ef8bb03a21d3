"""The memory that a request adds to the process that serves it, by the kernel's high-water mark. Linux only."""

from pathlib import Path

import psutil

MEGABYTE = 1_000_000


def can_be_measured() -> bool:
    return Path("/proc/self/clear_refs").exists()


def watch(processes: list[psutil.Process]) -> dict[int, int]:
    """Begin to watch processes at rest: forget their marks, and return what they hold."""
    for process in processes:
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    return {process.pid: _field(process.pid, "VmRSS") for process in processes}


def risen(at_rest: dict[int, int]) -> float:
    """Return by how many megabytes the one that rose most has risen above its rest."""
    return max(_field(pid, "VmHWM") - rest for pid, rest in at_rest.items()) / MEGABYTE


def _field(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)

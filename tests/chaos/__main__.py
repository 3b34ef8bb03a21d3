"""`make chaos`: some seeds one after the other, and a table of the results. Exits with 1 if anything was wrong."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.processes import die_with_parent
from tests.chaos import arguments, ground, plan, trial
from tests.chaos.trial import Result

#: The size of the broker's disk.
_DISK = "4m"
_INSIDE = "CHAOS_INSIDE"


def main() -> None:
    asked = arguments.read("tests.chaos", __doc__, seconds=45, of="load and faults")
    _enter_namespace()
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    folder = Path(tempfile.mkdtemp(prefix="police2peer-chaos-"))
    folder.chmod(0o711)
    say(f"Making the ground in {folder}")
    made = ground.make(folder / "ground", prepared=asked.prepared)
    seeds = [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    results = [_tried(plan.draw(seed, seconds=asked.seconds), made, folder) for seed in seeds]
    _summarise(results)
    if any(result.wrong for result in results):
        sys.exit(f"The logs are in {folder}")
    shutil.rmtree(folder, ignore_errors=True)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _tried(drawn: plan.Plan, made: ground.Ground, folder: Path) -> Result:
    say("\n".join(["", *drawn.told()]))
    home = folder / f"seed-{drawn.seed}"
    made.copy(home)
    disk = home / "valkey"
    disk.mkdir(mode=0o700)
    mounted = _mount(disk)
    began = time.monotonic()
    try:
        result = trial.run(drawn, made, home, say=lambda text: say(f"  {time.monotonic() - began:5.1f} s  {text}"))
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", disk], check=False)
    for one in result.wrong:
        say(f"  WRONG: {one}")
    if not result.wrong:
        shutil.rmtree(home, ignore_errors=True)
    return result


def _summarise(results: list[Result]) -> None:
    heads = (
        "seed",
        "submissions",
        "202",
        "retries",
        "faults",
        "lost",
        "doubled",
        "wrong",
        "worst fresh",
        "fresh again",
    )
    rows = [
        (
            str(one.seed),
            str(one.submissions),
            str(one.accepted),
            str(one.retries),
            str(one.faults.total()),
            str(one.lost),
            str(one.doubled),
            str(len(one.wrong)),
            f"{one.worst_fresh:.1f} s",
            f"{one.fresh_after:.1f} s",
        )
        for one in results
    ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    say("")
    for row in (heads, *rows):
        say("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    faults = sum((one.faults for one in results), results[0].faults.__class__())
    answers = sum((one.answers for one in results), results[0].answers.__class__())
    say("\nfaults:  " + ", ".join(f"{count} × {kind}" for kind, count in faults.most_common()))
    say("answers: " + ", ".join(f"{count} × {kind}" for kind, count in answers.most_common()))


def _enter_namespace() -> None:
    """Start again in a private mount namespace. Only root may; others have no small disk."""
    if os.geteuid() == 0 and _INSIDE not in os.environ and shutil.which("unshare"):
        command = ["unshare", "--mount", sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
        os.execvpe("unshare", command, {**os.environ, _INSIDE: "1"})


def _mount(disk: Path) -> bool:
    if _INSIDE not in os.environ:
        say("  the broker's disk: a limit on the size of its files, as only root can mount a small one")
        return False
    options = ["-t", "tmpfs", "-o", f"size={_DISK},mode=0700", "tmpfs", str(disk)]
    return subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0


if __name__ == "__main__":
    main()

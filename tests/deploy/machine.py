"""A machine of Debian with a systemd of its own: namespaces of the kernel, and a copy of this machine's files.

Nothing in it can change this machine. It has a loopback network only; downloads go through a proxy of the test.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.env import ROOT
from tests.deploy import proxy

SOURCE: Final = "/srv/source"
_NAMESPACES: Final = ["--mount", "--pid", "--cgroup", "--net", "--ipc", "--uts"]
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXY: Final = f"http://127.0.0.1:{proxy.PORT}"


def missing() -> str:
    """Why there can be no such machine here; empty if there can be one."""
    if os.geteuid():
        return "Only root can make namespaces with a systemd."
    if not Path("/lib/systemd/systemd").exists() or not shutil.which("ip", path=_PATH):
        return "systemd or iproute2 is not installed."
    tried = subprocess.run(
        ["unshare", *_NAMESPACES, "--fork", "--mount-proc", "sh", "-c", "mount -t cgroup2 cgroup2 /sys/fs/cgroup"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"The kernel allows no namespaces: {tried.stderr.strip()}" if tried.returncode else ""


class Machine:
    def __init__(self, pid: int) -> None:
        self.pid = pid

    def run(self, command: str, *, fails: bool = False, seconds: float = 240) -> str:
        """What a shell command prints, as root, with the settings of this machine for downloads."""
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", *_NAMESPACES, "sh", "-c", command],
            env=_environment(), capture_output=True, text=True, check=False, timeout=seconds, cwd="/",
        )  # fmt: skip
        text = done.stdout + done.stderr
        assert bool(done.returncode) == fails, f"{command}\n{text}"
        return text.strip()

    def until(self, command: str, *, seconds: float = 60) -> str:
        """Repeat a command until it succeeds."""
        end = time.monotonic() + seconds
        while True:
            try:
                return self.run(command)
            except AssertionError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.5)


def _environment() -> dict[str, str]:
    """The variables of this process that say how programs download, without its Python and its settings."""
    kept = ("PIP_", "UV_", "SSL_", "NODE_EXTRA", "NPM_", "npm_", "REQUESTS_", "CURL_")
    ours = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    places = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _PROXY)
    return ours | places | {"PATH": _PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "no_proxy": "127.0.0.1,localhost"}


@contextmanager
def booted() -> Iterator[Machine]:
    """A machine whose systemd runs. Its packages are those of this machine, without PostgreSQL and nginx."""
    with tempfile.TemporaryDirectory(prefix="police2peer-machine-") as folder:
        boot = ROOT / "tests/deploy/boot.sh"
        unshare = subprocess.Popen(
            ["unshare", *_NAMESPACES, "--fork", "--kill-child", "--mount-proc", str(boot), folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            machine = Machine(_first_process(unshare.pid))
            machine.until("systemctl is-active --quiet multi-user.target")
            with proxy.serve(f"/proc/{machine.pid}/ns/net"):
                _copy_source(machine)
                yield machine
        finally:
            unshare.send_signal(signal.SIGKILL)
            unshare.wait()


def _first_process(parent: int) -> int:
    for _ in range(200):
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "systemd":
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError("systemd did not start")


def _copy_source(machine: Machine) -> None:
    """The files of the project as they are, without those that git ignores. Both sides see files in /dev/shm."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".tar") as archive:
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True,
        ).stdout  # fmt: skip
        subprocess.run(["tar", "-c", "-f", archive.name, "--null", "-T", "-"], cwd=ROOT, input=names, check=True)
        machine.run(f"mkdir -p {SOURCE} && tar -x -f {archive.name} -C {SOURCE}")

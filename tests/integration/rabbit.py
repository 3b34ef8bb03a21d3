"""A real RabbitMQ on the loopback address, with its data in a folder of its own."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

from config.embedded.process import free_port
from config.processes import die_with

PROGRAM = shutil.which("rabbitmq-server", path=f"{os.environ.get('PATH', '')}:/usr/lib/rabbitmq/bin:/usr/sbin")
#: What Debian's wrapper starts, which insists on a user of its own.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class Rabbit:
    """Starts and stops it, on the same port each time; what it was told is on disk only if it says so."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._inner = folder, free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self._port}\nlog.console = true\n")
        (folder / "plugins").write_text("[].\n")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_SERVER)],
                env={**os.environ, **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509  asked before any thread of ours runs
            )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    def _environment(self) -> dict[str, str]:
        folder = str(self._folder)
        inside = "{127,0,0,1}"
        return {
            "HOME": folder,
            "RABBITMQ_NODENAME": f"test{self._port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_DIST_PORT": str(self._inner),
            # A node that nobody is to find needs no daemon that says where it is.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-start_epmd false -erl_epmd_port {self._inner} "
            f"-kernel inet_dist_use_interface {inside}",
        }

"""A real RabbitMQ on the loopback address, with its data in a folder of its own."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from config.embedded.process import free_port, wait_until
from config.processes import bound_to_parent

PROGRAM = shutil.which("rabbitmq-server", path=f"{os.environ.get('PATH', '')}:/usr/lib/rabbitmq/bin:/usr/sbin")
#: The program behind Debian's wrapper, which works only as its own user.
_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
_LOOPBACK = "127.0.0.1"


class Rabbit:
    """Starts and stops RabbitMQ, on the same port each time. Only messages that it confirmed are on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._distribution_port, self._names_port = free_port(), free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = {_LOOPBACK}:{self._port}\nlog.console = true\n")
        (folder / "plugins").write_text("[].\n")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@{_LOOPBACK}:{self._port}//"

    def start(self) -> None:
        # Without this one, the node would start a daemon for the names of nodes: on all addresses, and for ever.
        names = self._spawn("epmd")
        wait_until(self._has_names, process=names, name="epmd", log=self._log)
        self._spawn(_SERVER)

    def stop(self) -> None:
        """End the node as `rabbitmqctl stop` does, and then the process that names it."""
        while self._processes:
            process = self._processes.pop()
            process.terminate()
            process.wait(60)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _spawn(self, program: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                bound_to_parent([program]),
                env={**os.environ, **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def _has_names(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((_LOOPBACK, self._names_port)) == 0

    def _environment(self) -> dict[str, str]:
        folder = str(self._folder)
        return {
            "HOME": folder,
            # The node itself is then our process, and no shell that would leave it behind if the tests were killed.
            "RUNNING_UNDER_SYSTEMD": "yes",
            "ERL_EPMD_ADDRESS": _LOOPBACK,
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_NODENAME": f"test{self._port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

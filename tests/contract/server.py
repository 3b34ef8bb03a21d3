"""A real web server as it is configured, before a database of its own, asked over raw sockets."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from config.embedded.process import free_port
from tests.integration.processes import ROOT

_BEGIN = """
import io
from django.core.management import call_command
call_command("load_reference", stdout=io.StringIO())
call_command("create_agency", "NO-KRIPOS", country="NO", name="Kripos", stdout=io.StringIO())
call_command("issue_credential", "NO-KRIPOS")
"""
_COUNTED = ("federation_submission", "federation_report", "federation_idempotencykey", "federation_work")
#: Longer than the server leaves a silent connection open.
_PATIENCE = 45.0


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, what it logs, its database, and an agency's token."""

    port: int
    log: Path
    database: str
    token: str = ""

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE)

    def ask(self, raw: bytes, answers: int = 1, *, ends: bool = False) -> "list[Answer]":
        """Send as it is, and read so many answers, or until the server closes."""
        with self.connect() as sock:
            sock.sendall(raw)
            if ends:
                sock.shutdown(socket.SHUT_WR)
            return read(sock, answers)

    def stored(self) -> list[int]:
        with psycopg.connect(self.database) as opened:
            counts = [opened.execute(f"SELECT count(*) FROM {table}").fetchall() for table in _COUNTED]
        return [rows[0][0] for rows in counts]


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    head: bytes
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body or b"{}").get("code", "?")) if b"problem+json" in self.head else ""

    def __str__(self) -> str:
        return f"{self.status} {self.code}".strip()


def read(sock: socket.socket, answers: int = 1) -> list[Answer]:
    received = b""
    found: list[Answer] = []
    while len(found) < answers:
        try:
            data = sock.recv(65536)
        except ConnectionResetError:
            data = b""
        received += data
        while len(found) < answers and (answer := _first(received)) is not None:
            found.append(answer)
            received = received[len(answer.head) + 4 + len(answer.body) :]
        if not data:
            break
    return found


def _first(received: bytes) -> Answer | None:
    head, end, rest = received.partition(b"\r\n\r\n")
    if not end:
        return None
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    size = int(length[1]) if length else 0
    return Answer(status, head, rest[:size]) if len(rest) >= size else None


@contextmanager
def serving(folder: Path, **more: str) -> Iterator[Server]:
    """Run a web server over a copy of the database of the tests until the end of the block."""
    with _database() as database:
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "PORT": str(free_port()),
            "WEB_PROCESSES": "1",
            "DATA_DIR": str(folder),
            **more,
        }
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", _BEGIN]
        issued = json.loads(subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout)
        server = Server(int(environment["PORT"]), folder / "web.log", database)
        with server.log.open("wb") as log:
            command = [sys.executable, "-m", "config.web"]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait(server, process)
            yield Server(server.port, server.log, database, _token(server, issued))
        finally:
            process.terminate()
            process.wait(60)


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if str(server.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")[0]) == "200":
                return
        except OSError:
            assert process.poll() is None, server.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _token(server: Server, issued: dict[str, str]) -> str:
    form = f"grant_type=client_credentials&client_id={issued['client_id']}&client_secret={issued['client_secret']}"
    raw = (
        "POST /oauth/token/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}"
    )
    return str(json.loads(server.ask(raw.encode())[0].body)["access_token"])


@contextmanager
def _database() -> Iterator[str]:
    own = connection.settings_dict
    connection.close()
    server = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}"
    name = f"{own['NAME']}_served"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administrator:
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(own["NAME"]))
        administrator.execute(copied)
        try:
            yield f"{server}/{name}"
        finally:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

"""A mail server and a receiver of webhooks that behave badly, each as a process of its own.

`python -m tests.chaos.mailbox mail|webhook PORT FOLDER SEED`. What arrives is written to a file before it is answered,
as a receiver would store it. Then the answer may be lost, because the process hangs, refuses or dies. With the file
`well` in the folder, all goes well.
"""

import asyncio
import json
import os
import random
import sys
import time
from email import message_from_bytes
from pathlib import Path
from ssl import SSLSocket
from typing import Any

from aiosmtpd.controller import Controller

from tests import receiver

#: What happens to a message, and how often.
FATES = {"taken": 8, "refused": 4, "hung": 1, "taken, then hung": 1, "taken, then dead": 1, "dead": 1}
#: Longer than any sender waits.
_HANG = 30.0


class Mailbox:
    """Stores what arrives, and draws what happens to it."""

    def __init__(self, folder: Path, kind: str, seed: str) -> None:
        self._folder, self._kind = folder, kind
        # Each life of the process draws other fates.
        self._rng = random.Random(f"{seed} {kind} {os.getpid()}")

    def fate(self) -> str:
        if (self._folder / "well").exists():
            return "taken"
        return self._rng.choices(list(FATES), list(FATES.values()))[0]

    def take(self, **what: Any) -> None:
        line = json.dumps({"at": time.time(), "by": self._kind, **what}) + "\n"
        with (self._folder / "arrived.jsonl").open("a") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


class MailHandler:
    """The callbacks of aiosmtpd."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's
        fate = self._box.fate()
        if fate == "dead":
            os._exit(1)
        if fate.startswith("taken"):
            mail = message_from_bytes(envelope.content)
            self._box.take(id=mail["Message-ID"], to=envelope.rcpt_tos, head=dict(mail.items()), body=_text(mail))
        if fate.endswith("dead"):
            os._exit(1)
        if fate.endswith("hung"):
            await asyncio.sleep(_HANG)
        return "250 OK" if fate.startswith("taken") else "451 Try again later"


def _text(mail: Any) -> str:
    part = next((one for one in mail.walk() if one.get_content_type() == "text/plain"), mail)
    return str(part.get_payload(decode=True).decode())


def serve_mail(box: Mailbox, port: int) -> None:
    Controller(MailHandler(box), hostname="127.0.0.1", port=port).start()
    time.sleep(3600)


def serve_webhook(box: Mailbox, port: int, folder: Path) -> None:
    with receiver.receiver(folder / "receiver.pem", port=port) as made:

        def answer(connection: SSLSocket, request: receiver.Request) -> None:
            fate = box.fate()
            if fate == "dead":
                os._exit(1)
            if fate.startswith("taken"):
                box.take(id=request.headers["message-id"], head=request.headers, body=request.body.decode())
            if fate.endswith("dead"):
                os._exit(1)
            if fate.endswith("hung"):
                time.sleep(_HANG)
            connection.sendall(receiver.OK if fate.startswith("taken") else b"HTTP/1.1 503 x\r\n\r\n")

        made.answer = answer
        time.sleep(3600)


def main() -> None:
    kind, port, folder, seed = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    box = Mailbox(folder, kind, seed)
    if kind == "mail":
        serve_mail(box, port)
    else:
        serve_webhook(box, port, folder)


if __name__ == "__main__":
    main()

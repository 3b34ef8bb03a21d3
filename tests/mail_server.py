"""A real mail server on the loopback address, which takes, refuses, drops or delays what it gets."""

import asyncio
import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class MailServer:
    """``answers`` has the answer to each recipient, and ``after_data`` the one to each mail. None means: hang up."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.after_data: list[str | None] = []
        self.hangs = False
        self.conversations = 0

    async def handle_EHLO(self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: Any) -> Any:  # noqa: N802
        self.conversations += 1
        if self.hangs:
            await asyncio.sleep(3600)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if refusal := self.answers.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        answer = self.after_data.pop(0) if self.after_data else "250 OK"
        if answer is None:
            server.transport.close()
        return answer or "250 OK"


@contextmanager
def mail_server(settings: Any, port: int) -> Iterator[MailServer]:
    """Have mails sent to a server of this test."""
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 1
    settings.DEFAULT_FROM_EMAIL, settings.SITE_URL = "federation@example.org", "https://p2p.example.org"
    try:
        yield server
    finally:
        controller.stop()

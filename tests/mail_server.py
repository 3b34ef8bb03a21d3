"""A real mail server on the loopback address, which takes, refuses, drops or delays what it gets."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class MailServer:
    """``answers`` has the answer to each recipient, and ``after_data`` the one to each mail. None means: hang up."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.after_data: list[str | None] = []
        self.hangs = False
        self.conversations = 0
        #: Of each mail: whether it came over TLS. Then the users who signed in, and how many passwords came at all.
        self.was_encrypted: list[bool] = []
        self.users: list[str] = []
        self.passwords = 0

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
        self.was_encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.received.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        answer = self.after_data.pop(0) if self.after_data else "250 OK"
        if answer is None:
            server.transport.close()
        return answer or "250 OK"

    def sign_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.passwords += 1
        is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"police2peer", b"right")
        self.users += ["police2peer"] if is_right else []
        return AuthResult(success=is_right, handled=is_right)


@contextmanager
def mail_server(
    settings: Any, port: int, *, tls: str = "none", certificate: Path | None = None
) -> Iterator[MailServer]:
    """Have mails sent to a server of this test. ``tls`` is as in EMAIL_TLS. With TLS, senders must sign in."""
    server = MailServer()
    controller = _controller(server, port, tls, certificate)
    controller.start()
    use(settings, port, tls=tls)
    try:
        yield server
    finally:
        controller.stop()


def _controller(server: MailServer, port: int, tls: str, certificate: Path | None) -> Controller:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    must: dict[str, Any] = {"authenticator": server.sign_in, "auth_required": True} if context else {}
    if tls == "starttls":
        must |= {"tls_context": context, "require_starttls": True}
    elif tls == "tls":
        # What came over TLS from the beginning, aiosmtpd does not count as TLS.
        must |= {"ssl_context": context, "auth_require_tls": False}
    return Controller(server, hostname="127.0.0.1", port=port, **must)


def use(settings: Any, port: int, *, tls: str = "none") -> None:
    """Have mails sent to a port of this machine."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = tls == "starttls", tls == "tls"
    settings.EMAIL_TIMEOUT = 1
    settings.DEFAULT_FROM_EMAIL, settings.SITE_URL = "federation@example.org", "https://p2p.example.org"

"""Posts signed messages to the webhooks of agencies, and to nothing else.

An agency chooses the address, and its name server decides to which machine the name leads. So one look-up decides
where the connection goes, and redirects are not followed. The whole call has a deadline, and little of the answer is
read.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException
from ipaddress import ip_address
from threading import Thread
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from countries import webhook_urls
from countries.webhook_urls import BadUrl, IPAddress, WebhookUrl
from federation.notifications import webhook_keys
from federation.notifications.errors import DeliveryError

#: Seconds that a call may take, from the look-up of the name to the end of the answer.
DEADLINE: Final = 5.0
#: How many bytes of an answer are read: its headers, and perhaps a few words.
_ANSWER_AT_MOST: Final = 8192
#: It does not name the address, because that would tell a stranger about the network of the service.
_PRIVATE: Final = "{} leads to an address that is not on the public internet, so nothing was sent."
_FAILURES: Final = (OSError, HTTPException, HTTPError)


def post(url: str, body: bytes, *, message_id: str, repeated: bool) -> None:
    """Post a message once. It is delivered if the receiver answers with a status from 200 to 299.

    The reason of a DeliveryError names the host of the receiver, but repeats nothing that the receiver sent.
    """
    ends = monotonic() + DEADLINE
    try:
        target = webhook_urls.parse(url)
        headers = webhook_keys.signed_headers(
            url, body, message_id=message_id, possibly_repeated=repeated, created=timezone.now()
        )
    except BadUrl as error:
        raise DeliveryError(str(error), is_permanent=True) from None
    except webhook_keys.NoKey as error:
        raise DeliveryError(str(error), is_permanent=False) from None
    with _failures(target, ends):
        status = _exchange(_connect(target, _addresses(target, ends), ends), target, body, headers)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise DeliveryError(_refusal(status), is_permanent=status == HTTPStatus.GONE)


# --- where the connection goes ---------------------------------------------------------------------------------------


def _addresses(target: WebhookUrl, ends: float) -> list[IPAddress]:
    """The addresses of a host, all of which must be allowed.

    A name with a public address and a private one is either an attack or a mistake. If only the public one were used,
    nobody would find out.
    """
    found = [target.literal] if target.literal else _look_up(target, ends)
    for address in found:
        if not webhook_urls.is_allowed(address, settings.WEBHOOK_NETWORKS):
            raise DeliveryError(_PRIVATE.format(target.host), is_permanent=False)
    return found


def _look_up(target: WebhookUrl, ends: float) -> list[IPAddress]:
    """Ask for the addresses of a name, in a thread, because this call of the system knows no deadline."""
    answers: list[Any] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            answers.extend(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))

    thread = Thread(target=look_up, name="look up a webhook", daemon=True)
    thread.start()
    thread.join(ends - monotonic())
    found = list(dict.fromkeys(ip_address(answer[4][0].partition("%")[0]) for answer in tuple(answers)))
    if not found:
        reason = f"The name {target.host} has no address, or its name server does not answer."
        raise DeliveryError(reason, is_permanent=False)
    return found


# --- the connection --------------------------------------------------------------------------------------------------


class _Socket(ssl.SSLSocket):
    """A socket that ends at a deadline, even if the other side sends a byte now and then, and that reads no more than
    it should.

    Each wait of OpenSSL has a limit of its own. So each call gets the time that is left.
    """

    ends: float
    unread: int = _ANSWER_AT_MOST

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  the signature of the base class
        self._limit()
        super().do_handshake(block)

    def send(self, data: Any, flags: int = 0) -> int:
        self._limit()
        return super().send(data, flags)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self._limit()
        if self.unread <= 0:
            raise OSError("the answer is too long")
        count = super().recv_into(buffer, nbytes, flags)
        self.unread -= count
        return count

    def _limit(self) -> None:
        self.settimeout(_left(self.ends))


def _connect(target: WebhookUrl, addresses: list[IPAddress], ends: float) -> HTTPSConnection:
    """Connect to the first address that answers. Nothing of the message is sent before the certificate is verified."""
    context = ssl.create_default_context()
    context.sslsocket_class = type("_SocketUntil", (_Socket,), {"ends": ends})
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        connection = HTTPSConnection(
            str(address),
            target.port,
            timeout=_left(ends) / left,
            ssl_context=context,
            server_hostname=target.host,
        )
        try:
            connection.connect()
        except _FAILURES:
            connection.close()
            if left == 1:
                raise
        else:
            return connection
    raise AssertionError("a host has at least one address")


def _exchange(connection: HTTPSConnection, target: WebhookUrl, body: bytes, headers: dict[str, str]) -> int:
    """Send the request, and return the status of the answer."""
    fixed = {"Host": target.authority, "User-Agent": "police2peer-federation", "Connection": "close"}
    try:
        connection.request("POST", target.path, body, {**fixed, **headers}, preload_content=False)
        answer = connection.getresponse()
        # What the answer says does not matter, but some receivers count a connection that ends too early as a failure.
        with suppress(*_FAILURES):
            answer.drain_conn()
        return answer.status
    finally:
        connection.close()


def _left(ends: float) -> float:
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


# --- what went wrong, in words ---------------------------------------------------------------------------------------


@contextmanager
def _failures(target: WebhookUrl, ends: float) -> Iterator[None]:
    """Turn the errors of sockets, TLS and HTTP into a sentence."""
    try:
        yield
    except _FAILURES as error:
        late = monotonic() >= ends
        reason = f"{target.host} did not answer within {DEADLINE:g} seconds." if late else _reason(target, error)
        raise DeliveryError(reason, is_permanent=False) from error


def _reason(target: WebhookUrl, error: Exception) -> str:
    causes = list(_causes(error))
    if bad := next((one for one in causes if isinstance(one, ssl.SSLCertVerificationError)), None):
        return f"The certificate of {target.host} is not valid: {bad.verify_message}."
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return f"No secure connection (TLS) to {target.host} is possible."
    if any(isinstance(one, ConnectionRefusedError) for one in causes):
        return f"{target.host} does not accept connections at port {target.port}."
    return f"The connection to {target.host} failed, or its answer is not HTTP."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refusal(status: int) -> str:
    known = {one.value: f" ({one.phrase})" for one in HTTPStatus}
    answered = f"The receiver answered with the status {status}{known.get(status, '')}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"{answered}. Redirects are not followed: enter the address to which it redirects."
    return f"{answered}."

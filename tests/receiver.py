"""A receiver of webhooks over TLS, with a certificate authority of its own. It can behave as badly as a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NAME = "reports.example.org"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """What arrived: the first line, the headers by their names in small letters, and the body."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[ssl.SSLSocket, Request], None]


@dataclass
class Receiver:
    """Listens on a loopback address. `answer` writes the answer; without one, it is OK."""

    port: int
    requests: list[Request] = field(default_factory=list)
    answer: Answer = lambda connection, _: connection.sendall(OK)
    #: How many connections were accepted, and the host names (SNI) that they asked for.
    names: list[str | None] = field(default_factory=list)
    connections: int = 0

    def url(self, host: str = NAME, path: str = "/hook") -> str:
        return f"https://{host}:{self.port}{path}"


@dataclass(frozen=True)
class Authority:
    """A certificate authority, with one certificate for a receiver. `ca` is the file that clients trust."""

    ca: Path
    certificate: Path


def authority(folder: Path, *names: str) -> Authority:
    """Make a certificate authority and a certificate for names and IP addresses."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority of the tests")])
    ca = _certificate(ca_name, ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(True, 0), True)
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
    ca = ca.add_extension(_usage(signs_certificates=True), True)
    own = _certificate(x509.Name([]), ca_name, key.public_key())
    own = own.add_extension(x509.SubjectAlternativeName([_name(one) for one in names or (NAME, "127.0.0.1")]), True)
    own = own.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)
    files = Authority(folder / "ca.pem", folder / "receiver.pem")
    files.ca.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files.certificate.write_bytes(private + own.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return files


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@contextmanager
def receiver(certificate: Path, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    """Run a receiver in threads until the end of the block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        made = Receiver(listening.getsockname()[1])
        context.sni_callback = lambda _socket, name, _context: made.names.append(name)
        thread = threading.Thread(target=_serve, args=(listening, context, made), daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listening: socket.socket, context: ssl.SSLContext, made: Receiver) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        made.connections += 1
        threading.Thread(target=_converse, args=(plain, context, made), daemon=True).start()


def _converse(plain: socket.socket, context: ssl.SSLContext, made: Receiver) -> None:
    plain.settimeout(20)
    with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as connection:
        request = _read(connection)
        made.requests.append(request)
        made.answer(connection, request)


def _read(connection: ssl.SSLSocket) -> Request:
    with connection.makefile("rb") as file:
        line = file.readline().decode().strip()
        pairs = (one.decode().strip().partition(": ") for one in iter(file.readline, b"\r\n") if one)
        headers = {name.lower(): value for name, _, value in pairs}
        return Request(line, headers, file.read(int(headers.get("content-length", 0))))

"""Webhooks over real TLS connections: what is sent, and what an address of an attacker can make the service do."""

import base64
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from ipaddress import ip_network

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.notifications import webhook_keys, webhooks
from federation.notifications.errors import DeliveryError
from tests import receiver
from tests.oracles import signing

BODY = b'{"kind":"test"}'
ID = "0197fcf1-94bd-7d05-8a5a-27f0a4e6b6f2"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return receiver.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def names(monkeypatch):
    """The addresses of names, as a name server would give them. Each look-up takes the next answer, or the last."""
    known = {receiver.NAME: [["127.0.0.1"]]}
    real = socket.getaddrinfo

    def getaddrinfo(host, *arguments, **options):
        if host not in known:
            return real(host, *arguments, **options)
        answers = known[host]
        now = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for one in now for row in real(one, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def hook(authority, names, monkeypatch, settings):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.1")]
    with receiver.receiver(authority.certificate) as made:
        yield made


def post(url, body=BODY, repeated=False):
    webhooks.post(url, body, message_id=ID, repeated=repeated)


def refusal(url):
    with pytest.raises(DeliveryError) as caught:
        post(url)
    return caught.value


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_message_arrives_with_its_headers(hook):
    post(hook.url())
    [request] = hook.requests
    assert request.line == "POST /hook HTTP/1.1"
    assert request.body == BODY
    assert request.headers["host"] == f"{receiver.NAME}:{hook.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["message-id"] == ID
    assert request.headers["possibly-repeated"] == "false"
    assert hook.names == [receiver.NAME]


def test_proxies_of_the_environment_are_ignored(hook, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    post(hook.url())
    assert hook.requests


def base_of(request, url, parameters):
    """The text that was signed, written by hand from RFC 9421."""
    covered = {"@method": "POST", "@target-uri": url} | {
        name: request.headers[name] for name in ("content-digest", "content-type", "message-id", "possibly-repeated")
    }
    return signing.base_of(covered, parameters).encode()


def signature_of(request):
    parameters = request.headers["signature-input"].removeprefix("sig=")
    [signature] = re.fullmatch(r"sig=:(.+):", request.headers["signature"]).groups()
    return parameters, base64.b64decode(signature)


def public_key(key):
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key.x + "="))


def test_signature_covers_the_message(hook):
    before = int(time.time())
    post(hook.url(), repeated=True)
    [request] = hook.requests
    parameters, signature = signature_of(request)
    [key] = webhook_keys.published()
    names = '("@method" "@target-uri" "content-digest" "content-type" "message-id" "possibly-repeated")'
    form = re.escape(names) + rf';created=(\d+);keyid="{key.kid}";alg="ed25519"'
    assert before <= int(re.fullmatch(form, parameters)[1]) <= time.time()
    assert request.headers["content-digest"] == signing.content_digest(BODY)
    assert request.headers["possibly-repeated"] == "true"
    public_key(key).verify(signature, base_of(request, hook.url(), parameters))
    with pytest.raises(InvalidSignature):
        public_key(key).verify(signature, base_of(request, hook.url(path="/other"), parameters))


def test_first_of_two_keys_signs(hook, settings):
    settings.WEBHOOK_KEYS = [b"\x01" * 32, b"\x02" * 32]
    post(hook.url())
    parameters, signature = signature_of(hook.requests[0])
    first, second = webhook_keys.published()
    assert f'keyid="{first.kid}"' in parameters
    public_key(first).verify(signature, base_of(hook.requests[0], hook.url(), parameters))
    assert first.x != second.x


def test_name_of_a_key_is_its_thumbprint(settings):
    """The example of RFC 8037, appendix A."""
    settings.WEBHOOK_KEYS = [bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")]
    [key] = webhook_keys.published()
    assert key.x == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_without_a_key_nothing_is_sent(hook, settings):
    settings.WEBHOOK_KEYS = []
    error = refusal(hook.url())
    assert "WEBHOOK_KEYS" in error.reason
    assert not error.is_permanent
    assert not hook.connections


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success(hook, status):
    hook.answer = lambda connection, _: connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
    post(hook.url())


@pytest.mark.parametrize(
    ("status", "is_permanent"), [(410, True), (400, False), (404, False), (500, False), (503, False), (777, False)]
)
def test_refusal_names_the_status_and_nothing_that_the_receiver_wrote(hook, status, is_permanent):
    answer = f"HTTP/1.1 {status} secret\r\nX-Secret: secret\r\nContent-Length: 6\r\n\r\nsecret"
    hook.answer = lambda connection, _: connection.sendall(answer.encode())
    error = refusal(hook.url())
    assert error.reason.startswith(f"The receiver answered with the status {status}")
    assert error.is_permanent == is_permanent
    assert "secret" not in error.reason + repr(error.__cause__)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_a_failure(hook, authority, status):
    """Also one to the machine itself."""
    with receiver.receiver(authority.certificate) as inside:
        location = inside.url(host="127.0.0.1")
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        hook.answer = lambda connection, _: connection.sendall(answer.encode())
        error = refusal(hook.url())
        assert "Redirects are not followed" in error.reason
        assert not error.is_permanent
        assert not inside.connections


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 two\r\n\r\n", b"\x00" * 100])
def test_answer_that_is_not_http(hook, answer):
    hook.answer = lambda connection, _: connection.sendall(answer)
    assert "failed, or its answer is not HTTP" in refusal(hook.url()).reason


# --- the machine itself and its networks -----------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.0.0.53", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
    "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1", "2001::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_name_of_a_private_address(address, names, monkeypatch, settings):
    settings.WEBHOOK_NETWORKS = []
    names["inside.example.org"] = [[address]]
    monkeypatch.setattr(webhooks, "_connect", None)
    error = refusal("https://inside.example.org/hook")
    assert "not on the public internet" in error.reason
    assert address not in error.reason


@pytest.mark.parametrize("address", PRIVATE)
def test_private_address_in_the_url(address, monkeypatch, settings):
    settings.WEBHOOK_NETWORKS = []
    monkeypatch.setattr(webhooks, "_connect", None)
    host = f"[{address}]" if ":" in address else address
    assert "not on the public internet" in refusal(f"https://{host}/hook").reason


def test_one_private_address_among_public_ones(names, monkeypatch, settings):
    settings.WEBHOOK_NETWORKS = []
    names["mixed.example.org"] = [["8.8.8.8", "127.0.0.1"]]
    monkeypatch.setattr(webhooks, "_connect", None)
    assert "not on the public internet" in refusal("https://mixed.example.org/hook").reason


def test_second_look_up_is_never_made(hook, names):
    """A name server can answer with an allowed address first, and with another one as soon as it was checked."""
    names[receiver.NAME] = [["127.0.0.1"], ["127.0.0.2"]]
    post(hook.url())
    assert names[receiver.NAME] == [["127.0.0.2"]]
    assert hook.connections == 1


def test_name_without_address(names):
    names["nowhere.example.org"] = [[]]
    assert "has no address" in refusal("https://nowhere.example.org/hook").reason


def test_ipv6(authority, tmp_path, monkeypatch, settings):
    made = receiver.authority(tmp_path, "::1")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    settings.WEBHOOK_NETWORKS = [ip_network("::1")]
    with receiver.receiver(made.certificate, host="::1") as hook:
        post(hook.url(host="[::1]"))
        assert hook.requests[0].headers["host"] == f"[::1]:{hook.port}"


def test_next_address_is_tried(hook, names, settings):
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.1"), ip_network("::1")]
    names[receiver.NAME] = [["::1", "127.0.0.1"]]
    post(hook.url())
    assert len(hook.requests) == 1


# --- TLS -------------------------------------------------------------------------------------------------------------


def test_certificate_of_another_name(authority, hook, names):
    names["other.example.org"] = names[receiver.NAME]
    error = refusal(hook.url(host="other.example.org"))
    assert "The certificate of other.example.org is not valid" in error.reason
    assert not hook.requests


def test_certificate_of_an_unknown_authority(hook, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(receiver.authority(tmp_path).ca))
    assert "is not valid" in refusal(hook.url()).reason
    assert not hook.requests


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls(hook, authority):
    def old():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(authority.certificate)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        plain, _ = listening.accept()
        with plain, suppress(OSError):
            context.wrap_socket(plain, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=old, daemon=True).start()
        error = refusal(f"https://{receiver.NAME}:{listening.getsockname()[1]}/hook")
    assert "No secure connection" in error.reason


def test_nobody_listens(hook):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert refusal(f"https://{receiver.NAME}:{port}/hook").reason == (
        f"{receiver.NAME} does not accept connections at port {port}."
    )


# --- slow and long ---------------------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(webhooks, "DEADLINE", 0.7)


def drip(connection, piece):
    """Send a piece now and then, until the other side goes."""
    while True:
        connection.sendall(piece)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b""),
        (b"H", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["nothing", "one byte", "headers", "bytes of a header", "interim answers"],
)
def test_slow_answer_is_cut(hook, short, start, piece):
    def answer(connection, _):
        connection.sendall(start)
        drip(connection, piece) if piece else time.sleep(2)

    hook.answer = answer
    assert "did not answer within" in refusal(hook.url()).reason


def test_slow_body_of_a_success_is_not_waited_for_longer(hook, short):
    def answer(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        drip(connection, b"x")

    hook.answer = answer
    post(hook.url())


@pytest.mark.parametrize("piece", [b"", b"\x16"], ids=["nothing", "one byte at a time"])
def test_slow_handshake_is_cut(names, short, settings, piece):
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.1")]

    def hang(listening):
        plain, _ = listening.accept()
        with suppress(OSError), plain:
            # The start of a TLS record that is 16 KB long.
            plain.sendall(b"\x16\x03\x03\x40\x00")
            drip(plain, piece) if piece else time.sleep(2)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=hang, args=(listening,), daemon=True).start()
        assert "did not answer within" in refusal(f"https://{receiver.NAME}:{listening.getsockname()[1]}/").reason


def test_slow_name_server_is_cut(monkeypatch, short):
    gone = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: gone.wait(20) and [])
    assert "name server does not answer" in refusal("https://slow.example.org/hook").reason
    gone.set()


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 50_000, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9_000],
    ids=["long header", "many headers"],
)
def test_endless_headers_are_cut(hook, answer):
    hook.answer = lambda connection, _: connection.sendall(answer)
    assert "failed, or its answer is not HTTP" in refusal(hook.url()).reason


def test_little_of_a_huge_answer_is_read(hook):
    sent = []

    def answer(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)
            sent.append(65_536)

    hook.answer = answer
    post(hook.url())
    assert sum(sent) < 100_000_000


@pytest.mark.parametrize(
    "url",
    [
        "http://reports.example.org/",
        "https://user@reports.example.org/",
        "https://reports.example.org/#x",
        "file:///etc/passwd",
    ],
)
def test_unusable_url_is_refused_for_good(url):
    assert refusal(url).is_permanent

"""The web server without a proxy: slow clients occupy no thread, and a dead process is replaced."""

import http.client
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest
from django.conf import settings

from tests.contract.raw_requests import get, post, reporting
from tests.contract.server import read, serving
from tests.integration.processes import PLENTY, ROOT, alive, descendants, environment, eventually

pytestmark = [pytest.mark.verify, pytest.mark.slow, pytest.mark.xdist_group("web")]
#: Ten for each thread.
SLOW = 20
#: Together more than the kernel takes for a reader who does not read.
LARGE = get("/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js.map")
SCHEMAS = 12
HELP = get("/help/")
CACHED = get("/api/v1/networks/")
#: Signs somebody of an agency in, and prints the cookie.
_SIGN_IN = """
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from countries.models import Agency, AgencyAccount
from tests.second_factor import signed_in
agency = {agency}
user = User.objects.create_user(agency.code)
AgencyAccount.objects.create(user=user, agency=agency, created=timezone.now())
client = signed_in(Client(), user)
print(client.session.session_key)
"""
_FORM_TOKEN = "t" * 32


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup, django_db_blocker):
    """Two processes of one thread each."""
    folder, more = tmp_path_factory.mktemp("web"), {"WEB_PROCESSES": "2", "WEB_THREADS": "1", **PLENTY}
    with django_db_blocker.unblock(), serving(folder, **more) as running:
        yield running


@pytest.fixture
def slowly(server):
    """Opens connections that have sent so much, with what ends the request of each."""
    with ExitStack() as until:

        def connect():
            sock = until.enter_context(socket.socket())
            # So that little of an answer is on its way.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.settimeout(60)
            sock.connect(("127.0.0.1", server.port))
            return sock

        def send(raw, end=b""):
            slow = [connect() for _ in range(SLOW)]
            for sock in slow:
                sock.sendall(raw)
            return [(sock, end) for sock in slow]

        yield send


def all_go_on(server):
    """An accident shows as an answer that does not come within the time that a silent connection has."""
    for raw in (get(), HELP, CACHED, post(reporting()).replace(b"{token}", server.token.encode())):
        [answer] = server.ask(raw)
        assert answer.status in {200, 202}, raw


def test_help_health_cached_answers_and_submissions_go_on_beside_slow_clients(server, slowly):
    all_go_on(server)
    body = reporting().ljust(2**20)
    submission = post(body).replace(b"{token}", server.token.encode())
    [(reader, _), *_] = slowly(LARGE)
    slowly(get("/api/schema/") * SCHEMAS)
    heads = slowly(HELP[:-2], b"\r\n")
    bodies = slowly(submission[:-9], submission[-9:])
    slowly(b"")
    all_go_on(server)
    # Slow is not lost: what was begun is answered once it is whole, and a slow reader gets the whole answer.
    for sock, end in heads + bodies:
        sock.sendall(end)
    assert {read(sock)[0].status for sock, _ in heads} == {200}
    assert {read(sock)[0].status for sock, _ in bodies} == {202}
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
    [whole] = read(reader)
    [again] = server.ask(LARGE)
    assert len(whole.body) > 3_000_000
    assert whole.body == again.body


@pytest.fixture(scope="module")
def cookies(server):
    return cookies_of(server)


def cookies_of(server, agency="Agency.objects.get()"):
    """The cookies of somebody of an agency who is signed in with both factors."""
    environment = {**os.environ, "DATABASE_URL": server.database, "DATA_DIR": str(server.log.parent)}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", _SIGN_IN.format(agency=agency)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    session, form = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
    return f"Cookie: {session}={done.stdout.strip()}; {form}={_FORM_TOKEN}".encode()


def upload(cookies, content, **fields):
    """A form with a file, as a browser sends it."""
    given = {"csrfmiddlewaretoken": _FORM_TOKEN, **fields}
    parts = [
        *(f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in given.items()),
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="numbers.json"\r\n\r\n',
    ]
    body = "".join(parts).encode() + content + b"\r\n--edge--\r\n"
    length = f"Content-Length: {len(body)}".encode()
    form = get("/agency/send/", cookies, b"Content-Type: multipart/form-data; boundary=edge", length, method=b"POST")
    return form + body


def test_help_health_cached_answers_and_submissions_go_on_beside_slow_uploads_of_files(server, slowly, cookies):
    """Twenty people of an agency, of whom each sends half a file and then waits."""
    form = upload(cookies, reporting().ljust(2**20))
    half = len(form) // 2
    waiting = slowly(form[:half], form[half:])
    all_go_on(server)
    [board] = server.ask(get("/agency/", cookies))
    assert board.status == 200
    for sock, end in waiting:
        sock.sendall(end)
    answers = [read(sock)[0] for sock, _ in waiting]
    assert {answer.status for answer in answers} == {200}
    assert all(b'name="stamp"' in answer.body for answer in answers)


def test_file_that_is_confirmed_ten_times_at_once_is_one_submission(server, cookies):
    content = reporting("4711")
    [checked] = server.ask(upload(cookies, content))
    [stamp] = re.findall(rb'name="stamp" value="([^"]+)"', checked.body)
    submissions, *_ = server.stored()
    with ThreadPoolExecutor(10) as pool:
        form = upload(cookies, content, stamp=stamp.decode())
        answers = [answer for [answer] in pool.map(server.ask, [form] * 10)]
    places = {re.search(rb"(?i)location: (\S+)", answer.head)[1] for answer in answers if answer.status == 302}
    # One may be answered that another is being stored, and another that too many came at once.
    assert {answer.status for answer in answers} <= {302, 409, 503}
    assert len(places) == 1
    assert server.stored()[0] == submissions + 1


def test_file_of_a_hundred_megabytes_is_not_read(server, cookies):
    [answer] = server.ask(upload(cookies, b"x" * (100 << 20)))
    assert answer.status == 422
    assert b"larger than 16 MiB" in answer.body


def refuses(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.last
def test_process_that_dies_is_replaced_and_those_that_stop_finish_what_they_have(server):
    parent = next(one for one in psutil.Process().children() if "config.web" in one.cmdline())
    first, second = parent.children()
    first.kill()
    assert eventually(lambda: len(alive(parent.children())) == 2 and first not in parent.children())
    second.kill()
    assert server.ask(get())[0].status == 200

    kept = http.client.HTTPConnection("localhost", server.port, timeout=60)
    everyone = [parent, *descendants(parent)]
    with server.connect() as half:
        half.sendall(get()[:-2] + b"X-A: ")

        def is_the_last():
            half.sendall(b"a")
            kept.request("GET", "/healthz")
            answer = kept.getresponse()
            assert (answer.status, answer.read() != b"") == (200, True)
            return answer.getheader("Connection") == "close"

        assert not is_the_last()
        parent.terminate()
        assert eventually(is_the_last)
        assert eventually(lambda: half.sendall(b"a") is None and refuses(server.port))
        half.sendall(b"\r\n\r\n")
        assert read(half)[0].status == 200
    assert eventually(lambda: not alive(everyone))


def test_port_that_is_taken_is_said(launch, free_port, tmp_path):
    with socket.create_server(("127.0.0.1", free_port)):
        process = launch(sys.executable, "-m", "config.web", data=tmp_path, PORT=str(free_port))
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Cannot listen at 127.0.0.1:{free_port}" in said


def test_connections_that_wait_are_closed_if_the_server_cannot_start(tmp_path):
    """systemd keeps the socket. A proxy whose connection is closed asks another web host."""
    with socket.create_server(("127.0.0.1", 0)) as held, socket.create_connection(held.getsockname()) as waiting:
        done = subprocess.run(
            [sys.executable, "-m", "config.web", "--fd", str(held.fileno())],
            cwd=ROOT, env=environment(tmp_path, WEB_THREADS="many"), pass_fds=[held.fileno()],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        waiting.settimeout(5)
        assert waiting.recv(1) == b""
    assert done.returncode == 1

"""A PostgreSQL that is killed under a real web server: which pages still answer, and how."""

import os
import re
import signal
import sys
import urllib.error
import urllib.request

import pytest

from config.embedded import postgres, secret
from config.embedded.process import stop
from tests import servers
from tests.integration import processes
from tests.integration.processes import eventually

pytestmark = pytest.mark.verify

#: Each kind of page, and of the parameters of each those that are read.
ADDRESSES = [
    "/", "/?indicator=HELP_VISITS", "/?window=P30D&sort=value", "/?window=day&day=2026-11-01",
    "/?window=day&day=2026-02-31",
    "/countries/no/", "/countries/no/?with=se&show=head", "/countries/no/?frequency=M&start=2026-01&end=2026-03",
    "/countries/no/?as_of=2026-11-01T00:00Z", "/countries/no/?as_of=nonsense",
    "/coverage/", "/coverage/?indicator=HELP_VISITS", "/help/", "/help/?language=all", "/help/?country=NO",
    "/about/", "/method/", "/participants/", "/accessibility/", "/privacy/", "/data/",
]  # fmt: skip
EMBEDDED = ["/embed/map/", "/embed/map/?window=P365D", "/embed/country/no/", "/embed/country/no/?with=se"]
FOR_PROGRAMS = ["/catalog.ttl", "/api/v1/networks/", "/api/v1/help-services/?country=NO", "/sdmx/2.1/dataflow"]
COUNTRY_LANGUAGES = ["", "/nb", "/de", "/pt"]
EVERY = [prefix + address for prefix in COUNTRY_LANGUAGES for address in ADDRESSES + EMBEDDED] + FOR_PROGRAMS


@pytest.fixture
def database(tmp_path):
    """A PostgreSQL of one's own: the variables that name it and all else, and its process."""
    servers.lay_out(tmp_path)
    urls, process = postgres.start(tmp_path, durable=False)
    made = {"SECRET_KEY": "tests" * 10, "ROUNDING_KEY": secret.load(tmp_path / "rounding", size=16)}
    made |= {"REDIS_URL": os.environ["REDIS_URL"], "DJANGO_SETTINGS_MODULE": "config.settings"}
    yield urls | made, process
    stop(process)


@pytest.fixture
def loaded(database, tmp_path):
    """Has reference data in the database."""
    environment, _ = database
    loading = processes.start(sys.executable, "manage.py", "load_reference", data=tmp_path, **environment)
    said, _ = loading.communicate(timeout=120)
    assert loading.returncode == 0, said


@pytest.fixture
def stack(database, tmp_path, launch, free_port):
    """A web server, and the PostgreSQL beneath it: `read(path)` and `kill()`."""
    environment, process = database
    environment = environment | {"DATABASE_URL": environment["DATABASE_WEB_URL"]}
    web = (sys.executable, "-m", "config.web")
    launch(*web, data=tmp_path, **environment, WEB_PROCESSES="1", PORT=str(free_port))
    assert eventually(lambda: _answers(free_port))
    return Stack(free_port, process)


class Stack:
    def __init__(self, port, database):
        self._port, self._database = port, database

    def read(self, path, **headers):
        return _read(self._port, path, **{"Accept": "text/html,*/*;q=0.8"} | headers)

    def kill(self):
        self._database.send_signal(signal.SIGKILL)
        self._database.wait()
        assert eventually(lambda: self.read("/readyz")[0] == 503)


def _read(port, path, **headers):
    asked = urllib.request.Request(f"http://localhost:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def _answers(port):
    try:
        return _read(port, "/healthz")[0] == 200
    except OSError:
        return False


def _framing(headers):
    return headers["X-Frame-Options"], headers["Content-Security-Policy"].partition("frame-ancestors ")[2]


@pytest.mark.usefixtures("loaded")
def test_what_was_read_before_comes_again_and_help_in_any_case(stack):
    before = {}
    for path in EVERY:
        status, headers, body = stack.read(path)
        assert status == 200, path
        before[path] = headers, body
    stack.kill()
    for path in EVERY:
        status, headers, body = stack.read(path)
        was, said = before[path]
        assert (status, body) == (200, said), path
        assert int(headers["Age"]) <= 60, path
        for name in ("ETag", "Cache-Control", "Vary", "Content-Type", "Content-Language", "X-Frame-Options"):
            assert headers[name] == was[name], (path, name)
        assert _framing(headers) == _framing(was)
        assert stack.read(path, **{"If-None-Match": was["ETag"]})[0] == 304, path
    # What was not read before is a page that says so, and says where to find help.
    status, headers, body = stack.read("/de/countries/se/")
    assert (status, headers["Cache-Control"]) == (503, "no-store")
    assert "Kein Täter werden" in body.partition("help-line")[2].partition("</aside>")[0]
    status, _, body = stack.read("/de/nirgends/")
    assert status == 404
    assert "Kein Täter werden" in body.partition("help-line")[2].partition("</aside>")[0]


def test_help_comes_from_a_server_that_has_read_nothing_before(stack):
    stack.kill()
    for path, name in (
        ("/help/", "Stop It Now"),
        ("/nb/help/", "Det finnes hjelp"),
        ("/de/help/?country=AT", "Nicht Täter werden"),
        ("/help/?language=fr&country=CH", "DIS NO"),
        ("/help/?language=all", "Parafilik"),
    ):
        status, headers, body = stack.read(path)
        assert (status, headers["Cache-Control"]) == (200, "no-store"), path
        assert "ETag" not in headers
        assert name in body.partition('<ul class="services">')[2].partition("</ul>")[0], path
        assert re.search(r'<p class="covered gaps">[^<]+</p>', body), "nothing says that the list may be out of date"
    assert "Det finnes hjelp" in stack.read("/help/", **{"Accept-Language": "nn-NO"})[2]
    for path in ("/", "/countries/no/", "/embed/map/", "/coverage/"):
        assert stack.read(path)[0] == 503, path

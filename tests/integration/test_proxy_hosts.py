"""The shipped nginx, in front of two real web hosts, which stop and start."""

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from django.db import connection

from config.embedded.process import free_port
from config.processes import bound_to_parent
from tests.cluster import nginx
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, DetailFactory, HelpServiceFactory, IndicatorFactory, NetworkFactory
from tests.integration.processes import ROOT, eventually
from tests.integration.shipped_proxy import ask, proxy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(nginx.PROGRAM is None, reason="nginx is not installed (Debian: nginx)"),
]

VIEW = "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-02"


def web_host(port, log):
    """A web host as `docs/how-to/deploy.md` starts it, on the database of the tests."""
    database = urlsplit(os.environ.get("TEST_DATABASE_WEB_URL", os.environ["DATABASE_URL"]))
    url = database._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return subprocess.Popen(
        bound_to_parent([sys.executable, "-m", "config.web"]),
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "PORT": str(port), "WEB_PROCESSES": "1"},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def finishes_what_it_has(port, process, kripos):
    """Asked to stop in the midst of a large submission, a host takes it whole, and nobody else any more."""
    reports = [report(("NO", "ARES", 3), ago=5)]
    body = json.dumps({"indicator": "DOWNLOADS", "reports": reports}).encode() + b" " * 3 * 2**20
    head = [
        "POST /api/v1/submissions/ HTTP/1.1", "Host: localhost", f"Authorization: Bearer {kripos.token}",
        "Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sender:
        sender.sendall("".join(f"{line}\r\n" for line in (*head, "")).encode())
        assert sender.recv(100).startswith(b"HTTP/1.1 100")
        sender.sendall(body[: 2**20])
        process.send_signal(signal.SIGTERM)
        assert eventually(lambda: not _listens(port))
        sender.sendall(body[2**20 :])
        assert sender.recv(100).startswith(b"HTTP/1.1 202")
    assert process.wait(60) == 0


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.mark.verify
@pytest.mark.django_db(transaction=True)
def test_two_real_hosts_answer_as_one_and_what_was_public_stays_readable_without_them(tmp_path):
    IndicatorFactory.create()
    NetworkFactory.create()
    for language in ("nb", "de", "en"):
        HelpServiceFactory.create(languages=[language])
    for code in ("NO", "DE", "FR", "SE"):
        DetailFactory.create(country__code=code)
    kripos = Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))
    connection.close()
    ports = [free_port(), free_port()]
    with ExitStack() as until, (tmp_path / "web.log").open("wb") as log:
        hosts = [web_host(port, log) for port in ports]
        until.callback(lambda: [one.kill() or one.wait() for one in hosts])
        assert all(eventually(lambda port=port: _listens(port)) for port in ports)
        # They listen before they can answer; a first answer that takes long is not kept in every case.
        assert [ask(port, "/healthz").status for port in ports] == [200, 200]
        port = until.enter_context(proxy(tmp_path, *(f"127.0.0.1:{one}" for one in ports)))

        formats_and_languages_are_kept_apart(port)
        etags_are_answered_without_a_host(port)
        sent = submits(port, kripos)
        finishes_what_it_has(ports[0], hosts[0], kripos)
        assert [ask(port, f"{VIEW}&country={country}").status for country in ("NO", "DE", "FR", "SE")] == [200] * 4
        location = sent.headers["Location"].partition(f":{port}")[2]
        assert ask(port, location, Authorization=f"Bearer {kripos.token}").status == 200
        stop(hosts[1])
        # What was asked for before stays there, also when it is old; what was not is refused in our words.
        assert eventually(lambda: ask(port, VIEW, Accept="text/csv").cache == "STALE")
        assert ask(port, VIEW, Accept="text/csv").status == 200
        refused = ask(port, f"{VIEW}&country=PT")
        assert (refused.status, json.loads(refused.body)["code"]) == (503, "not_ready")


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def kept(port, path, **headers):
    """Ask until nginx answers from its cache: it may hand out an answer before it has stored it."""
    answers = []

    def is_kept():
        answers.append(ask(port, path, **headers))
        assert answers[-1].status == 200, answers[-1].body
        # A slow machine may be late for a hit.
        return answers[-1].cache in {"HIT", "STALE", "UPDATING", "REVALIDATED"}

    assert eventually(is_kept)
    assert len({one.body for one in answers}) == 1
    return answers[-1]


def formats_and_languages_are_kept_apart(port):
    as_json = kept(port, VIEW, Accept="application/json")
    as_csv = kept(port, VIEW, Accept="text/csv")
    assert (as_json.headers["Content-Type"], as_csv.headers["Content-Type"][:8]) == ("application/json", "text/csv")
    texts = {language: kept(port, "/api/v1/countries/", **{"Accept-Language": language}) for language in ("nb", "de")}
    assert texts["nb"].body != texts["de"].body
    pages = [kept(port, path) for path in ("/help/", "/nb/help/", "/de/help/")]
    assert len({page.body for page in pages}) == 3
    packed = kept(port, "/help/", **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.body) == pages[0].body
    a_change_of_language_is_another_answer(port)


def a_change_of_language_is_another_answer(port):
    """A browser that goes on with what it has of one language gets the other one, from the proxy's cache too."""
    helps = {language: kept(port, "/help/", **{"Accept-Language": language}) for language in ("nb", "de", "en")}
    assert len({one.body for one in helps.values()}) == len({one.headers["ETag"] for one in helps.values()}) == 3
    for before, language in (("nb", "de"), ("de", "en"), ("en", "nb")):
        known = {"Accept-Language": language, "If-None-Match": helps[before].headers["ETag"]}
        changed = ask(port, "/help/", **known)
        assert (changed.status, changed.body) == (200, helps[language].body)
        same = ask(port, "/help/", **known | {"If-None-Match": helps[language].headers["ETag"]})
        assert same.status == 304
    framed = kept(port, "/embed/map/")
    assert framed.headers["X-Frame-Options"] is None
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]


def etags_are_answered_without_a_host(port):
    whole = kept(port, "/api/v1/networks/", Accept="application/json")
    again = ask(port, "/api/v1/networks/", Accept="application/json", **{"If-None-Match": whole.headers["ETag"]})
    assert (again.status, again.body, again.cache) == (304, b"", "HIT")


def submits(port, kripos):
    body = json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]})
    headers = {"Authorization": f"Bearer {kripos.token}", "Content-Type": "application/json"}
    sent = ask(port, "/api/v1/submissions/", "POST", body, **headers)
    assert sent.status == 202
    assert sent.headers["Cache-Control"] == "no-store"
    return sent

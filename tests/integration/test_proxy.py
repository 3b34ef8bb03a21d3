"""The shipped nginx, in front of hosts that show the requests that reach them."""

import json
import re
import socket
import ssl

import pytest

from api.site import country_view
from tests.cluster import nginx
from tests.integration.processes import ROOT, eventually
from tests.integration.shipped_proxy import Host, ask, ask_raw, proxy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(nginx.PROGRAM is None, reason="nginx is not installed (Debian: nginx)"),
]
#: Pages of an agency.
OWN = ("/agency/", "/nb/agency/findings/?before=7&all", "/agency/sign-in/?next=/agency/")


@pytest.fixture
def host():
    made = Host()
    yield made
    made.stop()


@pytest.fixture
def port(host, tmp_path):
    with proxy(tmp_path, host.address) as port:
        yield port


def test_public_answer_is_cached_and_a_private_one_is_not(host, port):
    assert [ask(port, "/api/v1/countries/").cache for _ in range(3)] == ["MISS", "HIT", "HIT"]
    for path in ("/admin/", "/oauth/token/", "/api/v1/submissions/", "/api/v1/findings/", *OWN):
        bodies = {ask(port, path, Cookie="sessionid=7").body for _ in range(2)}
        assert len(bodies) == 2, path
    host.headers = {}
    assert len({ask(port, "/a").body for _ in range(2)}) == 2


def test_cookies_go_on_only_with_what_belongs_to_somebody(host, port):
    ask(port, "/nb/", Cookie="sessionid=7")
    for path in ("/admin/", *OWN):
        ask(port, path, Cookie="sessionid=7")
    assert [one["Cookie"] for *_, one in host.reached] == [None, *["sessionid=7"] * 4]


def test_token_goes_on_only_with_what_belongs_to_somebody(host, port):
    """Or any header of that name would be a way around the cache."""
    bodies = {ask(port, "/api/v1/networks/", Authorization=f"Bearer {token}").body for token in "ab"}
    assert len(bodies) == 1
    for path in ("/api/v1/figures/", "/oauth/token/", "/readyz"):
        ask(port, path, Authorization="Bearer x")
    assert [one["Authorization"] for *_, one in host.reached] == [None, *["Bearer x"] * 3]


def test_expectation_does_not_reach_a_host_which_would_wait_for_a_body(host, port):
    assert ask(port, "/healthz", Expect="100-continue").status == 200
    assert [one["Expect"] for *_, one in host.reached] == [None]


@pytest.mark.parametrize(
    ("path", "even"),
    [
        ("/help/?x=1", "/help/?"),
        ("/nb/help/?country=NO&x=1", "/nb/help/?country=NO&"),
        ("/?x=1&window=P7D&with=SE&with=DK", "/?window=P7D&with=SE&with=DK"),
        ("/countries/no/?as_of=2026-11-01&fbclid&start=2026-10", "/countries/no/?as_of=2026-11-01&start=2026-10"),
        ("/help/?&country=NO", "/help/?country=NO"),
        ("/%0d%0aA:b/?x=1", "/%0d%0aA:b/?"),
    ],
)
def test_parameter_that_no_page_knows_is_taken_out_before_the_cache(host, port, path, even):
    answer = ask(port, path)
    assert (answer.status, answer.headers["Location"]) == (302, even)
    assert host.reached == []
    assert ask(port, even).status == 200


@pytest.mark.parametrize("path", ["/help/?", "/help/", "/help/?country=NO&", "//elsewhere.example/?x=1"])
def test_other_addresses_of_pages_go_on_as_they_are(host, port, path):
    assert ask(port, path).status == 200
    # The host here drops a second slash at the beginning.
    assert [one for _, one, _ in host.reached] == [path.replace("//", "/")]


def test_odd_parameters_do_not_defeat_the_cache(host, port):
    def follow(path):
        answer = ask(port, path)
        return follow(answer.headers["Location"]) if answer.status == 302 else answer

    assert follow("/help/?a=1&b=2").cache == "MISS"
    assert {follow(f"/help/?a={number}&utm_source=b&{number}").cache for number in range(5)} == {"HIT"}
    assert ask(port, "/static/site.css").cache == "MISS"
    assert {ask(port, f"/static/site.css?window={number}").cache for number in range(5)} == {"HIT"}
    assert len(host.reached) == 2
    # The host refuses these; what it refuses is not kept.
    host.headers, host.status = {}, 400
    assert ask(port, "/api/v1/networks/?x=1").status == 400


def test_pages_know_no_parameter_that_the_proxy_takes_out():
    """The proxy passes on every parameter that the code of the pages reads."""
    read = set()
    for module in (ROOT / "api/site").rglob("*.py"):
        read |= set(re.findall(r'(?:(?:given|GET)\.get(?:list)?\(|\bchoice_of\(given, )"(\w+)"', module.read_text()))
    read |= set(country_view._TIMES)
    known = re.findall(r"\(\?:(indicator\|[a-z_|]+)\)=", nginx.SHIPPED.read_text())
    assert [set(one.split("|")) for one in known] == [read] * 2


def test_address_that_asks_for_too_much_is_refused_and_its_answers_are_not_lost(host, port):
    """More than a burst at once; without a host, as what is limited is what the proxy answers too."""
    asked = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" * 700
    host.status = 404
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall(asked + b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: raw.recv(65_536), b"")).decode()
    assert said.count("HTTP/1.1 404") >= 400
    assert said.count("HTTP/1.1 429") >= 100
    assert '"code": "throttled"' in said
    assert "Retry-After: 5" in said
    assert "127.0.0.1" not in said


def test_address_has_so_many_requests_under_way_and_others_are_refused(host, port):
    slow = []

    def is_refused_beside_one_more():
        slow.append(socket.create_connection(("127.0.0.1", port), timeout=60))
        slow[-1].sendall(b"POST /oauth/token/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
        return ask(port, "/a").status == 429

    assert not any(is_refused_beside_one_more() for _ in range(40))
    assert eventually(is_refused_beside_one_more)
    refused = ask(port, "/a")
    assert (refused.status, json.loads(refused.body)["code"]) == (429, "throttled")
    for one in slow:
        one.close()
    assert eventually(lambda: ask(port, "/a").status == 200)


def test_expired_answer_is_requested_again(host, port):
    host.headers = {"Cache-Control": "public, max-age=1, stale-while-revalidate=5"}
    first = ask(port, "/live").body
    assert eventually(lambda: ask(port, "/live").body != first)


def test_what_a_client_says_of_itself_is_not_believed(host, port):
    lies = {
        "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Request-ID": "f" * 32,
        "X_Forwarded_For": "203.0.113.9",
    }  # fmt: skip
    answer = ask(port, "/", **lies)
    [(_, _, reached)] = host.reached
    assert reached.get_all("X-Forwarded-For") == ["127.0.0.1"]
    assert reached["X-Forwarded-Proto"] == "http"
    assert reached["X-Request-ID"] == answer.headers["X-Request-ID"] != "f" * 32
    assert "203.0.113.9" not in str(reached)
    assert "evil.example" not in str(reached)


def test_answers_from_the_cache_have_an_id_for_each_request(host, port):
    host.headers["X-Request-ID"] = "0" * 32
    ids = [ask(port, "/").headers.get_all("X-Request-ID") for _ in range(2)]
    assert all(len(one) == 1 for one in ids)
    assert ids[0] != ids[1]
    assert ["0" * 32] not in ids


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics", "/metrics?a=1"])
def test_metrics_are_hidden(host, port, path):
    answer = ask(port, path)
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "not_found")
    assert host.reached == []


SMUGGLED = [
    ["POST /api/v1/findings/ HTTP/1.1", "Host: localhost", "Content-Length: 4", "Transfer-Encoding: chunked"],
    ["POST /api/v1/findings/ HTTP/1.1", "Host: localhost", "Content-Length: 4", "Content-Length: 5"],
    ["POST /api/v1/findings/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: xchunked"],
    ["POST /api/v1/findings/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ["GET / HTTP/1.1", "Host: localhost", "Host: evil.example"],
    ["GET /a\x00b HTTP/1.1", "Host: localhost"],
]


@pytest.mark.parametrize("lines", SMUGGLED, ids=lambda lines: lines[-1])
def test_request_of_two_meanings_is_refused(host, port, lines):
    said = ask_raw(port, *lines, body=b"0\r\n\r\n")
    assert said.startswith(("HTTP/1.1 400", "HTTP/1.1 501"))
    assert said.count("HTTP/1.1") == 1
    assert host.reached == []


def test_other_host_name_gets_no_answer(host, port):
    assert ask_raw(port, "GET / HTTP/1.1", "Host: evil.example") == ""
    assert host.reached == []


@pytest.mark.parametrize(
    ("path", "size", "allowed"),
    [
        ("/api/v1/submissions/", 129, "128 MiB"),
        ("/nb/agency/send/", 18, "16 MiB"),
        ("/admin/login/", 4, "3 MiB"),
        ("/agency/findings/1/", 1, "64 KiB"),
        ("/api/v1/figures/", 1, "64 KiB"),
        ("/oauth/token/", 1, "64 KiB"),
    ],
)
def test_body_too_large_is_refused_before_it_reaches_a_host(host, port, path, size, allowed):
    answer = ask(port, path, "POST", **{"Content-Length": str(size * 2**20)})
    problem = json.loads(answer.body)
    assert (answer.status, problem["code"]) == (413, "body_too_large")
    assert f"at most {allowed}" in problem["detail"]
    assert host.reached == []


def test_body_of_an_allowed_size_passes(host, port):
    host.headers = {}
    for path, size in (("/api/v1/submissions/", 3), ("/nb/agency/send/", 16)):
        assert ask(port, path, "POST", bytes(size * 2**20)).status == 200


def test_read_is_tried_on_the_other_host_and_post_is_not(host, tmp_path):
    broken = Host()
    broken.breaks, host.headers, broken.headers = True, {}, {}
    # Of two hosts the broken one is asked first in one of two turns, until it is left alone.
    with proxy(tmp_path, broken.address, host.address) as port:
        assert {ask(port, f"/{number}").status for number in range(4)} == {200}
        assert broken.reached != []
    with proxy(tmp_path / "post", broken.address) as port:
        broken.reached.clear()
        assert ask(port, "/api/v1/submissions/", "POST", b"{}").status == 503
        assert len(broken.reached) == 1
    with proxy(tmp_path / "both", broken.address, host.address) as port:
        broken.reached.clear()
        host.reached.clear()
        statuses = [ask(port, "/api/v1/submissions/", "POST", b"{}").status for _ in range(2)]
        assert len(broken.reached) + len(host.reached) == 2, "a POST was sent twice"
        assert sorted(statuses) in ([200, 200], [200, 503])
    broken.stop()


def test_host_that_says_it_is_not_ready_is_not_left_alone(tmp_path):
    hosts = [Host(), Host()]
    with proxy(tmp_path, *(one.address for one in hosts)) as port:
        for one in hosts:
            one.headers, one.status = {}, 503
        assert {ask(port, path).status for path in ("/readyz", "/healthz") for _ in range(4)} == {503}
        for one in hosts:
            one.status = 200
        assert {ask(port, f"/{number}").status for number in range(4)} == {200}
        assert all(any(path[1:].isdigit() for _, path, _ in one.reached) for one in hosts)
    for one in hosts:
        one.stop()


def test_tls_is_modern(host, tmp_path):
    with proxy(tmp_path, host.address, tls=True) as port:
        trusting = ssl.create_default_context(cafile=tmp_path / "fullchain.pem")
        assert ask(port, "/", context=trusting).status == 200
        assert host.reached[-1][2]["X-Forwarded-Proto"] == "https"
        old = ssl.create_default_context(cafile=tmp_path / "fullchain.pem")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("ECDHE-ECDSA-AES128-SHA")
        with pytest.raises(ssl.SSLError):
            ask(port, "/", context=old)

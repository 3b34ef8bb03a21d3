"""What an answer means to an agency's program, also one that does not come from the federation."""

import base64
import gzip
import json
import socket
import threading
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from p2p_agency import client as clients
from p2p_agency import connections
from p2p_agency.client import Client, ProblemError
from p2p_agency.errors import AwayError, SetUpError
from p2p_agency.settings import Settings
from tests.unit.agency.federation import as_json

BODY = gzip.compress(json.dumps({"reports": []}).encode())


def submit(client):
    return client.submit(BODY, "a key")


def test_token_is_used_again_until_it_ends_and_renewed_when_it_is_refused(client, federation):
    submit(client)
    submit(client)
    assert federation.tokens == 1
    federation.problem(401, "invalid_token")
    submit(client)
    assert federation.tokens == 2
    assert federation.asked[-1][1]["Authorization"] == "Bearer token 2"
    client._token_ends = 0.0
    submit(client)
    assert federation.tokens == 3


NOT_THE_FEDERATION = {
    "a page to sign in at a network": (200, {"Content-Type": "text/html"}, b"<form>"),
    "another JSON": (202, {}, b"[]"),
    "another object": (202, {}, b"{}"),
    "a proxy": (502, {}, b"<h1>Bad gateway</h1>"),
    "a redirect": (307, {"Location": "/elsewhere"}, b""),
    "an accepted page": (202, {}, b"accepted"),
    "a receipt without its id": (202, {}, b'{"report_count": 1, "outcomes": {}, "findings": []}'),
    "deep JSON": (202, {}, b"[" * 1_000_000),
    "a gateway with numbers as codes": (413, {}, b'{"code": 413, "title": "Too large"}'),
    "a gateway with other members": (400, {}, b'{"code": "BAD", "message": "No"}'),
    "a gateway with other errors": (400, {}, b'{"code": "bad", "title": "No", "errors": [{}]}'),
}


@pytest.mark.parametrize("answer", NOT_THE_FEDERATION.values(), ids=NOT_THE_FEDERATION)
def test_only_a_receipt_means_that_it_arrived(client, federation, answer):
    federation.answers.append(answer)
    with pytest.raises(AwayError):
        submit(client)
    assert federation.stored == {}
    assert len(federation.asked) == 2, "nothing was followed"


TOKEN = {"access_token": "token", "expires_in": 900}
NO_TOKENS = [
    [],
    {},
    {**TOKEN, "access_token": 1},
    {**TOKEN, "access_token": "two\nlines"},
    {**TOKEN, "access_token": "token\n"},
    {**TOKEN, "access_token": "token\u2028"},
    {**TOKEN, "access_token": ""},
    {**TOKEN, "expires_in": "b"},
    {**TOKEN, "expires_in": 10**400},
    {**TOKEN, "expires_in": -1},
]


@pytest.mark.parametrize("document", NO_TOKENS, ids=range(len(NO_TOKENS)))
def test_token_that_cannot_be_used_is_not_of_the_federation(client, federation, monkeypatch, document):
    monkeypatch.setattr(federation, "answer", lambda *_: as_json(200, document))
    with pytest.raises(AwayError, match=r"not what this program expects \(status 200\)"):
        submit(client)


@pytest.mark.parametrize(
    "date", ["Tue, 01 Dec 2026 00:00:00 +9999999999999999", "Fri, 31 Dec 9999 23:59:59 -2359", "Tue, 01 Dec 99999", "x"]
)
def test_date_that_is_none_says_nothing_about_the_clock(client, date):
    client._compare_clocks(date, time.time(), time.time())
    assert client.clock_fault == ""


def test_answer_that_would_take_all_memory_is_not_unpacked(client, federation):
    size = 50 << 20
    federation.answers.append((202, {"Content-Encoding": "gzip"}, gzip.compress(b" " * size)))
    tracemalloc.start()
    with pytest.raises(AwayError, match="not what this program expects"):
        submit(client)
    assert tracemalloc.get_traced_memory()[1] < size / 5
    tracemalloc.stop()


def test_answer_without_end_is_given_up(client, federation, monkeypatch):
    monkeypatch.setattr(clients, "_LARGEST", 1_000_000)
    federation.answers.append((202, {}, b" " * 2_000_000))
    with pytest.raises(AwayError, match="its answer is too long"):
        submit(client)


@pytest.mark.parametrize("start", [b"", b"X-More: ", b"Content-Length: 9999\r\n\r\n"])
def test_answer_that_comes_too_slowly_is_given_up(given, monkeypatch, start):
    monkeypatch.setattr(connections, "_SLOWEST", 0.2)
    over = threading.Event()

    def drip(listening):
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + start)
            while not over.wait(0.05):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        slow = threading.Thread(target=drip, args=(listening,))
        slow.start()
        client = Client(replace(given, address=f"http://127.0.0.1:{listening.getsockname()[1]}"))
        with pytest.raises(AwayError, match="does not answer in time"):
            submit(client)
        over.set()
        slow.join()


def test_secret_is_in_no_message_and_follows_no_redirect(client, federation, monkeypatch):
    asked = []
    monkeypatch.setattr(
        federation, "answer", lambda path, *_: asked.append(path) or (307, {"Location": "/elsewhere"}, b"")
    )
    with pytest.raises(AwayError) as refused:
        submit(client)
    assert asked == ["/oauth/token/"]
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(Settings(None, "", "id", "secret"))


def test_wrong_secret_is_a_matter_of_the_settings(client, federation, monkeypatch):
    monkeypatch.setattr(federation, "answer", lambda *_: as_json(401, {"error": "invalid_client"}))
    with pytest.raises(SetUpError, match="p2p-agency init"):
        submit(client)


def test_refusal_of_a_token_says_what_to_check_and_leads_to_its_explanation(client, federation, monkeypatch):
    refusal = {
        "error": "unauthorized_client",
        "error_description": "Send from other networks.",
        "error_uri": "/docs/reference/errors/#unauthorized_client",
    }
    monkeypatch.setattr(federation, "answer", lambda *_: as_json(400, refusal))
    with pytest.raises(SetUpError) as refused:
        submit(client)
    assert str(refused.value).splitlines() == [
        f"{federation.address} gives no token. Send from other networks. [unauthorized_client]",
        f"  Explanation and example: {federation.address}/docs/reference/errors/#unauthorized_client",
    ]


def test_refused_secret_leads_to_its_explanation(client, federation, monkeypatch):
    refusal = {"error": "invalid_client", "error_description": "Check.", "error_uri": "/docs/#invalid_client"}
    monkeypatch.setattr(federation, "answer", lambda *_: as_json(401, refusal))
    with pytest.raises(SetUpError) as refused:
        submit(client)
    assert "has ended or was revoked" in str(refused.value)
    assert str(refused.value).splitlines()[1:] == [
        f"  Explanation and example: {federation.address}/docs/#invalid_client"
    ]


def test_refusal_says_what_to_do_and_has_the_exit_code_of_its_reason(client, federation):
    codes = {}
    for status, code in ((403, "insufficient_scope"), (422, "invalid_payload"), (404, "finding_not_found")):
        federation.problem(status, code)
        with pytest.raises(ProblemError, match=rf"Title. Do this. \[{code}\]") as refused:
            submit(client)
        codes[code] = refused.value.exit_code
    assert codes == {"insufficient_scope": 4, "invalid_payload": 1, "finding_not_found": 1}


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(0, ""), (20, ""), (-20, ""), (420, "0:07:00 behind"), (-7200, "2:00:00 ahead of"), (90_000, "1 day, 1:00:00")],
)
def test_wrong_clock_is_said(client, federation, ahead, said):
    federation.ahead = ahead
    submit(client)
    assert said in client.clock_fault
    assert bool(said) == bool(client.clock_fault)


@pytest.mark.parametrize("ahead", [0, 420, -7200])
def test_time_of_the_federation_is_never_too_early(client, federation, monkeypatch, ahead):
    assert abs(client.now().timestamp() - time.time()) < 1, "no answer has said what time it is"
    federation.ahead = ahead
    submit(client)
    there = time.time() + ahead
    assert there <= client.now().timestamp() < there + 3
    # The clock is set.
    monkeypatch.setattr(time, "time", lambda: 0)
    assert there <= client.now().timestamp() < there + 3


def test_time_of_a_cached_answer_says_nothing_about_the_clock(client, federation):
    assert list(client.pages("findings/", "findings")) == []
    federation.ahead = -600
    federation.answers.append((200, {"Age": "600"}, b'{"findings": []}'))
    assert list(client.pages("findings/", "findings")) == []
    assert client.clock_fault == ""


def test_pages_are_read_at_the_address_of_the_settings(client, federation):
    items = [{"id": number, "rule": "R1", "state": "open", "message": "", "held": 0} for number in (1, 2)]
    page = {"findings": items[:1], "next": "https://inside.example/api/v1/findings/?state=open&cursor=a%2Bb"}
    federation.answers += [as_json(200, page), as_json(200, {"findings": items[1:], "next": None})]
    assert [one["id"] for one in client.pages("findings/", "findings", state="open")] == [1, 2]
    assert federation.asked[-1][0] == "/api/v1/findings/?state=open&cursor=a%2Bb"


NEARLY: dict[str, list[dict[str, Any]]] = {
    "findings": [{}, {"id": "7", "rule": "R102", "state": "open", "message": "Much.", "held": 1}, {"rule": "R102"}],
    "figures": [{"source": "reported"}, {"source": "reported", "period": "2026-11-24", "observations": [{}]}],
    "agencies": [{"code": "NO-KRIPOS"}, {"code": "NO-KRIPOS", "setups": [{"valid_from": None}]}],
    "indicators": [{"code": "DOWNLOADS"}, {"code": [], "name": "Downloads"}],
    "submissions": [{}, {"id": 5}],
}


@pytest.mark.parametrize(("member", "item"), [(member, item) for member, items in NEARLY.items() for item in items])
def test_list_that_is_almost_right_is_said(client, federation, member, item):
    federation.public.clear()
    federation.answers.append(as_json(200, {member: [item], "next": None}))
    with pytest.raises(AwayError, match="not what this program expects"):
        list(client.pages(f"{member}/", member))


@pytest.mark.parametrize("following", ["https://x.example/?page=2", "nonsense", "http://[bad", "?cursor="])
def test_next_page_that_has_no_place_is_said(client, federation, following):
    federation.answers.append(as_json(200, {"findings": [], "next": following}))
    with pytest.raises(AwayError, match="not what this program expects"):
        list(client.pages("findings/", "findings"))


@pytest.mark.parametrize(
    "members", [{"findings": [{}]}, {"received": "2026-11-24T10:16:02"}, {"outcomes": {"current": "1"}}]
)
def test_receipt_that_is_almost_right_is_none(client, federation, members):
    receipt = federation.receipt("key", b'{"reports": []}')
    federation.answers.append(as_json(202, {**receipt, **members}))
    with pytest.raises(AwayError, match="not what this program expects"):
        submit(client)


def test_proxy_of_the_environment_is_used(given, federation, monkeypatch):
    monkeypatch.setenv("http_proxy", federation.address)
    monkeypatch.delenv("no_proxy", raising=False)
    submit(Client(replace(given, address="http://federation.example")))
    assert federation.asked[-1][0] == "http://federation.example/api/v1/submissions/"
    # The secret goes to no proxy if it is not encrypted.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    submit(Client(given))
    assert federation.asked[-1][0] == "/api/v1/submissions/"


def test_proxy_gets_the_name_and_password_of_its_address(given, federation, monkeypatch):
    monkeypatch.setenv("http_proxy", federation.address.replace("http://", "http://name:pass%2Fword@"))
    monkeypatch.delenv("no_proxy", raising=False)
    submit(Client(replace(given, address="http://federation.example")))
    headers = {name.lower(): value for name, value in federation.asked[-1][1].items()}
    given_to_proxy = base64.b64decode(headers["proxy-authorization"].removeprefix("Basic "))
    assert given_to_proxy == b"name:pass/word"

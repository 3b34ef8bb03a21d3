"""What an answer means to an agency's program, also one that does not come from the federation."""

import gzip
import json

import pytest

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
}


@pytest.mark.parametrize("answer", NOT_THE_FEDERATION.values(), ids=NOT_THE_FEDERATION)
def test_only_a_receipt_means_that_it_arrived(client, federation, answer):
    federation.answers.append(answer)
    with pytest.raises(AwayError):
        submit(client)
    assert federation.stored == {}
    assert len(federation.asked) == 2, "nothing was followed"


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


def test_refusal_says_what_to_do_and_has_the_exit_code_of_its_reason(client, federation):
    codes = {}
    for status, code in ((403, "insufficient_scope"), (422, "invalid_payload"), (404, "finding_not_found")):
        federation.problem(status, code)
        with pytest.raises(ProblemError, match=rf"Title. Do this. \[{code}\]") as refused:
            submit(client)
        codes[code] = refused.value.exit_code
    assert codes == {"insufficient_scope": 4, "invalid_payload": 1, "finding_not_found": 1}


def test_nobody_listens(given):
    from dataclasses import replace

    with pytest.raises(AwayError, match="nothing listens there"):
        submit(Client(replace(given, address="http://127.0.0.1:1")))


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(0, ""), (20, ""), (-20, ""), (420, "0:07:00 behind"), (-7200, "2:00:00 ahead of"), (90_000, "1 day, 1:00:00")],
)
def test_wrong_clock_is_said(client, federation, ahead, said):
    federation.ahead = ahead
    submit(client)
    assert said in client.clock_fault
    assert bool(said) == bool(client.clock_fault)


def test_pages_are_read_at_the_address_of_the_settings(client, federation):
    page = {"findings": [{"id": 1}], "next": "https://inside.example/api/v1/findings/?state=open&cursor=a%2Bb"}
    federation.answers += [as_json(200, page), as_json(200, {"findings": [{"id": 2}], "next": None})]
    assert [one["id"] for one in client.pages("findings/", "findings", state="open")] == [1, 2]
    assert federation.asked[-1][0] == "/api/v1/findings/?state=open&cursor=a%2Bb"


def test_proxy_of_the_environment_is_used(given, federation, monkeypatch):
    from dataclasses import replace

    monkeypatch.setenv("http_proxy", federation.address)
    monkeypatch.delenv("no_proxy", raising=False)
    submit(Client(replace(given, address="http://federation.example")))
    assert federation.asked[-1][0] == "http://federation.example/api/v1/submissions/"
    # The secret goes to no proxy if it is not encrypted.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    submit(Client(given))
    assert federation.asked[-1][0] == "/api/v1/submissions/"

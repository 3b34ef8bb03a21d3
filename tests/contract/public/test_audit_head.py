"""The head of the audit chain is public, so that anybody can write it down and compare it later."""

from hashlib import sha256

import pytest

from api import caching
from federation import audit
from federation.audit import chain
from federation.database import clock
from p2p_core import instants

PATH = "audit/head"


@pytest.fixture
def sealed(press):
    """What seals a few events more."""

    def seal(count=1):
        for _ in range(count):
            audit.record(by="ada", action="test.done", subject="a test", details={})
        chain.seal(now=clock.now())
        caching.response_cache.clear()
        return chain.head()

    return seal


def test_head_is_the_newest_seal(read, sealed):
    head = sealed(3)
    answer = read(PATH)
    assert answer.status_code == 200
    assert answer.json() == {
        "position": 3,
        "digest": head.digest.hex(),
        "sealed": instants.write(head.sealed),
    }
    assert len(head.digest) == sha256().digest_size


def test_head_of_nothing_is_of_zeros(press, read):
    assert read(PATH).json() == {"position": 0, "digest": "0" * 64, "sealed": None}


def test_chain_contains_a_head_that_was_written_down(read, sealed):
    sealed()
    noted = read(PATH).json()
    sealed(2)
    assert chain.holds(position=noted["position"], digest=bytes.fromhex(noted["digest"]))


def test_unsealed_events_do_not_show(read, sealed):
    sealed()
    before = read(PATH)
    audit.record(by="ada", action="test.done", subject="a test", details={})
    caching.response_cache.clear()
    assert read(PATH).content == before.content


def test_head_tells_nothing_of_what_was_done(read, sealed):
    sealed()
    assert set(read(PATH).json()) == {"position", "digest", "sealed"}


def test_head_lasts_a_few_seconds_and_may_be_read_from_anywhere(read, sealed):
    sealed()
    answer = read(PATH, headers={"origin": "https://example.org"})
    assert answer["Cache-Control"] == caching.CURRENT
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer
    assert "Cookie" not in answer["Vary"]


def test_etag_hangs_on_the_head(read, sealed):
    sealed()
    etag = read(PATH)["ETag"]
    assert read(PATH, headers={"if-none-match": etag}).status_code == 304
    sealed()
    answer = read(PATH, headers={"if-none-match": etag})
    assert (answer.status_code, answer.json()["position"]) == (200, 2)


def test_head_takes_no_parameters_and_no_other_method(read, client, sealed):
    assert read(PATH, position="1").json()["code"] == "unknown_parameter"
    assert client.post(f"/api/v1/{PATH}/").json()["code"] == "method_not_allowed"
    assert client.options(f"/api/v1/{PATH}/").status_code == 204

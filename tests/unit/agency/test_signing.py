"""Signatures, verified by hand as RFC 9421 says, without the library that makes them."""

import base64
import gzip
import re
import stat
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from p2p_agency import signing
from p2p_agency.client import Client
from p2p_agency.errors import SetUpError
from tests.oracles.signing import base_of, content_digest

BODY = gzip.compress(b'{"reports": []}')


@pytest.fixture
def made(given):
    return signing.make_key(given)


@pytest.fixture
def signing_client(given, made):
    return Client(replace(given, keyid=f"NO-KRIPOS.{made.fingerprint[:12]}"))


def verify(made, federation, query=""):
    """Verify the last request; return the parameters of its signature."""
    _, headers, body = federation.asked[-1]
    names, parameters = re.fullmatch(r"sig=(\(.*?\))(.*)", headers["Signature-Input"]).groups()
    parts = {"@method": "POST", "@path": "/api/v1/submissions/", "@query": query}
    lower = {name.lower(): value for name, value in headers.items()}
    covered = {name: parts.get(name) or lower[name] for name in re.findall('"(.*?)"', names)}
    signature = base64.b64decode(re.fullmatch("sig=:(.*):", headers["Signature"])[1])
    load_pem_public_key(made.public.encode()).verify(signature, base_of(covered, names + parameters).encode())
    assert covered["content-digest"] == content_digest(body)
    return set(covered), dict(re.findall(r';(\w+)="?([^;"]*)', parameters))


COVERED = {"@method", "@path", "content-type", "content-encoding", "content-digest"}


def test_submission_is_signed_with_all_that_must_be_covered(signing_client, made, federation):
    signing_client.submit(BODY, "a key")
    covered, parameters = verify(made, federation)
    assert covered == COVERED | {"idempotency-key"}
    assert parameters["keyid"] == f"NO-KRIPOS.{made.fingerprint[:12]}"
    assert parameters["alg"] == "ed25519"
    signing_client.dry_run(BODY)
    assert verify(made, federation, "?dry_run=true")[0] == COVERED | {"@query"}


def test_time_of_the_signature_is_that_of_the_federation(signing_client, made, federation):
    federation.ahead = 3600
    signing_client.submit(BODY, "a key")
    assert abs(int(verify(made, federation)[1]["created"]) - 3600 - time.time()) < 60


def test_private_key_is_for_its_owner_and_a_missing_one_is_said(made, given):
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    with pytest.raises(SetUpError, match="p2p-agency keys new"):
        Client(replace(given, keyid="NO-KRIPOS.000000000000"))

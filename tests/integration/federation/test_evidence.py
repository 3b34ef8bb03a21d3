"""A signed text can be verified for good, and changes of the evidence are found."""

import gzip
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from countries.accounts import signing
from federation.intake import evidence
from federation.models.submissions import Signature
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory
from tests.oracles.signing import Signer, content_digest

pytestmark = pytest.mark.django_db
BODY = b'{"indicator": "DOWNLOADS", "reports": [%s]}'


def sent(agency, way=""):
    """A submission of an agency that signs, and its signature as it is kept."""
    caller, signer = Caller(agency=agency), Signer("")
    key = signing.register(agency=agency, public_key=signer.public, by="a test", now=timezone.now())
    signer = signer.named(key.keyid)
    body = BODY % json.dumps(report(("NO", "ARES", 3))).encode()
    if way == "packed":
        body = gzip.compress(body)
        headers = signer.signed(body, **{"Content-Encoding": "gzip"})
    else:
        name = "sha-512" if way == "another digest" else "sha-256"
        headers = signer.headers(signer.covered(body) | {"content-digest": content_digest(body, name)})
    answer = caller.post(body, **headers)
    return Signature.objects.get(submission=answer.json()["id"])


@pytest.fixture
def kept(db):
    IndicatorFactory.create()
    return sent(AgencyFactory.create())


def verified():
    with transaction.atomic():
        return [[fault.flaw.name for fault in found] for found in evidence.verify()]


def tamper(statement, *values):
    """Change what the database would not let be changed, as its owner can."""
    with connection.cursor() as c:
        c.execute("SET session_replication_role = replica")
        c.execute(statement, values)
        c.execute("SET session_replication_role = origin")


def test_evidence_verifies_after_the_key_was_revoked(kept):
    signing.revoke(key=kept.key, by="ada", now=timezone.now(), reason="laptop stolen")
    assert verified() == [[]]


@pytest.mark.parametrize("way", ["packed", "another digest"])
def test_evidence_verifies_whose_digest_is_not_that_of_the_body_as_it_is_kept(db, way):
    IndicatorFactory.create()
    sent(AgencyFactory.create(), way)
    assert verified() == [[]]


@pytest.mark.parametrize(
    ("statement", "flaws"),
    [
        ("UPDATE federation_signature SET base = replace(base, 'POST', 'PUT')", {"CHANGED", "INVALID"}),
        ("UPDATE federation_signature SET signature = decode(repeat('00', 64), 'hex')", {"INVALID"}),
        ("UPDATE federation_signature SET base_digest = decode(repeat('00', 32), 'hex')", {"CHANGED", "RENAMED"}),
        ("UPDATE federation_submission SET body_digest = decode(repeat('00', 32), 'hex')", {"OTHER_BODY"}),
        ("UPDATE countries_signingkey SET keyid = 'NO-KRIPOS.other'", {"OTHER_KEY", "RENAMED"}),
        ("DELETE FROM federation_signature", {"GONE"}),
        ("DELETE FROM federation_auditevent WHERE action = 'submission.accepted'", {"STRAY"}),
    ],
)
def test_tampering_is_found(kept, statement, flaws):
    tamper(statement)
    [found] = verified()
    assert set(found) == flaws


def test_key_that_was_put_in_place_of_the_one_is_found(kept):
    tamper("UPDATE countries_signingkey SET public_key = %s", Signer("").public)
    assert verified() == [["RENAMED", "INVALID"]]


def test_key_that_was_given_to_another_agency_is_found(kept):
    tamper("UPDATE countries_signingkey SET agency_id = %s", AgencyFactory.create(code="SE-NOA").pk)
    assert verified() == [["OTHER_KEY"]]


@pytest.mark.parametrize("deed", ["UPDATE federation_signature SET base = ''", "DELETE FROM federation_signature"])
def test_database_refuses_to_change_or_remove_evidence(kept, deed):
    with pytest.raises(DatabaseError, match="never changed or removed"), connection.cursor() as c, transaction.atomic():
        c.execute(deed)
    assert verified() == [[]]


@pytest.mark.django_db(transaction=True)
def test_command_says_what_is_wrong_and_with_which_submission(kept):
    out = StringIO()
    call_command("verify_signatures", stdout=out)
    assert out.getvalue() == "1 signed submissions\n"
    tamper("DELETE FROM federation_signature")
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_signatures", stdout=out)
    assert f"submission {kept.submission_id}: {evidence.EvidenceFlaw.GONE}" in out.getvalue()

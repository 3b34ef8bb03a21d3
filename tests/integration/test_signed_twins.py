"""The same signed request several times at once: exactly one is stored."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from countries.accounts import signing
from federation.models.submissions import Signature, Submission
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory
from tests.oracles.signing import Signer

pytestmark = pytest.mark.django_db(transaction=True)
TWINS = 4
BODY = json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]}).encode()


def at_once(caller, headers):
    start = Barrier(TWINS)

    def send(_):
        twin = Caller.__new__(Caller)
        twin.client, twin.token = Client(), caller.token
        start.wait()
        try:
            return twin.post(BODY, **headers)
        finally:
            connection.close()

    with ThreadPoolExecutor(TWINS) as threads:
        return list(threads.map(send, range(TWINS)))


def test_twins_are_stored_once():
    IndicatorFactory.create()
    kripos, signer = Caller(agency=AgencyFactory.create()), Signer("")
    agency = kripos.issued.credential.agency
    key = signing.register(agency=agency, public_key=signer.public, by="a test", now=timezone.now())
    signer = signer.named(key.keyid)

    answers = at_once(kripos, signer.signed(BODY))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"signature_replayed"}
    assert Submission.objects.count() == Signature.objects.count() == 1

    answers = at_once(kripos, signer.signed(BODY, **{"Idempotency-Key": "one"}))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == TWINS - 1
    assert Submission.objects.count() == Signature.objects.count() == 2

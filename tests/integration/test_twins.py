"""Two requests with one Idempotency-Key at the same time: one is stored, the other waits and gets the same answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from federation.models.submissions import Submission
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
TWINS = 4


def test_twins_are_stored_once():
    IndicatorFactory.create()
    kripos = Caller(agency=AgencyFactory.create())
    start = Barrier(TWINS)

    def send(_):
        twin = Caller.__new__(Caller)
        twin.client, twin.token = Client(), kripos.token
        start.wait()
        try:
            return twin.send(report(("NO", "ARES", 3)), key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(TWINS) as threads:
        answers = list(threads.map(send, range(TWINS)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == TWINS - 1
    assert Submission.objects.count() == 1

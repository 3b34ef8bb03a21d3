"""One agency sends many large files on its page at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.raw_requests import reporting
from tests.contract.server import serving
from tests.integration.processes import PLENTY
from tests.integration.test_web import cookies_of, upload

pytestmark = [pytest.mark.verify, pytest.mark.slow, pytest.mark.xdist_group("web")]
#: Makes another agency.
_ANOTHER = 'Agency.objects.create(code="NO-OSLO", name="Oslo", country=Agency.objects.get().country)'


def test_others_are_answered_while_one_agency_sends_many_large_files(tmp_path, django_db_setup, django_db_blocker):
    """Twenty files of ten megabytes, in which each row has a fault: reading one takes seconds."""
    large = b"INDICATOR;FREQ;TIME_PERIOD;COUNTRY;NETWORK;OBS_VALUE\n" + b"DOWNLOADS;H;then;NO;ARES;1.5\n" * 350_000
    with django_db_blocker.unblock(), serving(tmp_path, WEB_THREADS="8", **PLENTY) as one:
        sender, other = cookies_of(one), cookies_of(one, _ANOTHER)
        with ThreadPoolExecutor(20) as pool:
            sent = [pool.submit(one.ask, upload(sender, large)) for _ in range(20)]
            others = []
            while not all(answer.done() for answer in sent):
                others += one.ask(upload(other, reporting()))
        statuses = Counter(answer.status for future in sent for answer in future.result())
    assert set(statuses) == {422, 503}
    assert statuses[422] >= 2
    assert len(others) >= 3
    assert {answer.status for answer in others} == {200}

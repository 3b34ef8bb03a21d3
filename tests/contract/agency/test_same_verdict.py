"""The page for files says what `p2p-agency check` says of a workbook: the same cells, sentences and findings."""

from random import Random

import pytest

from countries.models import Agency
from federation.database import clock
from p2p_agency.check import check
from tests.contract.agency.conftest import account
from tests.contract.agency.test_pages import drop
from tests.contract.test_check import KNOWN, UNWRITABLE, book_of, table_of
from tests.factories import AgencyFactory, IndicatorFactory
from tests.fuzz import bodies, edits
from tests.fuzz.documents import AGENCY, INDICATORS, NOW
from tests.second_factor import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.verify]
WORKBOOKS = 400


@pytest.fixture
def visitor(client, monkeypatch, settings):
    """Somebody of an agency without reports, at the time of the cases."""
    monkeypatch.setattr(clock, "agreed", lambda: NOW)
    settings.RATES = {**settings.RATES, "RATE_SUBMISSIONS_PER_AGENCY": 1_000_000, "RATE_PUBLIC_PER_ADDRESS": 1_000_000}
    for number, code in enumerate(INDICATORS, 1):
        IndicatorFactory.create(code=code, number=number)
    AgencyFactory.create(code=AGENCY)
    return signed_in(client, account(Agency.objects.get(), "ada").user)


def workbook(rng):
    """A workbook, nearly always with something wrong; None if it cannot be written."""
    table = table_of(rng)
    for _ in range(bodies.how_broken(rng)):
        table = edits.cells(rng, table)
    table = [table[0], *(row for row in table[1:] if row)]
    if any(map(UNWRITABLE.search, (text for row in table for text in row))):
        return None
    content = book_of(rng, table, 0, 0)
    return edits.octets(rng, content) if rng.random() < 0.1 else content


def test_page_says_of_many_workbooks_what_check_says(visitor):
    told = {True: 0, False: 0}
    for number in range(WORKBOOKS):
        content = workbook(Random(f"page {number}"))
        if content is None:
            continue
        document, answer = check(content, KNOWN, NOW)[0], drop(visitor, content).context
        told[document["accepted"]] += 1
        assert document["accepted"] == bool(answer.get("stamp")), number
        if document["accepted"]:
            assert (answer["reports"], list(answer["notes"])) == (document["report_count"], document["notes"]), number
            # The federation also compares with others, of which there are none here.
            assert {one["message"] for one in document["findings"]} <= {*answer["findings"]}, number
            continue
        cells = [(_place(one), one["detail"]) for one in document["errors"] if "row" in one]
        assert [one for one in answer["faults"] if one[0]][:100] == [one for one in cells if one[0]][:100], number
        assert len(answer["faults"]) + answer["unlisted"] == document["error_count"], number
    assert min(told.values()) > WORKBOOKS // 20


def _place(one):
    cell = f"{one['column']}{one['row']}" if one["column"] else f"{one['row']}:{one['row']}"
    return "!".join(part for part in (one["sheet"], cell if one["row"] else "") if part)

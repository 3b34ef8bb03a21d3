"""Any question below /sdmx/ gets data or a refusal that says why, never an error of the server."""

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from api import caching
from api.sdmx import views
from tests.contract.public.press import NOBODY, Press
from tests.factories import IndicatorFactory
from tests.histories import times

pytestmark = pytest.mark.django_db

STATUSES = {200, 303, 400, 403, 404, 406, 413, 422, 501}
odd = st.sampled_from(
    ["", "*", "all", "+", "~", ",", ".", "..", "%00", "%2F", "%FF", "é", "0", "-1", "x" * 300, "NO+", "1e9", "٣"]
)
moments = st.sampled_from(
    ["2026", "2026-11", "2026-W53", "2026-Q4", "2026-D001", "2026-11-01T10:00:00+14:00", "0001", "9999", "0000-00-00",
     "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-11-24T00:00:00.1234567Z", "2026-S3", "2026-T4"]
)  # fmt: skip
codes = st.sampled_from(["D", "H", "W", "A", "DOWNLOADS", "NO", "EUROPE", "_T", "BITTORRENT"])
values = st.one_of(codes, moments, odd, st.text("DNO_+*.,:eqgtl0123456789-TZ", max_size=12))
keys = st.lists(values, max_size=6).map(".".join)
terms = st.tuples(st.sampled_from(["", "eq:", "ne:", "ge:", "lt:", "co:", "sw:", "xx:"]), values).map("".join)
filters = st.lists(terms, min_size=1, max_size=3).flatmap(
    lambda some: st.sampled_from([",", "+"]).map(lambda sign: sign.join(some))
)
components = st.sampled_from(
    ["FREQ", "COUNTRY", "NETWORK", "VINTAGE", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "COVERAGE",
     "AGENCIES_REPORTING", "VALID_FROM", "NOTHING"]
)  # fmt: skip
plain = st.tuples(
    st.sampled_from(
        ["startPeriod", "endPeriod", "updatedAfter", "updateAfter", "asOf", "firstNObservations", "lastNObservations",
         "dimensionAtObservation", "detail", "includeHistory", "attributes", "measures", "offset", "limit", "sort",
         "format", "mode", "references", "nonsense"]
    ),
    st.one_of(values, st.sampled_from(["true", "AllDimensions", "serieskeysonly", "csv", "json", "none", "available"])),
).map("=".join)  # fmt: skip
queries = st.lists(
    st.one_of(plain, st.tuples(components, filters).map(lambda both: f"c[{both[0]}]={both[1]}")), max_size=3
).map("&".join)
roots = st.sampled_from(
    ["2.1/data/P2P/", "2.1/data/P2P_VINTAGE/", "2.1/data/", "2.1/availableconstraint/P2P/", "2.1/schema/",
     "2.1/dataflow/", "2.1/", "3.0/data/dataflow/P2PEU/P2P/1.0.0/", "3.0/data/*/P2PEU/P2P_VINTAGE/+/", "3.0/data/",
     "3.0/availability/dataflow/P2PEU/P2P/*/", "3.0/structure/", "3.0/schema/dataflow/", "3.0/"]
)  # fmt: skip


@given(roots, st.lists(keys, max_size=3).map("/".join), queries)
@times(5)
def test_any_question(view, root, path, query):
    caching.response_cache.clear()
    answer = Client(raise_request_exception=False).get(f"/sdmx/{root}{path}?{query}")
    assert answer.status_code in STATUSES, (root, path, query, answer.content)
    if answer.status_code == 200:
        assert answer.getvalue()
    elif answer.status_code == 303:
        assert (path, answer["Location"]) == ("", "/data/")
    else:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"]


#: The first and the last that a calendar has, in each form.
ENDS = [
    "0001", "0001-01", "0001-W01", "0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999", "9999-12",
    "9999-W52", "9999-Q4", "9999-S2", "9999-12-31", "9999-12-31T23:00:00",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00",
]  # fmt: skip


@pytest.mark.verify
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", ["data", "availability"])
def test_ends_of_the_calendar(view, kind, end):
    older = {"data": "data", "availability": "availableconstraint"}[kind]
    of_3, of_2 = f"/sdmx/3.0/{kind}/dataflow/P2PEU", f"/sdmx/2.1/{older}"
    addresses = [
        f"{of_3}/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T.{end}",
        f"{of_3}/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?c[VINTAGE]={end}",
        *(f"{of_3}/P2P/1.0.0/D?c[TIME_PERIOD]={sign}:{end}" for sign in ("eq", "lt", "le", "gt", "ge")),
        f"{of_3}/P2P/1.0.0/D?updatedAfter={end}",
        f"{of_3}/P2P/1.0.0/D?asOf={end}",
        f"{of_2}/P2P/D...?startPeriod={end}",
        f"{of_2}/P2P/D...?endPeriod={end}",
    ]
    for address in addresses:
        answer = Client(raise_request_exception=False).get(address)
        assert answer.status_code in STATUSES, (address, answer.content)
        assert answer.getvalue()


@pytest.fixture(scope="module")
def view(django_db_setup, django_db_blocker):
    """Two frequencies, published once for all questions; all answers are written as they are read.

    What goes wrong then goes wrong while the answer is under way.
    """
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "_CACHED", 0)
        IndicatorFactory.create()
        press = Press()
        press.publish("D", {"2026-11-01": {"NO": 10, "NO/BITTORRENT": 5}, "2026-11-02": {"SE": 5}})
        press.publish("H", {"2026-11-01T10:00": {"NO": 5}}, NOBODY)
        yield press
        transaction.set_rollback(True)

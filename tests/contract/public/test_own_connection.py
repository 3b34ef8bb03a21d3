"""Public reads use their own connection, as a role that can read public data only."""

import os
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections

from api.v1 import aggregates
from config import databases
from federation.database import clock
from federation.rules.effect_result import Word
from tests.acting import connected
from tests.contract.public.addresses import AGENCY_PAGES, OTHERS, PUBLIC, public_routes, routes
from tests.contract.site import effects
from tests.factories import AgencyFactory, AnnotationFactory, HelpServiceFactory

pytestmark = pytest.mark.skipif(
    "TEST_DATABASE_PUBLIC_URL" not in os.environ, reason="the servers are a person's own, without roles"
)


def test_every_route_is_public_or_said_to_be_for_others():
    assert {name for name, _ in routes()} - public_routes() == OTHERS | AGENCY_PAGES
    assert public_routes() == PUBLIC.keys()


@pytest.fixture
def own_connection_refused(transactional_db, monkeypatch):
    """The public's reads go over its role's connection, and this process's own connection is not available."""
    url = urlsplit(os.environ["TEST_DATABASE_PUBLIC_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    monkeypatch.setenv("DATABASE_PUBLIC_URL", url.geturl())

    def refused():
        raise AssertionError("what is for everybody was read over a connection that can read everything")

    with connected(**databases.public()) as patch:
        yield lambda: patch.setattr(connection, "ensure_connection", refused)


def test_no_public_route_needs_the_connection_that_reads_everything(press, client, own_connection_refused, monkeypatch):
    # The minutes that the map shows move with the clock, and its tag with them.
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    for code in ("NO-A", "SE-B"):
        AgencyFactory.create(code=code)
    HelpServiceFactory.create()
    AnnotationFactory.create()
    # More days than one page holds, so that CSV is read on while it is sent.
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 10)
    press.publish("D", {f"2026-11-{day:02}": {"NO": 120, "NO/ARES": 100, "EUROPE": 120} for day in range(1, 13)})
    press.publish("M", {"2026-01": {"NO": 500, "EUROPE": 500}})
    press.compare(12, "M", ("2026-01", "2026-10"), [1], {"2026-01": {"NO": 50, "EUROPE": 50}})
    press.publish("H", {"2026-11-12T23:00": {"NO": 120, "EUROPE": 120}})
    intervention = effects.register(effects.in_time())
    effects.publish(intervention, Word.FOUND, effects.found(-0.3))
    own_connection_refused()
    for addresses in (*PUBLIC.values(), [f"/effects/{intervention.pk}/"]):
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, address
            written = b"".join(answer)
            assert written
            # A workbook and a cube of JSON-stat are whole before their first byte is sent.
            is_whole = any(f"format={form}" in address for form in ("xlsx", "jsonstat"))
            assert answer.streaming == ("country=*" in address and not is_whole)
            again = client.get(address, headers={"If-None-Match": answer["ETag"]})
            assert again.status_code == 304, address
    page_not_there = client.get("/nowhere/", headers={"accept": "text/html"})
    assert (page_not_there.status_code, b"<html" in page_not_there.content) == (404, True)


def test_connection_that_reads_everything_is_really_refused(client, own_connection_refused):
    own_connection_refused()
    with pytest.raises(AssertionError, match="can read everything"):
        client.get("/readyz")


@pytest.mark.parametrize(
    ("series", "plans"), [("country=NO", 1), ("country=*", 1), ("country=NO&network=*", 1), ("country=*&network=*", 0)]
)
def test_a_read_of_few_series_is_planned_once(press, client, own_connection_refused, series, plans):
    press.publish("D", {"2026-11-03": {"NO": 120}})
    for first in ("2026-11-01", "2026-11-02"):
        span = f"start={first}&end=2026-11-12"
        assert client.get(f"/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&{span}&{series}").status_code == 200
    with connections["public"].cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans FROM pg_prepared_statements")
        assert cursor.fetchall() == [(2,)] * plans

"""A day that waits for its first publication, from reports to answers: whom it waits for, in every form, never a zero.

Two agencies owe days until 21:00 of the next one. The day before the newest is public.
"""

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from api import caching
from countries.models import Country, Indicator
from p2p_core.codes import COUNTRIES
from tests.contract.public.press import z
from tests.contract.public.test_unseen import ADDRESSES, public_rows
from tests.contract.sdmx.test_messages import of_form
from tests.integration.federation.world import Said, world

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 13, 0, 2, tzinfo=UTC)
DAYS = [datetime(2026, 11, number, tzinfo=UTC) for number in range(9, 13)]
NORWAY = COUNTRIES["NO"], 1
UNTIL = datetime(2026, 11, 13, 21, tzinfo=UTC)

RANGE = "indicator=DOWNLOADS&frequency=D&start=2026-11-11&end=2026-11-12"
SDMX = "/sdmx/3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS.NO._T?c[TIME_PERIOD]=ge:2026-11-11"
FORMS = {
    "json": f"/api/v1/aggregates/?{RANGE}&country=NO",
    "csv": f"/api/v1/aggregates/?{RANGE}&country=NO&format=csv",
    "coverage": f"/api/v1/coverage/?{RANGE}",
    "sdmx csv": f"{SDMX}&format=csv",
    "sdmx json": f"{SDMX}&format=json",
    "sdmx xml": f"{SDMX}&format=xml",
    "sdmx 2.1": "/sdmx/2.1/data/P2P/D.DOWNLOADS.NO._T?startPeriod=2026-11-11",
}
PAGES = [
    "/coverage/",
    "/countries/no/",
    "/embed/country/no/",
    "/countries/no/?compare=se",
    "/?window=day&day=2026-11-12",
]


@pytest.fixture
def federation(db, monkeypatch):
    with override_settings(ROUNDING_KEY=bytes(range(16))), world(monkeypatch, now=NOW) as made:
        monkeypatch.setattr(timezone, "now", lambda: made.now)
        monkeypatch.setattr(caching, "FRESH_SECONDS", -1)
        Indicator.objects.update(code="DOWNLOADS")
        Country.objects.get_or_create(code="NO")
        for agency in (0, 1):
            made.schedule(agency, "D", DAYS[0].date(), deadline=21 * 60)
            made.submit(agency, *(Said("D", day, {NORWAY: 10}) for day in DAYS[:-1]))
        made.tick()
        made.settle()
        yield made


def send(federation, agency, *others, **more):
    """The newest day, as 10 or as something else; of other agencies as 10."""
    federation.wait(minutes=1)
    for one in others:
        federation.submit(one, Said("D", DAYS[-1], {NORWAY: 10}))
    federation.submit(agency, Said("D", DAYS[-1], **({"cells": {NORWAY: 10}} | more)))
    federation.settle()


def newest(form, answer):
    """What an answer says of the newest day: its status, its value, how many are awaited, and until when."""
    assert answer.status_code == 200, answer.content
    if form == "csv":
        *_, row = csv.DictReader(io.StringIO(answer.getvalue().decode()))
        found = [row[name] for name in ("OBS_STATUS", "OBS_VALUE", "AGENCIES_AWAITED", "AWAITED_UNTIL")]
    elif form.startswith("sdmx"):
        row = of_form(form[5:].replace("2.1", "xml"), answer)["D", "DOWNLOADS", "NO", "_T", "2026-11-12"]
        found = [row.get(name) for name in ("OBS_STATUS", "OBS_VALUE", "AGENCIES_AWAITED", "AWAITED_UNTIL")]
    else:
        told = answer.json()
        row = told["coverage"][-1]
        [value] = [one["value"] for one in told.get("observations", []) if one["period"] == "2026-11-12"] or [None]
        found = [row["status"], value, row.get("agencies_awaited"), row.get("awaited_until")]
    return tuple(str(one) if one else None for one in found)


def waiting(count, until=UNTIL):
    return "O", None, str(count), z(until)


def ask(client, form, more="", **headers):
    caching.response_cache.clear()
    return client.get(FORMS[form] + more, headers=headers)


@pytest.mark.verify
def test_each_step_of_a_wait_is_a_version_that_can_be_read_again(federation, client):
    """Two are awaited, one is, the other one is instead, and a third joins with more time; then the day is public."""
    steps = [
        lambda: None,
        lambda: send(federation, 0),
        lambda: send(federation, 0, 1, withdrawn=True, cells={}),
        lambda: (federation.schedule(2, "D", date(2026, 11, 12), deadline=2880), federation.settle()),
        lambda: (send(federation, 2), send(federation, 0)),
    ]
    later = UNTIL + timedelta(hours=27)
    expected = [
        waiting(2),
        waiting(1),
        waiting(1),
        waiting(2, later),
        ("A", "30", None, None),
    ]
    seen = {form: [] for form in FORMS}
    for step, facts in zip(steps, expected, strict=True):
        step()
        for form, answers in seen.items():
            answers.append(read_step(client, form, facts, answers))
    for form, answers in seen.items():
        assert len({answer["ETag"] for answer, _ in answers}) == len(steps), form
        if not form.startswith("sdmx"):
            for answer, facts in answers:
                moment = answer.get("Known-At") or answer.json()["meta"]["known_at"]
                assert newest(form, ask(client, form, f"&as_of={moment}")) == facts, form


def read_step(client, form, facts, before):
    """Check what a form says after a step: the answer, and the facts that it has."""
    if before:
        # Who keeps the last answer is not told that it is still right.
        assert ask(client, form, **{"If-None-Match": before[-1][0]["ETag"]}).status_code == 200, form
    if form == "coverage":
        facts = (facts[0], None, *facts[2:])
    answer = ask(client, form)
    assert newest(form, answer) == facts, form
    assert ask(client, form, **{"If-None-Match": answer["ETag"]}).status_code == 304, form
    return answer, facts


@pytest.mark.verify
def test_a_client_that_polls_is_told_of_each_step_and_of_nothing_else(federation, client):
    last = {form: ask(client, form)["Known-At"] for form in ("sdmx csv", "sdmx xml", "sdmx 2.1")}

    def ask_for_changes():
        found = []
        for form, moment in last.items():
            answer = ask(client, form, f"&updatedAfter={moment}")
            last[form] = answer.get("Known-At", moment)
            rows = of_form(form[5:].replace("2.1", "xml"), answer)
            found.append([(key[-1], row["OBS_STATUS"], "OBS_VALUE" in row) for key, row in rows.items()])
        return found

    send(federation, 0)
    assert ask_for_changes() == [[("2026-11-12", "O", False)]] * 3
    send(federation, 0, cells={NORWAY: 5000})
    assert ask_for_changes() == [[]] * 3
    send(federation, 1)
    assert ask_for_changes() == [[("2026-11-12", "A", True)]] * 3
    assert ask_for_changes() == [[]] * 3


@pytest.mark.verify
def test_what_changes_in_a_day_that_waits_shows_in_no_answer(federation, answers):
    """Neither its numbers nor that somebody sent them again."""
    send(federation, 0)
    rows, shown = public_rows(), answers(ADDRESSES)
    for cells in ({NORWAY: 10, (COUNTRIES["FI"], 1): 5000}, {}, {NORWAY: 10}):
        federation.now += timedelta(seconds=1)
        federation.submit(0, Said("D", DAYS[-1], cells))
        federation.settle()
        assert public_rows() == rows
    federation.submit(0, Said("D", DAYS[-1], {NORWAY: 20}), minutes_ago=5)
    federation.settle()
    assert public_rows() == rows
    assert answers(ADDRESSES) == shown


def words(client, address):
    caching.response_cache.clear()
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_pages_say_for_whom_a_day_waits_until_it_is_public(federation, client):
    def sentence(count):
        return f"not public yet: waiting for {count} of 2 agencies, until 13 November 2026, 21:00 UTC at the latest"

    for left in (2, 1):
        for address in PAGES:
            assert sentence(left) in words(client, address), address
        send(federation, 2 - left)
    for address in PAGES:
        assert not re.search(r"waiting for \d", words(client, address)), address


def test_a_day_that_waits_is_hatched_in_a_chart_and_has_no_bar(federation, client):
    def marks():
        caching.response_cache.clear()
        pages = [client.get(address).content.decode() for address in ("/countries/no/", "/countries/no/chart.svg")]
        return [(page.count("url(#hatch)"), page.count('class="bar')) for page in pages]

    before = marks()
    for agency in (0, 1):
        send(federation, agency)
    for (hatched, bars), (hatched_after, bars_after) in zip(before, marks(), strict=True):
        assert (hatched_after < hatched, bars_after) == (True, bars + 1)

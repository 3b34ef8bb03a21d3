"""The pages of the desk over HTTP: their sentences, links and searches."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from federation.desk.screens import filters
from federation.models.audit import AuditEvent
from federation.models.figures import Figure
from federation.models.findings import Finding
from federation.models.published import PublishedCoverage
from federation.models.submissions import Report
from federation.models.worklist import Failure
from federation.templatetags import desk
from federation.worklist import Stage, WorkItem
from p2p_core import periods
from p2p_core.rules.rulebook import RULES
from tests import factories
from tests.integration.countries import desk_rows
from tests.integration.countries.addresses import routes
from tests.integration.federation.deskside import HOUR, NOW, address, held, hour, signed, submit, told
from tests.reporting import settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk_at_noon")]


def test_start_page_says_what_waits_and_links_to_it(coordinator, agency):
    report = held(agency)
    factories.FindingFactory.create(agency=agency)
    page = coordinator.get(reverse("admin:index"))
    tiles = {tile.name: tile for tile in page.context["tiles"]}
    assert (tiles["held reports wait"].number, tiles["open warnings"].number) == (1, 2)
    assert tiles["items to compute"].number > 0
    assert f"/{report.hold.finding_id}/" in coordinator.get(tiles["held reports wait"].address).content.decode()
    assert coordinator.get(tiles["open warnings"].address).context["cl"].result_count == 2
    assert coordinator.get(tiles["open errors"].address).context["cl"].result_count == 0


def test_start_page_says_which_periods_are_not_public_yet(coordinator, agency):
    PublishedCoverage.objects.create(
        indicator=factories.IndicatorFactory.create(), frequency="D", period=datetime(2026, 11, 24, tzinfo=UTC),
        agencies_expected=2, agencies_reporting=1, share=5000, status="O",
        agencies=[agency.pk], states=["awaited"], covered=[0], owed=[86_400], is_break=False,
        agencies_awaited=1, awaited_until=datetime(2026, 11, 25, 21, tzinfo=UTC), awaited=[True], version_from=1,
    )  # fmt: skip
    said = (
        "DOWNLOADS, day 2026-11-24: waiting for 1 of 2 agencies (NO-KRIPOS), until 21:00 on 25 November at the latest."
    )
    assert said in coordinator.get(reverse("admin:index")).content.decode()


def test_every_link_of_the_start_page_leads_somewhere(coordinator, agency):
    held(agency)
    factories.ScheduleFactory.create(agency=agency)
    page = coordinator.get(reverse("admin:index")).content.decode()
    links = set(re.findall(r'href="(/admin/[^"]*)"', page))
    assert {f"{address('submission')}?agency=NO-KRIPOS", f"/admin/countries/agency/{agency.pk}/overview/"} <= links
    for link in links:
        assert coordinator.get(link.replace("&amp;", "&"), follow=True).status_code == 200, link


def test_start_page_leads_to_what_each_person_did_lately(coordinator, agency):
    for by, days in (("per", 8), ("kari", 3), ("ola", 2), ("kari", 1), ("command load", 1)):
        AuditEvent.objects.create(
            at=NOW - timedelta(days=days), actor=by, action="agency.changed", subject="agency NO-KRIPOS",
            details={}, digest=bytes(32),
        )  # fmt: skip
    page = coordinator.get(reverse("admin:index"))
    people = [(one.name, one.events, one.last) for one in page.context["people"]]
    assert people == [("kari", 2, NOW - timedelta(days=1)), ("ola", 1, NOW - timedelta(days=2))]
    assert f'href="{address("auditevent")}?person=kari"' in page.content.decode()


@pytest.mark.verify
def test_way_to_each_page_begins_at_start(admin_client):
    there = desk_rows.make()
    rows = {model: [row] for model, row in there.items()}
    # Of most views one screen says how all are; rows are shown by templates of their own.
    ways = {(route.view, route.model if route.view == "change" else None): route for route in routes()}
    pages, begins = 0, Counter()
    for route in ways.values():
        (place, *_) = route.addresses(rows)
        answer = admin_client.get(place)
        if answer.status_code == 200 and "text/html" in answer["Content-Type"]:
            starts = re.findall(r'<div class="breadcrumbs">\s*<a href="/admin/">(.*?)</a>', answer.content.decode())
            pages, begins = pages + 1, begins + Counter(starts)
    assert begins == {"Start": pages - 1}  # all but that page itself
    assert pages > 30


def test_each_page_names_an_icon_that_is_there(coordinator):
    for page in (Client().get(reverse("admin:login")), coordinator.get(reverse("admin:index"))):
        (icon,) = re.findall(r'<link rel="icon" href="([^"]+)"', page.content.decode())
        assert finders.find(icon.removeprefix("/static/"))


def test_screens_of_all_day_are_at_the_top_of_each_page(coordinator):
    page = coordinator.get(reverse("admin:countries_signingkey_changelist")).content.decode()
    screens = page[page.index('aria-label="Screens"') :].partition("</nav>")[0]
    assert re.findall(r">([A-Z][a-z ]+)</a>", screens) == [
        *("Start", "Findings", "Held reports", "Reports", "Submissions", "Agencies", "Credentials", "Signing keys"),
        *("Time axis", "Audit"),
    ]
    assert 'aria-current="true">Signing keys<' in screens


def test_start_page_tells_work_set_aside_in_words(coordinator, agency):
    item = WorkItem(Stage.FIGURE, "H", HOUR, factories.IndicatorFactory.create().number, agency.pk)
    Failure.objects.create(item=item.pack(), attempts=3, reason="division by zero", since=NOW)
    tile = next(tile for tile in coordinator.get(reverse("admin:index")).context["tiles"] if "aside" in tile.name)
    page = coordinator.get(tile.address).content.decode()
    assert tile.number == 1
    assert "figure of hour 2026-11-25T10:00" in page
    assert "NO-KRIPOS" in page
    assert "DOWNLOADS" in page
    assert coordinator.get(f"{address('failure')}?aside=no").context["cl"].result_count == 0


def test_silence_is_said_in_a_sentence_until_a_figure_comes(coordinator, agency):
    days = NOW.replace(hour=0, minute=0, second=0)
    finding = factories.FindingFactory.create(
        agency=agency, rule="R202", frequency="D", facts={"periods": 9},
        period=days - timedelta(days=9), last_period=days - timedelta(days=1),
    )  # fmt: skip
    page = coordinator.get(reverse("admin:index")).content.decode()
    assert "NO-KRIPOS has been silent since 16 November (9 days)" in page
    assert address("finding", "change", finding.pk) in page

    Finding.objects.update(last_period=days - timedelta(days=3))
    Figure.objects.create(
        agency=agency, indicator_id=finding.indicator_id, frequency="D", period=days - timedelta(days=2),
        source="reported", covered_seconds=86400, reported_seconds=86400, final=True, held=False, total=1,
        countries=[], networks=[], values=[],
    )  # fmt: skip
    assert "silent since" not in coordinator.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("state=all", 3),
        ("state=resolved", 1),
        ("severity=error", 1),
        ("rule=R105", 1),
        ("agency=SE-NOA", 1),
        ("indicator=DOWNLOADS", 2),
        ("frequency=D", 1),
        ("opened=1", 1),
        ("opened=older", 1),
        ("q=silent", 1),
        ("q=SE-NOA", 1),
        ("agency=XX-NONE", 0),
        ("opened=%27;drop", 2),
    ],
)
def test_findings_are_filtered_and_searched(coordinator, agency, query, found):
    factories.FindingFactory.create(agency=agency, opened=NOW)
    factories.FindingFactory.create(
        agency=factories.AgencyFactory.create(code="SE-NOA"), rule="R202", frequency="D", facts={"periods": 9},
        opened=NOW - timedelta(days=40),
    )  # fmt: skip
    factories.FindingFactory.create(
        agency=agency, rule="R104", facts={"value": 60}, state="resolved", resolution="itself", resolved=NOW
    )
    assert coordinator.get(f"{address('finding')}?{query}").context["cl"].result_count == found


@pytest.mark.parametrize("query", ["day=2026-11-25", "day=nonsense", "finding=nonsense", "decision=all"])
def test_held_reports_are_filtered(coordinator, agency, query):
    held(agency)
    expected = 0 if "nonsense" in query else 1
    assert coordinator.get(f"{address('hold')}?{query}").context["cl"].result_count == expected


# --- a finding --------------------------------------------------------------------------------------------------------


def test_finding_page_shows_sentence_chart_table_and_held_report(coordinator, agency):
    report = held(agency)
    settle()
    finding = report.hold.finding
    page = coordinator.get(address("finding", "change", finding.pk))
    text = page.content.decode()
    assert "Hour 10:00 on 25 November 2026 is 50 times the usual for a Wednesday morning: 5,000 against 100." in text
    assert page.context["bars"].bars[-1].kind == "held"
    assert "<title>2026-11-25T10:00: 5,000, not used</title>" in text
    assert [row.hold.report.total for row, _ in page.context["held"]] == [5000]
    assert "<table>" in text.split("<details>")[1]
    assert "confirm them, and a coordinator decides" in text


def test_codes_in_the_words_of_a_rule_are_written_as_code():
    assert desk.codes(RULES["R105"].when).endswith("could not be located (<code>_U</code>).")


@pytest.mark.parametrize(
    ("rule", "frequency", "facts"),
    [
        ("R101", "D", {"value": 9, "finer": 8, "finer_frequency": "H", "cells": 1, "country": "NO",
                       "network": "BITTORRENT", "reported": 9, "summed": 8}),
        ("R103", "M", {"value": 200, "before": 100, "share": 1.0}),
        ("R103", "D", {"value": 200, "before": 0, "share": None}),
        ("R106", "H", {"revisions": 21}),
        ("R201", "H", {"periods": 1}),
        ("R202", "D", {"periods": 600}),
        ("R301", "W", {"value": 600, "others": 900, "distance": 0.5,
                       "countries": [{"country": "NO", "own": 0.6, "others": 0.2}]}),
    ],
)  # fmt: skip
def test_finding_page_opens_for_each_rule(coordinator, agency, rule, frequency, facts):
    start = periods.start_of(frequency, NOW - timedelta(days=40))
    last = start + timedelta(days=600) if rule == "R202" else start
    finding = factories.FindingFactory.create(
        agency=agency, rule=rule, frequency=frequency, period=start, last_period=last, facts=facts
    )
    page = coordinator.get(address("finding", "change", finding.pk))
    assert page.status_code == 200
    assert len(page.context["facts"]) >= 1
    assert all(value and "None" not in value for _, value in page.context["facts"])


@pytest.mark.parametrize("model", ["finding", "hold"])
def test_what_is_not_there_leads_to_the_start_page(coordinator, model):
    for number in ("999999", "nonsense"):
        page = coordinator.get(address(model, "change", number), follow=True)
        assert page.status_code == 200
        assert "you may not see it" in told(page)[0]


def test_facts_are_read_only(admin_client, agency):
    report = held(agency)
    AuditEvent.objects.get_or_create(
        subject="x", defaults={"at": timezone.now(), "actor": "a", "action": "b", "details": {}, "digest": bytes(32)}
    )
    submit(agency, hour(5, hours=-1))
    event = AuditEvent.objects.latest("id")
    rows = {"report": report.pk, "submission": report.submission_id, "auditevent": event.pk}
    for model, key in rows.items():
        page = admin_client.get(address(model, "change", key))
        assert page.status_code == 200
        assert "_save" not in page.content.decode()
        assert admin_client.post(address(model, "change", key), {}).status_code == 403
        assert admin_client.post(address(model, "delete", key), {"post": "yes"}).status_code == 403
    assert "5,000" in admin_client.get(address("report", "change", report.pk)).content.decode()


def test_lists_that_grow_for_ever_are_counted_so_far_only(coordinator, agency, monkeypatch):
    monkeypatch.setattr(filters, "REACH", 3)
    held(agency)
    page = coordinator.get(address("report"))
    assert Report.objects.count() > 3
    assert page.context["cl"].result_count == 3


def test_submission_says_which_key_signed_it_and_what(coordinator, agency):
    signature = signed(agency)
    submit(agency, hour(6, hours=-1))
    listed = coordinator.get(address("submission"), {"signed": "False"})
    assert listed.context["cl"].result_count == 1
    assert signature.key.keyid in listed.content.decode()
    assert coordinator.get(address("submission"), {"signed": "True"}).context["cl"].result_count == 1
    page = coordinator.get(address("submission", "change", signature.submission_id)).content.decode()
    assert signature.key.fingerprint in page
    assert "&quot;@method&quot;: POST" in page

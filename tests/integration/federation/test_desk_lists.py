"""The lists of the desk: what comes first, what is hidden at first, and what pages say in words."""

import re

import pytest
from django.urls import reverse

from countries import registry
from countries.models import Agency, Indicator, Network
from federation.models.submissions import Submission
from federation.models.worklist import Failure
from federation.worklist import Stage, WorkItem
from tests import factories, reporting
from tests.integration.federation.deskside import HOUR, NOW, address, held, hour

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk_at_noon")]


def names_of(client, model, **filters):
    """The rows of a list, in its order."""
    return [str(row) for row in client.get(address(model), filters).context["cl"].result_list]


def test_agencies_that_need_somebody_come_first(coordinator, desk_at_noon):
    agencies = {code: factories.AgencyFactory.create(code=code) for code in ("NO-A", "NO-B", "NO-C", "NO-D")}
    for code in ("NO-A", "NO-C", "NO-D"):
        factories.CredentialFactory.create(agency=agencies[code], client_id=code)
    factories.FindingFactory.create(agency=agencies["NO-C"], rule="R202", opened=NOW)
    Agency.objects.filter(code="NO-A").update(active=False)
    page = coordinator.get(reverse("admin:countries_agency_changelist"))
    assert [row.code for row in page.context["cl"].result_list] == ["NO-C", "NO-B", "NO-D", "NO-A"]
    for said in ("silent", "has no usable credential", "not active"):
        assert f">{said}</td>" in page.content.decode()


def test_severe_findings_come_first_while_only_open_ones_are_listed(coordinator, agency):
    severe = factories.FindingFactory.create(agency=agency, rule="R202", facts={"periods": 9}, opened=NOW)
    mild = factories.FindingFactory.create(agency=agency, opened=NOW)
    assert names_of(coordinator, "finding") == [str(severe), str(mild)]
    assert names_of(coordinator, "finding", state="all") == [str(mild), str(severe)]


def test_work_that_was_set_aside_comes_first(coordinator):
    for number, retry in ((1, NOW), (2, None), (3, NOW)):
        item = WorkItem(Stage.FIGURE, "H", HOUR, 1, number).pack()
        Failure.objects.create(item=item, attempts=3, reason=f"reason {number}", since=NOW, retry_at=retry)
    assert names_of(coordinator, "failure")[0].endswith("reason 2")


@pytest.mark.parametrize(
    ("model", "hidden", "shown"),
    [("finding", "Resolved findings", "state"), ("hold", "Reports that were decided on", "decision"),
     ("auditevent", "Events by programs and commands", "by")],
)  # fmt: skip
def test_filter_that_hides_rows_is_seen_and_can_be_removed(coordinator, model, hidden, shown):
    page = coordinator.get(address(model)).content.decode()
    assert f"{hidden} are hidden." in page
    assert f'<a class="remove" href="?{shown}=all" aria-label="Remove the filter: {shown}">' in page
    page = coordinator.get(address(model), {shown: "all"}).content.decode()
    assert (f"{hidden} are hidden." in page, 'class="remove"' in page) == (False, False)


def test_audit_list_shows_people_until_programs_are_asked_for(coordinator, agency):
    factories.IndicatorFactory.create()
    reporting.submit(agency, [hour(5).as_new()], NOW, NOW, by="command test")
    indicator = Indicator.objects.first()
    registry.save(factories.ScheduleFactory.build(agency=agency, indicator=indicator), by="anna")
    other = factories.AgencyFactory.create(code="NO-TELE")
    registry.save(factories.ScheduleFactory.build(agency=other, indicator=indicator), by="ola")

    def listed(**filters):
        rows = coordinator.get(address("auditevent"), filters).context["cl"].result_list
        return [row.words.sentence.split(",")[0].removesuffix(".") for row in rows]

    own, others = "anna added the schedule of NO-KRIPOS", "ola added the schedule of NO-TELE"
    sent = "The command test sent 1 report of NO-KRIPOS"
    assert listed() == [others, own]
    assert listed(by="all") == [others, own, sent]
    assert listed(by="programs") == [sent]
    assert listed(person="anna") == [own]
    assert listed(agency="NO-KRIPOS") == [own]
    assert listed(agency="NO-KRIPOS", by="all") == [own, sent]
    assert listed(kind="schedule", person="ola") == [others]
    assert listed(kind="decision", by="all") == listed(person="nobody") == listed(agency="nothing") == []
    assert listed(kind="submission", by="all") == [sent]


def test_empty_audit_list_says_so_and_shows_what_programs_did_in_one_click(coordinator, agency):
    factories.IndicatorFactory.create()
    reporting.submit(agency, [hour(5).as_new()], NOW, NOW, by="command test")
    page = coordinator.get(address("auditevent"), {"agency": "NO-KRIPOS", "q": "test"}).content.decode()
    assert "There is no audit event to show." in page
    link = re.search(r'href="([^"]*)">Show them too</a>', page)[1].replace("&amp;", "&")
    after = coordinator.get(address("auditevent") + link)
    assert [row.actor for row in after.context["cl"].result_list] == ["command test"]
    assert "There is no audit event" not in after.content.decode()
    assert "Show them too" not in after.content.decode()


def test_audit_list_offers_people_agencies_and_kinds_by_name(coordinator, agency):
    page = coordinator.get(address("auditevent")).content.decode()
    for offered in ("kari", f"NO-KRIPOS {agency.name}", "decisions on held reports", "set-ups", "submissions"):
        assert f">{offered}</a>" in page, offered


def test_history_of_a_row_is_what_the_audit_trail_says(coordinator, agency):
    agency.name = "Another name"
    registry.save(agency, by="anna", reason="They were merged.")
    page = coordinator.get(reverse("admin:countries_agency_history", args=[agency.pk])).content.decode()
    assert "anna changed the agency NO-KRIPOS." in page
    assert re.search("Name: from .+ to Another name[.]", page)
    assert "Reason: They were merged." in page


def test_submission_says_who_sent_it_and_what_its_reports_became(coordinator, agency):
    credential = factories.CredentialFactory.create(agency=agency, client_id="NO-KRIPOS.1")
    report = held(agency)
    reporting.submit(
        agency, [hour(7, hours=1).as_new(), hour(9, hours=2).as_new()], NOW, NOW, by="credential NO-KRIPOS.1"
    )
    page = coordinator.get(address("submission", "change", Submission.objects.get(report_count=2).pk)).content.decode()
    assert "NO-KRIPOS sent 2 reports with 2 observations: 2 accepted." in page
    assert reverse("admin:countries_credential_change", args=[credential.pk]) in page
    page = coordinator.get(address("submission", "change", report.submission_id)).content.decode()
    assert "1 held for a decision" in page
    assert address("report", "change", report.pk) in page


def test_report_shows_its_observations_by_name(coordinator, agency):
    Network.objects.get_or_create(number=1, defaults={"code": "BITTORRENT", "name": "BitTorrent"})
    report = held(agency)
    page = coordinator.get(address("report", "change", report.pk)).content.decode()
    assert "The total is 5,000. It is not used yet: it waits for a decision." in page
    assert "Norway (NO)" in page
    assert "BitTorrent" in page
    assert address("hold", "change", report.pk) in page


def test_sign_out_says_so_and_offers_to_sign_in_again(coordinator):
    page = coordinator.post(reverse("admin:logout")).content.decode()
    assert "<h1>You are signed out.</h1>" in page
    assert f'href="{reverse("admin:index")}">Sign in again</a>' in page

"""The pages of an agency besides sending: the board, findings and their answers, the set-up, and what is no page."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from countries import reference
from countries.accounts import credentials
from countries.models import Credential, Recipient
from federation.models.findings import Answer
from federation.models.notifications import Message
from federation.models.submissions import Submission
from p2p_core import periods
from tests import factories
from tests.contract.agency.conftest import figure, text_of
from tests.contract.callers import Caller, day, report
from tests.contract.public.press import Covered, Press


def test_board_shows_own_exact_counts_and_states(analyst, agency, other):
    start = periods.start_of("D", datetime.now(UTC)) - timedelta(days=1)
    for whose, value in ((agency, 12345), (other, 98765)):
        figure(whose, start, value)
    Press().publish("D", {day(): {}}, Covered(states={agency.pk: "partial", other.pk: "late"}))
    shown = text_of(analyst.get("/agency/"))
    assert "reported in part 12,345" in shown
    assert "If a report is held for checking, the count is the one that is still in use." in shown
    assert "Bold: something is missing, or a report waits for a decision. On a coloured ground: the deadline" in shown
    assert "late" not in shown
    assert "98,765" not in shown
    assert "NOA" not in shown


def test_board_folds_older_periods_away_and_counts_their_states(analyst, agency):
    """So the board is short on a telephone, and no late period is hidden."""
    press = Press()
    press.publish("D", {day(ago): {} for ago in range(1, 11)}, Covered(states={agency.pk: "reported"}))
    press.publish("D", {day(ago): {} for ago in (11, 12)}, Covered(states={agency.pk: "late"}))
    page = analyst.get("/agency/").content.decode().partition("<main")[2]
    shown, _, folded = page.partition("<details>")
    summary, older = folded.partition("</details>")[0].split("</summary>")
    assert (shown.count('<th scope="row">'), older.count('<th scope="row">')) == (7, 8)
    words = " ".join(re.sub("<[^>]*>", "", summary).split())
    assert words == "Older periods: 8 · reported: 4 · late: 2"
    assert (shown.count(">late<"), older.count(">late<")) == (0, 2)


def test_board_links_to_the_calendar_of_the_agency_if_it_has_one(analyst, agency):
    link = f'href="/participants/{agency.code}.ics"'
    factories.ScheduleFactory.create(agency=agency, frequency="H")
    assert link not in analyst.get("/agency/").content.decode()
    reference.snapshots.clear()
    factories.ScheduleFactory.create(agency=agency, frequency="D")
    assert link in analyst.get("/agency/").content.decode()


def test_finding_is_answered_and_the_answer_is_checked(analyst, agency, other):
    own, foreign = (factories.FindingFactory.create(agency=one) for one in (agency, other))
    assert f"/agency/findings/{own.pk}/" in analyst.get("/agency/").content.decode()
    listed = analyst.get("/agency/findings/").content.decode()
    assert f"/agency/findings/{own.pk}/" in listed
    assert f"/agency/findings/{foreign.pk}/" not in listed
    page = f"/agency/findings/{own.pk}/"
    for given in ({}, {"answer": "perhaps"}, {"answer": "confirmed", "remark": "ask ola@example.org"}):
        assert analyst.post(page, given).status_code == 422
    assert analyst.post(f"/agency/findings/{foreign.pk}/", {"answer": "confirmed"}).status_code == 404
    assert not Answer.objects.exists()
    said = analyst.post(page, {"answer": "confirmed", "remark": "A campaign."}, follow=True)
    assert "The numbers are right. A campaign." in text_of(said)
    assert Answer.objects.values_list("by", "remark").get() == ("ada", "A campaign.")


def test_refused_remark_says_why_and_leaves_the_rest_of_the_form(analyst, agency):
    page = f"/agency/findings/{factories.FindingFactory.create(agency=agency).pk}/"
    refused = analyst.post(page, {"answer": "will_resubmit", "remark": "ask ola@example.org"}).content.decode()
    assert re.findall(r'value="(\w+)" checked', refused) == ["will_resubmit"]
    above, _, at_remark = refused.partition('for="remark"')
    assert "A remark must not contain" in at_remark
    # The page opens at its top, so this says it there, and in the title.
    assert re.search(r"<title>\s*Nothing was stored: Finding", above)
    assert re.search(r'role="alert">\s*<p>Nothing was stored:</p>.*<a href="#remark">A remark must', above, re.DOTALL)
    assert above.index("Nothing was stored:</p>") < above.index('class="lead"')
    assert "counts only" not in refused
    assert "checked" not in analyst.get(page).content.decode()


def test_menu_marks_the_page_and_the_list_of_a_single_one(analyst, agency):
    Caller(agency=agency).send(report(("NO", "BITTORRENT", 5)))
    pages = {
        "findings/": ("page", "findings/"),
        f"findings/{factories.FindingFactory.create(agency=agency).pk}/": ("true", "findings/"),
        "submissions/": ("page", "submissions/"),
        f"submissions/{Submission.objects.get().pk}/": ("true", "submissions/"),
    }
    for page, (how, marked) in pages.items():
        menu = analyst.get(f"/nb/agency/{page}").content.decode().partition("</nav>")[0]
        assert re.findall(r'href="(\S+)" aria-current="(\w+)"', menu) == [(f"/nb/agency/{marked}", how)]


def test_finding_that_is_closed_takes_no_answer(analyst, agency):
    finding = factories.FindingFactory.create(
        agency=agency, state="resolved", resolved=timezone.now(), resolution="corrected"
    )
    page = f"/agency/findings/{finding.pk}/"
    assert 'name="answer"' not in analyst.get(page).content.decode()
    late = analyst.post(page, {"answer": "confirmed"})
    assert late.status_code == 409
    assert "Nothing was stored: This finding is closed." in text_of(late)


def test_set_up_shows_credentials_and_when_each_got_its_last_token(analyst, agency, other):
    factories.SetupFactory.create(agency=agency, location_source="Own base")
    credentials.issue(agency=agency, by="kari", now=timezone.now())
    Caller(agency=other)
    shown = text_of(analyst.get("/agency/set-up/"))
    assert "Own base" in shown
    assert "Last token: never" in shown
    assert "SE-NOA" not in shown
    Caller(agency=agency)
    assert Credential.objects.filter(agency=agency, used=None).count() == 1
    assert re.search(r"Last token: \d", text_of(analyst.get("/agency/set-up/")))


PAGES = ("/agency", "/de/agency/send", "/agency/findings/1", "/coverage", "/nb/countries/no", "/de")


@pytest.mark.parametrize("address", PAGES)
def test_address_without_the_slash_at_its_end_leads_to_the_page(client, address):
    for method in ("get", "head"):
        answer = getattr(client, method)(f"{address}?a=%22&b=1")
        assert (answer.status_code, answer["Location"]) == (301, f"{address}/?a=%22&b=1")
        assert answer["Cache-Control"] == "no-store"
    assert client.post(address).status_code == 404


@pytest.mark.parametrize("address", ["/api/v1/figures", "/oauth/token", "/agency/nothing", "//agency", "/agency//send"])
def test_slash_is_added_to_no_other_address(client, address):
    # The client of the tests would take two slashes for the start of a host name.
    assert client.get("/", PATH_INFO=address).status_code == 404


@pytest.mark.parametrize("language", ["", "/nb"])
def test_address_that_does_not_exist_leads_people_of_an_agency_to_the_board(client, analyst, agency, other, language):
    """A foreign finding has the same page. Strangers get the public page, and programs a problem document."""
    foreign = factories.FindingFactory.create(agency=other).pk
    stranger = type(client)()
    for page in ("nothing/", "findings/999999/", f"findings/{foreign}/"):
        address = f"{language}/agency/{page}"
        answer = analyst.get(address, headers={"Accept": "text/html"})
        assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")
        assert "Kripos (NO-KRIPOS)" in text_of(answer)
        assert f'<p><a href="{language}/agency/">' in answer.content.decode()
        assert "NOA" not in text_of(answer)
        assert (
            analyst.get(f"{language}/nothing/", headers={"Accept": "text/html"}).templates[0].name.startswith("site/")
        )
    asked = stranger.get(f"{language}/agency/nothing/", headers={"Accept": "text/html"})
    assert (asked.status_code, asked.templates[0].name, "Kripos" in text_of(asked)) == (
        404,
        "site/not_found.html",
        False,
    )
    assert analyst.get(f"{language}/agency/nothing/").json()["code"] == "not_found"


@pytest.mark.parametrize("page", ["", "send/", "findings/", "submissions/", "set-up/", "findings/?before=9&all"])
def test_pages_are_never_kept_and_run_no_script(analyst, page):
    answer = analyst.get(f"/agency/{page}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert "<script" not in answer.content.decode()
    assert "Kripos (NO-KRIPOS)" in text_of(answer)


def step_of(client):
    """The sentence of the next step, and where its link leads."""
    section = client.get("/agency/").content.decode().partition('class="next"')[2].partition("</section>")[0]
    sentence = re.search(r"<p>(.*?)(?: <a|</p>)", section)
    link = re.search(r'href="(.*?)"', section)
    return sentence[1], link[1] if link else ""


def test_board_says_what_people_of_the_agency_have_to_do_next(analyst, agency):
    assert step_of(analyst)[0].startswith("Nothing is expected from your agency yet.")
    factories.ScheduleFactory.create(agency=agency)
    assert step_of(analyst)[0].startswith("The set-up of your agency is missing.")
    factories.SetupFactory.create(agency=agency)
    first = "Nothing has come from your agency yet. Send a first report."
    assert step_of(analyst) == (first, "/agency/send/")
    agency.signature_required = True
    agency.save()
    assert step_of(analyst)[0].startswith("Your agency must sign what it sends")
    key = factories.SigningKeyFactory.create(agency=agency)
    # Files from a browser have no signature.
    assert step_of(analyst) == (first, "")
    assert key.keyid in text_of(analyst.get("/agency/set-up/"))
    agency.signature_required = False
    agency.save()
    Caller(agency=agency).send(report(("NO", "BITTORRENT", 5)))
    assert step_of(analyst) == ("You have nothing to do.", "")
    sent = Submission.objects.get()
    assert (
        f'<dt>Last submission</dt><dd><a href="/agency/submissions/{sent.pk}/">'
        in analyst.get("/agency/").content.decode()
    )
    factories.FindingFactory.create(agency=agency)
    assert step_of(analyst) == ("Findings about your numbers wait for your answer. Answer them.", "/agency/findings/")
    since = datetime(2026, 11, 3, 10, tzinfo=UTC)
    factories.FindingFactory.create(agency=agency, rule="R202", period=since, facts={"periods": 9})
    sentence, link = step_of(analyst)
    assert re.search("missing since 3 November 2026, 10:00.*[.] Send them[.]", sentence), sentence
    assert link == "/agency/send/"


def test_agency_whose_schedules_have_ended_is_told_so(analyst, agency):
    factories.ScheduleFactory.create(agency=agency, valid_from=date(2025, 1, 1), valid_to=date(2025, 6, 30))
    said = "Nothing is expected from your agency any more."
    assert step_of(analyst) == (said, "")
    assert said in text_of(analyst.get("/agency/set-up/"))


def test_set_up_page_shows_who_is_told_and_what_is_expected(analyst, agency, other):
    for one, name in ((agency, "statistics"), (other, "foreign")):
        factories.ScheduleFactory.create(agency=one, deadline_minutes=75 if one == agency else 80)
        recipient = Recipient.objects.create(agency=one, mailbox=f"{name}@example.org")
        factories.WebhookFactory.create(agency=one, url=f"https://example.org/{name}")
        Recipient.objects.create(agency=one, mailbox=f"old.{name}@example.org", active=False)
        now = timezone.now()
        Message.objects.create(recipient=recipient, created=now, due=now, state="sent", sent=now)
    shown = text_of(analyst.get("/agency/set-up/"))
    for said in ("Minutes from the end of a period until its report is late: 75", "statistics@example.org",
                 "https://example.org/statistics", "Sent:"):  # fmt: skip
        assert said in shown, said
    for hidden in ("foreign", "old.statistics", "late: 80"):
        assert hidden not in shown, hidden

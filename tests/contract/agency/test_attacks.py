"""Attempts on the pages of an agency: by strangers, by people of another agency, and by odd files."""

import re
import time
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import xlsxwriter
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from api.agency import send
from api.throttling import costs
from countries.accounts import agency_accounts
from federation.models.submissions import Submission
from tests import factories, second_factor
from tests.contract.agency.conftest import SEND, account, drop, rows, text_of
from tests.contract.agency.test_sign_in import ENDS, WORDS, accept, give_password
from tests.contract.callers import COLUMNS, Caller, report

FORMS = ("send/", "findings/1/", "sign-in/", "second-factor/", "second-factor/again/", "sign-out/", "invitation/x/y/")


@pytest.mark.parametrize("form", FORMS)
def test_each_form_needs_its_token(analyst, form):
    analyst.handler.enforce_csrf_checks = True
    assert analyst.post(f"/agency/{form}", {"answer": "confirmed"}).status_code == 403


@pytest.mark.parametrize("form", FORMS)
def test_form_without_its_token_is_a_page_with_the_way_back(analyst, form):
    analyst.handler.enforce_csrf_checks = True
    address = f"/de/agency/{form}?next=/de/agency/%22"
    answer = analyst.post(address, {"answer": "confirmed"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Cache-Control"]) == (403, "no-store")
    assert "Das Formular ist abgelaufen" in text_of(answer)
    back = "/de/agency/" if form == "sign-out/" else address
    assert analyst.get(back).status_code in (200, 302, 404)
    assert f'<a href="{back}">' in answer.content.decode().partition("<main")[2]


def test_session_that_a_stranger_planted_is_not_the_one_that_is_signed_in(client, agency):
    """A stranger who knows the key of the session before the sign-in has nothing after it."""
    it = account(agency, "ola")
    it.user.set_password(WORDS)
    it.user.save()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = planted = session.session_key
    give_password(client)
    stranger = Client()
    stranger.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    assert client.session.session_key != planted
    assert stranger.get("/agency/second-factor/")["Location"] == "/agency/sign-in/"


def test_submission_and_finding_of_another_agency_are_not_there(analyst, agency):
    """As one that never was: the same status, and the same page except for the address."""
    other = factories.AgencyFactory.create(code="SE-NOA", name="NOA")
    factories.SetupFactory.create(agency=other)
    Caller(agency=other).send(report(("NO", "BITTORRENT", 5)))
    finding = factories.FindingFactory.create(agency=other)
    theirs = f"submissions/{Submission.objects.get().pk}/", f"findings/{finding.pk}/"
    nobodys = "submissions/00000000-0000-7000-8000-000000000000/", "findings/999999/"
    for foreign, unknown in zip(theirs, nobodys, strict=True):
        answers = [analyst.get(f"/agency/{address}") for address in (foreign, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert len({answer.content.decode().replace(foreign, unknown) for answer in answers}) == 1


@pytest.mark.parametrize("end", [name for name in ENDS if name != "signed out"])
def test_invitation_whose_access_ends_on_its_form_sets_no_password(client, agency, end):
    sent = agency_accounts.invite(agency=agency, username="ola", by="kari", now=timezone.now())
    form = client.get(f"/agency/invitation/{sent.uid}/{sent.token}/", follow=True)
    ENDS[end](sent.account)
    there = form.redirect_chain[-1][0]
    answer = client.post(there, {"new_password1": WORDS, "new_password2": WORDS})
    assert "does not work any more" in text_of(answer)
    assert not User.objects.get(username="ola").has_usable_password()


def test_invitation_of_one_person_sets_no_password_of_another(client, agency):
    first, second = (
        agency_accounts.invite(agency=agency, username=name, by="kari", now=timezone.now()) for name in ("ola", "bo")
    )
    answer = client.get(f"/agency/invitation/{second.uid}/{first.token}/", follow=True)
    assert "does not work any more" in text_of(answer)
    # Both forms are open in one browser: each person's form has that person's link.
    accept(client, f"/agency/invitation/{first.uid}/{first.token}/")
    assert not User.objects.get(username="bo").has_usable_password()


def test_link_that_two_browsers_opened_works_once(client, agency):
    sent = agency_accounts.invite(agency=agency, username="ola", by="kari", now=timezone.now())
    link = f"/agency/invitation/{sent.uid}/{sent.token}/"
    late = Client()
    there = late.get(link, follow=True).redirect_chain[-1][0]
    accept(client, link)
    answer = late.post(there, {"new_password1": f"{WORDS} 2", "new_password2": f"{WORDS} 2"})
    assert "does not work any more" in text_of(answer)
    assert User.objects.get().check_password(WORDS)


def test_lost_second_factor_needs_a_recovery_code_or_another_invitation(client, agency):
    it = account(agency, "ola")
    it.user.set_password(WORDS)
    it.user.save()
    second_factor.given_to(it.user)
    give_password(client)
    # The page does not show the secret again, nor lets another app be set up.
    assert "secret" not in (client.get("/agency/second-factor/").context.keys() or {})
    sent = agency_accounts.invite_again(account=it, by="kari", now=timezone.now(), reason="lost")
    assert client.get("/agency/second-factor/")["Location"].startswith("/agency/sign-in/")
    accept(client, f"/agency/invitation/{sent.uid}/{sent.token}/")
    assert give_password(client, follow=True).context["secret"]


def test_codes_are_guessed_as_seldom_as_passwords(client, agency):
    user = account(agency, "ola").user
    second_factor.given_to(user)
    client.force_login(user)
    answers = []
    for _ in range(12):
        answers.append(client.post("/agency/second-factor/", {"code": "000000"}))
        # The pause after a wrong code is over.
        user.totpdevice_set.update(throttling_failure_timestamp=timezone.now() - timedelta(days=1))
    assert answers[-1].status_code == 429
    assert "Not now" in text_of(answers[-1])


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.csv", "../../etc/passwd", "ola@example.org.csv"])
def test_name_of_a_file_is_neither_shown_nor_stored(analyst, name):
    content = rows(("NO", 5))
    checked = analyst.post(SEND, {"file": SimpleUploadedFile(name, content)})
    stamp = {"stamp": checked.context["stamp"]}
    stored = analyst.post(SEND, {"file": SimpleUploadedFile(name, content), **stamp}, follow=True)
    refused = analyst.post(SEND, {"file": SimpleUploadedFile(name, b"nothing")})
    for answer in (checked, stored, refused):
        page = answer.content.decode()
        assert "alert(1)" not in page
        assert "passwd" not in page
        assert "ola@" not in page
    assert "ola@" not in str(Submission.objects.values())


def changed(book, member, old, new):
    """A workbook with another text in one of its members."""
    content = BytesIO()
    with ZipFile(book) as given, ZipFile(content, "w") as written:
        for name in given.namelist():
            text = given.read(name).decode()
            assert old in text or not name.endswith(member)
            written.writestr(name, text.replace(old, new, 1) if name.endswith(member) else text)
    return content.getvalue()


def odd_workbook(*, value="17", country="NO", sheet="Reports", formula=False):
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        written = book.add_worksheet(sheet)
        written.write_row(0, 0, COLUMNS.split(","))
        written.write_row(1, 0, ["DOWNLOADS", "H", "2026-06-01 09:00", country, "BITTORRENT"])
        if formula:
            written.write_formula(1, 5, value, value=17)
        else:
            written.write_string(1, 5, value)
    return content


def test_formula_counts_as_what_it_was_and_is_never_computed(analyst):
    """Also one that asks another workbook or another site."""
    for formula in ("=16+1", "='[other.xlsx]Sheet'!A1", '=WEBSERVICE("http://example.org")'):
        # As a program saves it that has computed its formulas.
        content = changed(odd_workbook(value=formula, formula=True), "workbook.xml", ' fullCalcOnLoad="1"', "")
        checked = drop(analyst, content)
        assert [row[0].total for row in checked.context["previewed"]] == [17]


def test_macros_and_links_of_a_workbook_are_not_read(analyst):
    content = odd_workbook()
    with ZipFile(content, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
        archive.writestr("xl/externalLinks/externalLink1.xml", '<externalLink xmlns="x"/>')
        archive.writestr("../../outside.xml", "<a/>")
    assert drop(analyst, content.getvalue()).context["stamp"]


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "=1+1", '"><img src=x>', "{{ 1 }}"])
def test_what_a_cell_or_a_sheet_says_is_no_page_and_no_formula(analyst, value):
    content = odd_workbook(value=value, sheet="<b>x" if "script" in value else "Reports").getvalue()
    answer = drop(analyst, content)
    page = answer.content.decode().partition("<main")[2]
    assert (answer.status_code, "<script" in page, "<b>x" in page, "<img src=x" in page) == (422, False, False, False)
    coloured = drop(analyst, content, coloured="1")
    with ZipFile(BytesIO(coloured.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert not re.search("<f>|<hyperlink", sheet)


def test_entities_of_xml_are_not_resolved(analyst):
    entity = '?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    answer = drop(analyst, changed(odd_workbook(), "sheet1.xml", "?>", entity))
    assert (answer.status_code, answer.context["refused"][:22]) == (415, "This is not a workbook")


@pytest.mark.parametrize(("seconds", "status"), [(20, 302), (60, 200)])
def test_stamp_of_a_clock_that_was_ahead_confirms_nothing(analyst, monkeypatch, seconds, status):
    subject = send._signer.unsign(drop(analyst, rows(("NO", 5))).context["stamp"])
    later = time.time() + seconds
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        stamp = send._signer.sign(subject)
    assert drop(analyst, rows(("NO", 5)), stamp=stamp).status_code == status
    assert Submission.objects.exists() == (status == 302)


def test_no_more_than_two_files_of_an_agency_are_read_at_once(client, analyst, agency):
    other = factories.AgencyFactory.create(code="SE-NOA", name="NOA")
    colleague = second_factor.signed_in(type(client)(), account(other, "cleo").user)
    with costs.read_file(agency.pk), costs.read_file(agency.pk):
        refused = drop(analyst, rows(("NO", 5)))
        assert drop(colleague, rows(("NO", 5))).context["stamp"]
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert "Nothing was stored. Try again in a minute." in text_of(refused)
    # A place is given back, also after a refusal.
    assert [drop(analyst, b"a,b").status_code for _ in range(3)] == [422, 422, 422]
    assert drop(analyst, rows(("NO", 5))).context["stamp"]

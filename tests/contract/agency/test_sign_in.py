"""Somebody of an agency is invited at the desk, signs in with two factors, and loses the access."""

import re
from datetime import timedelta
from time import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from countries.accounts import agency_accounts
from countries.accounts import second_factor as accounts_factor
from countries.models import AgencyAccount
from federation.models.audit import AuditEvent
from tests import second_factor
from tests.contract.agency.conftest import account, text_of
from tests.factories import AgencyFactory, IndicatorFactory
from tests.integration import locks
from tests.integration.federation import deskside

WORDS = "three words that nobody guesses"
ADD = "/admin/countries/agencyaccount/add/"


@pytest.fixture
def coordinator(db):
    user = deskside.account("kari", "coordinator")
    user.set_password(WORDS)
    user.save()
    return second_factor.signed_in(Client(), user)


def link_of(answer):
    [link] = re.findall(r"http://testserver(/agency/invitation/[^<]+)", answer.content.decode())
    return link


def accept(client, link):
    form = client.get(link, follow=True)
    return give(client, form.redirect_chain[-1][0], WORDS)


def give(client, page, password):
    return client.post(page, {"new_password1": password, "new_password2": password}, follow=True)


def invite_again(account):
    return agency_accounts.invite_again(account=account, by="kari", now=timezone.now(), reason="lost")


def give_password(client, name="ola", password=WORDS, page="/agency/sign-in/", **more):
    return client.post(page, {"username": name, "password": password}, **more)


@pytest.mark.django_db
def test_invited_person_comes_to_the_board_by_two_factors(client, coordinator, agency):
    invited = coordinator.post(ADD, {"agency": agency.pk, "username": "ola", "password": WORDS, "reason": "analyst"})
    link = link_of(invited)
    assert "no-store" in invited["Cache-Control"]
    assert link not in str(list(AuditEvent.objects.values()))
    assert "Sign in with it" in text_of(accept(client, link))
    assert "does not work any more" in text_of(Client().get(link, follow=True))

    asked = give_password(client, page="/agency/sign-in/?next=/nb/agency/", follow=True)
    with_password = client.session.session_key
    secret = second_factor.read(asked.context["secret"])
    assert client.get("/agency/").status_code == 302
    codes = client.post(asked.request["PATH_INFO"] + "?next=/nb/agency/", {"code": second_factor.code(secret)})
    assert len(codes.context["codes"]) == 10
    assert codes.context["next_page"] == "/nb/agency/"
    assert client.session.session_key != with_password
    assert "Kripos (NO-KRIPOS)" in text_of(client.get("/agency/"))
    assert client.get("/admin/").status_code == 302
    assert [event.action for event in AuditEvent.objects.filter(subject="user ola")] == [
        "user.added",
        *["user.changed"] * 2,
    ]


def test_short_password_is_refused_at_the_first_field_and_a_mistyped_one_at_the_second(client, agency):
    invited = agency_accounts.invite(agency=agency, username="ola", by="kari", now=timezone.now())
    page = client.get(f"/agency/invitation/{invited.uid}/{invited.token}/", follow=True).redirect_chain[-1][0]
    assert list(give(client, page, "short").context["form"].errors) == ["new_password1"]
    mistyped = client.post(page, {"new_password1": WORDS, "new_password2": f"{WORDS}!"})
    assert list(mistyped.context["form"].errors) == ["new_password2"]


@pytest.mark.parametrize("role", ["coordinator", "observer"])
@pytest.mark.django_db
def test_members_of_the_desk_do_not_come_in(client, role, agency):
    deskside.account("kari", role)
    User.objects.get().set_password(WORDS)
    assert "Please enter a correct" in text_of(give_password(client, "kari"))
    second_factor.signed_in(client, User.objects.get())
    assert client.get("/agency/")["Location"].startswith("/agency/sign-in/?next=")


@pytest.mark.django_db
def test_link_ends_after_three_days_with_the_account_and_with_the_next_link(client, agency, monkeypatch):
    first = agency_accounts.invite(agency=agency, username="ola", by="kari", now=timezone.now())
    again = invite_again(first.account)

    def works(invitation):
        return (
            Client().get(f"/agency/invitation/{invitation.uid}/{invitation.token}/", follow=True).context["validlink"]
        )

    assert (works(first), works(again)) == (False, True)
    late = agency_accounts.default_token_generator._now() + timedelta(days=3, seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(agency_accounts.default_token_generator, "_now", lambda: late)
        assert not works(again)
    agency_accounts.end(account=first.account, by="kari", now=timezone.now(), reason="left")
    assert not works(again)


@pytest.mark.parametrize("meanwhile", ["accepted by another", "invited again"])
@pytest.mark.django_db(transaction=True)
def test_link_that_ends_in_the_same_instant_sets_no_password(meanwhile):
    IndicatorFactory.create()
    invited = agency_accounts.invite(agency=AgencyFactory.create(), username="ola", by="kari", now=timezone.now())
    first, second = Client(), Client()
    link = f"/agency/invitation/{invited.uid}/{invited.token}/"
    pages = [browser.get(link, follow=True).redirect_chain[-1][0] for browser in (first, second)]
    late = "four other words here"
    _, answer = locks.one_before_the_other(
        lambda: give(first, pages[0], WORDS) if meanwhile == "accepted by another" else invite_again(invited.account),
        lambda: give(second, pages[1], late),
    )
    assert "does not work any more" in text_of(answer)
    assert not User.objects.get(username="ola").check_password(late)


ENDS = {
    "ended": lambda it: agency_accounts.end(account=it, by="kari", now=timezone.now(), reason="left"),
    "invited again": invite_again,
    "expired": lambda _: AgencyAccount.objects.update(expires=timezone.now()),
    "user inactive": lambda _: User.objects.update(is_active=False),
    "agency inactive": lambda it: type(it.agency).objects.update(active=False),
    "signed out": None,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_access_that_ends_in_a_session_ends_at_the_next_request(client, agency, end):
    it = account(agency, "ola")
    second_factor.signed_in(client, it.user)
    assert client.get("/agency/").status_code == 200
    end(it) if end else client.post("/agency/sign-out/")
    assert client.get("/agency/")["Location"] == "/agency/sign-in/?next=%2Fagency%2F"


def test_guesses_lock_the_name_at_both_doors(client, agency):
    account(agency, "ola")
    for _ in range(5):
        answer = give_password(client, password="wrong")
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 900
    assert client.post("/admin/login/", {"username": "ola", "password": "wrong"}).status_code == 429


def test_wrong_code_is_told_and_the_next_one_must_wait(client, agency):
    user = account(agency, "ola").user
    second_factor.given_to(user)
    client.force_login(user)
    assert "wrong or was used before" in text_of(client.post("/agency/second-factor/", {"code": "000000"}))
    assert client.post("/agency/second-factor/", {"code": second_factor.code()}).status_code == 429
    assert client.get("/agency/")["Location"].startswith("/agency/second-factor/")


def test_steps_of_the_second_factor_explain_the_code_and_let_people_sign_out(client, agency):
    user = account(agency, "ola").user
    client.force_login(user)
    setting_up = client.get("/agency/second-factor/")
    second_factor.given_to(user)
    asked = client.get("/agency/second-factor/")
    for page in (setting_up, asked):
        assert "The code of the app has six digits. It changes every half a minute." in text_of(page)
        assert 'aria-describedby="id_code_helptext"' in page.content.decode()
        assert 'action="/agency/sign-out/"' in page.content.decode()
    # Recovery codes, which have letters, are accepted only in the second step.
    assert ['inputmode="numeric"' in page.content.decode() for page in (setting_up, asked)] == [True, False]
    client.post("/agency/sign-out/")
    page = client.get("/agency/second-factor/", follow=True)
    assert "/agency/sign-out/" not in page.content.decode()
    assert page.redirect_chain[-1][0] == "/agency/sign-in/"


AGAIN = "/agency/second-factor/again/"


def with_codes(name, agency):
    """Somebody of an agency with a second factor, and their recovery codes."""
    user = account(agency, name).user
    secret = random_hex(20)
    _, codes = accounts_factor.set_up(user=user, secret=secret, code=second_factor.code(secret), by=name)
    return user, codes


@pytest.mark.parametrize("given", ["a code of the app", "a recovery code"])
def test_person_with_a_new_telephone_sets_up_the_second_factor_again(client, agency, given):
    user, codes = with_codes("ola", agency)
    user.set_password(WORDS)
    user.save()
    second_factor.signed_in(client, user)
    elsewhere = second_factor.signed_in(Client(), user)
    assert f'href="{AGAIN}"' in client.get("/agency/set-up/").content.decode()
    # The code of now was used to set the app up.
    following = second_factor.code(TOTPDevice.objects.get().key, at=time() + second_factor.STEP)
    answer = client.post(AGAIN, {"code": codes[0] if given == "a recovery code" else following}, follow=True)
    assert answer.redirect_chain[-1][0] == "/agency/sign-in/"
    assert "Sign in again, and set up your new second factor." in text_of(answer)
    assert elsewhere.get("/agency/")["Location"].startswith("/agency/sign-in/")
    assert not accounts_factor.is_set_up(user)
    assert AuditEvent.objects.filter(subject="user ola").latest("id").reason == "The user sets it up again."

    asked = give_password(client, follow=True)
    secret = second_factor.read(asked.context["secret"])
    new = client.post("/agency/second-factor/", {"code": second_factor.code(secret)}).context["codes"]
    assert client.get("/agency/").status_code == 200
    assert not set(codes).intersection(new)
    assert accounts_factor.verify(user=user, code=codes[1], by="ola") is None


def test_stolen_session_does_not_renew_the_second_factor_without_a_code(client, agency):
    user, codes = with_codes("ola", agency)
    _, others = with_codes("bo", agency)
    before = TOTPDevice.objects.get(user=user).key
    # Written down before the sign-in, so that it is used or too old, also if half a minute begins in between.
    used = second_factor.code(before)
    second_factor.signed_in(client, user)
    wrong = ["", "000000", used, others[0], codes[0][:-1]]
    for code in wrong:
        # Without this, each code would be refused because it comes too soon.
        for kind in (TOTPDevice, StaticDevice):
            kind.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
        answer = client.post(AGAIN, {"code": code})
        assert answer.status_code in (200, 429)
    assert TOTPDevice.objects.get(user=user).key == before
    assert accounts_factor.recovery_codes_left(user) == 10


def test_guesses_at_the_code_that_renews_lock_the_name(client, agency):
    user, codes = with_codes("ola", agency)
    second_factor.signed_in(client, user)
    assert "wrong or was used before" in text_of(client.post(AGAIN, {"code": "aaaaa-bbbbb"}))
    soon = client.post(AGAIN, {"code": codes[0]})
    says = "Wait some seconds, then enter the code again. A recovery code was not used up."
    assert (soon.status_code, says in text_of(soon)) == (429, True)
    assert accounts_factor.recovery_codes_left(user) == 10
    for _ in range(4):
        StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
        locked = client.post(AGAIN, {"code": "aaaaa-bbbbb"})
    assert (locked.status_code, "Retry-After" in locked) == (429, True)
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert client.post(AGAIN, {"code": codes[0]}).status_code == 429
    assert accounts_factor.is_set_up(user)


def test_recovery_code_lets_in_once_and_advises_to_set_up_again(client, agency):
    user, codes = with_codes("ola", agency)
    client.force_login(user)
    page = client.post("/agency/second-factor/", {"code": codes[0]}, follow=True)
    assert "Recovery codes left: 9. Is the app lost? Set up your second factor again" in text_of(page)
    assert f'<a href="{AGAIN}">' in page.content.decode()
    new = Client()
    new.force_login(user)
    assert "wrong or was used before" in text_of(new.post("/agency/second-factor/", {"code": codes[0]}))


def test_next_page_is_one_of_ours(client, agency):
    it = account(agency, "ola")
    it.user.set_password(WORDS)
    it.user.save()
    assert give_password(client, page="/agency/sign-in/?next=//example.org/")["Location"] == "/agency/"

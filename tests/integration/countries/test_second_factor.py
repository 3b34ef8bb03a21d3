"""Signing in to the admin over HTTP: a second factor is set up, required, lost and reset, and cannot be bypassed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries.accounts import second_factor
from countries.models import SignIn
from federation.models.audit import AuditEvent
from tests.integration.countries import addresses
from tests.integration.locks import is_somebody_waiting
from tests.second_factor import SECRET, STEP, code, given_to, read, signed_in

DOOR = "/admin/second-factor/"
HOME = "/admin/"
PASSWORD = "a password for a test"


@pytest.fixture
def kari(db):
    user = User.objects.create_user("kari", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="coordinator"))
    return user


@pytest.fixture
def secured(kari):
    """Somebody with an app and recovery codes."""
    kari.codes = set_up(kari)
    return kari


def set_up(user):
    """Set up a second factor a while ago; return the recovery codes."""
    _, codes = second_factor.set_up(user=user, secret=SECRET, code=code(), by="kari")
    TOTPDevice.objects.update(last_t=-1)
    return codes


def give_password(client, name="kari", password=PASSWORD, to=HOME):
    return client.post("/admin/login/", {"username": name, "password": password, "next": to}, follow=True)


def give_code(client, given, **more):
    # What must be waited for after a wrong code, has been.
    past = timezone.now() - timedelta(hours=9)
    TOTPDevice.objects.filter(throttling_failure_count__gt=0).update(throttling_failure_timestamp=past)
    return client.post(DOOR, {"code": given}, **more)


def is_in(client):
    return client.get(HOME).status_code == 200


def page(answer):
    return answer.content.decode()


def test_first_sign_in_sets_up_an_app_and_shows_recovery_codes_once(client, kari):
    answer = give_password(client)
    assert answer.redirect_chain[-1][0] == f"{DOOR}?next=%2Fadmin%2F"
    assert "data:image/svg+xml" in page(answer)
    assert "no-store" in answer["Cache-Control"]
    secret = read(page(answer).split('<code class="secret">')[1].split("<")[0])
    assert "not the code that the app shows" in page(client.post(DOOR, {"code": "000000"}))
    assert not TOTPDevice.objects.exists()
    answer = client.post(f"{DOOR}?next=/admin/countries/agency/", {"code": code(secret)})
    assert len(set(answer.context["codes"])) == 10
    assert answer.context["next_page"] == "/admin/countries/agency/"
    assert "no-store" in answer["Cache-Control"]
    assert is_in(client)
    for one in answer.context["codes"]:
        assert one not in page(client.get(DOOR))
        assert not StaticToken.objects.filter(token__in=(one, one.replace("-", ""))).exists()
    assert TOTPDevice.objects.get().key == secret
    assert secret not in page(client.get(DOOR)) + str(client.session.items())


def test_each_session_is_shown_a_secret_of_its_own(kari):
    shown = {page(give_password(Client())).split('<code class="secret">')[1].split("<")[0] for _ in range(2)}
    assert len(shown) == 2


def test_app_is_not_set_up_a_second_time_beside_the_first(client, secured):
    other = Client()
    give_password(other)
    session = other.session
    session["second_factor_secret"] = secret = "00" * 20
    session.save()
    assert "This code is wrong" in page(other.post(DOOR, {"code": code(secret)}))
    with pytest.raises(second_factor.Refused, match="already"):
        second_factor.set_up(user=secured, secret=secret, code=code(secret), by="kari")
    assert TOTPDevice.objects.get().key == SECRET


def test_code_lets_in_to_where_somebody_was_going_in_a_new_session(client, secured):
    answer = give_password(client, to="/admin/countries/agency/")
    assert not is_in(client)
    before = client.session.session_key
    answer = give_code(client, code(), follow=False)
    assert answer["Location"] == HOME
    assert client.session.session_key != before
    assert is_in(client)
    assert client.get(answer["Location"]).context["main_screens"]


def test_door_leads_nowhere_else(client, secured):
    for elsewhere in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        TOTPDevice.objects.update(last_t=-1)
        give_password(client)
        assert client.post(f"{DOOR}?next={elsewhere}", {"code": code()})["Location"] == HOME, elsewhere


def test_password_leads_to_the_start_page_rather_than_elsewhere(secured):
    for elsewhere in ("https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", ""):
        answer = give_password(Client(), to=elsewhere)
        assert answer.redirect_chain == [(HOME, 302), (f"{DOOR}?next=%2Fadmin%2F", 302)], elsewhere
        assert answer.status_code == 200


def test_code_works_once(secured):
    now = code()
    for served in (True, False):
        client = Client()
        give_password(client)
        give_code(client, now)
        assert is_in(client) is served
    assert "This code is wrong" in page(give_code(client, now))


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clock_may_be_half_a_minute_wrong(kari, monkeypatch, steps, good):
    given_to(kari)
    now = 1_800_000_015
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time", SimpleNamespace(time=lambda: now))
    assert bool(second_factor.verify(user=kari, code=code(at=now + steps * STEP), by="kari")) is good


def test_clock_that_was_wrong_is_not_learnt(kari, monkeypatch):
    given_to(kari)
    now = 1_800_000_015
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time", SimpleNamespace(time=lambda: now))
    assert second_factor.verify(user=kari, code=code(at=now + STEP), by="kari")
    now += STEP
    assert second_factor.verify(user=kari, code=code(at=now + 2 * STEP), by="kari") is None


def test_wrong_code_lets_nobody_in(client, secured):
    for given in ("000000", "12345", "1234567", "", " ", "abcde-fghjk", "١٢٣٤٥٦", "-1", "\0", "9" * 400):
        SignIn.objects.all().delete()
        for kind in (TOTPDevice, StaticDevice):
            kind.objects.update(throttling_failure_count=0)
        give_password(client)
        assert client.post(DOOR, {"code": given}).status_code == 200, given
        assert not is_in(client), given


def test_code_may_be_typed_with_spaces(client, secured):
    give_password(client)
    now = code()
    give_code(client, f" {now[:3]} {now[3:]} ")
    assert is_in(client)


def test_next_code_after_a_wrong_one_has_to_wait_and_the_page_says_so(client, secured):
    give_password(client)
    client.post(DOOR, {"code": "000000"})
    client.post(DOOR, {"code": "000000"})
    TOTPDevice.objects.update(throttling_failure_count=5, throttling_failure_timestamp=timezone.now())
    answer = client.post(DOOR, {"code": code()})
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 16
    assert "The last code was wrong, so this one was not checked." in page(answer)
    assert "then enter the code again. A recovery code was not used up." in page(answer)
    assert not is_in(client)


def test_recovery_code_works_once_and_is_shown_and_recorded(client, secured):
    first = secured.codes[0]
    give_password(client)
    answer = client.post(DOOR, {"code": first.upper()}, follow=True)
    assert "You have used a recovery code; 9 are left." in page(answer)
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.subject, event.reason) == ("user.changed", "user kari", "A recovery code was used.")
    assert (event.details["before"]["recovery_codes"], event.details["after"]["recovery_codes"]) == (10, 9)
    other = Client()
    give_password(other)
    other.post(DOOR, {"code": first})
    assert not is_in(other)


def test_code_of_somebody_else_is_none(client, secured):
    other = User.objects.create_user("per", password=PASSWORD, is_staff=True)
    _, codes = second_factor.set_up(user=other, secret="00" * 20, code=code("00" * 20), by="per")
    TOTPDevice.objects.update(last_t=-1)
    assert second_factor.verify(user=secured, code=code("00" * 20), by="kari") is None
    assert second_factor.verify(user=secured, code=codes[0], by="kari") is None
    give_password(client)
    give_code(client, code("00" * 20))
    assert not is_in(client)


def test_recovery_code_is_kept_under_the_key_of_the_server(secured, settings):
    settings.SECRET_KEY = "another"
    assert second_factor.verify(user=secured, code=secured.codes[0], by="kari") is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [TOTPDevice, StaticDevice])
def test_two_who_give_one_code_at_once_are_not_both_let_in(kind, monkeypatch):
    user = User.objects.create_user("kari", is_staff=True)
    recovery, *_ = set_up(user)
    given = code() if kind is TOTPDevice else recovery
    looked, may_go_on, look = Event(), Event(), kind.verify_token

    def look_slowly(device, token):
        if not looked.is_set():
            looked.set()
            assert may_go_on.wait(60)
        return look(device, token)

    def give():
        try:
            return bool(second_factor.verify(user=user, code=given, by="kari"))
        except second_factor.TooSoon:
            return False
        finally:
            connection.close()

    monkeypatch.setattr(kind, "verify_token", look_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(give)
        assert looked.wait(60)
        second = pool.submit(give)
        while not (is_somebody_waiting() or second.done()):
            pass
        may_go_on.set()
        assert [first.result(), second.result()] == [True, False]


# --- nothing goes past it ---


@pytest.mark.verify
def test_before_the_second_factor_only_its_page_and_signing_out_can_be_reached(client, kari):
    given_to(kari)
    give_password(client)
    rows = {route.model: [kari] for route in addresses.routes() if route.model}
    seen = 0
    for route in addresses.routes():
        if route.name in ("second_factor", "logout", "login") or "content_type_id" in route.parameters:
            continue
        for address in route.addresses(rows):
            for ask in (client.get, client.post):
                answer = ask(address)
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, DOOR), address
                seen += 1
    assert seen > 150
    assert client.get(DOOR).status_code == 200
    assert not client.get(DOOR).context["main_screens"]
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session


def test_signing_in_once_more_asks_for_a_code_once_more(client, secured):
    signed_in(client, secured)
    assert is_in(client)
    give_password(client)
    assert not is_in(client)


def test_who_is_no_staff_comes_not_even_to_the_door(client, db):
    User.objects.create_user("eve", password=PASSWORD)
    give_password(client, "eve")
    client.force_login(User.objects.get())
    assert client.get(DOOR)["Location"].startswith("/admin/login/")
    assert client.get(HOME)["Location"].startswith("/admin/login/")


def test_session_reads_exact_figures_with_the_second_factor_and_of_staff_only(client, kari):
    figures = "/api/v1/figures/?indicator=X&frequency=H&start=2026-11-24T10:00&end=2026-11-24T10:00&agency=_T"
    client.force_login(kari)
    assert client.get(figures).json()["code"] == "not_authenticated"
    signed_in(client, kari)
    assert client.get(figures).json()["code"] == "unknown_indicator"
    User.objects.update(is_staff=False)
    assert client.get(figures).json()["code"] == "not_authenticated"


def test_without_the_setting_the_password_is_enough(client, kari, settings):
    settings.SECOND_FACTOR = False
    give_password(client)
    assert is_in(client)
    assert "second-factor" not in page(client.get(HOME))


# --- lost and reset ---


def test_own_second_factor_is_set_up_again_only_with_the_password(client, secured):
    signed_in(client, secured)
    assert "This is not your password. Type it again." in page(client.post(DOOR, {"password": "wrong"}))
    assert TOTPDevice.objects.exists()
    answer = client.post(DOOR, {"password": PASSWORD}, follow=True)
    assert "set your second factor up again" in page(answer)
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert "Set up your second factor" in page(give_password(client))


def test_password_alone_sets_nothing_up_again(client, secured):
    give_password(client)
    assert "one-time-code" in page(client.post(DOOR, {"password": PASSWORD}))
    assert TOTPDevice.objects.get().key == SECRET
    assert second_factor.recovery_codes_left(secured) == 10


def test_superuser_resets_anothers_with_a_reason_and_their_sessions_end(client, secured):
    theirs = signed_in(Client(), secured)
    assert is_in(theirs)
    signed_in(client, User.objects.create_superuser("ada"))
    reset = f"/admin/auth/user/{secured.pk}/second-factor/"
    assert "../second-factor/" in page(client.get(f"/admin/auth/user/{secured.pk}/change/"))
    assert "required" in page(client.post(reset, {"reason": " "}))
    assert TOTPDevice.objects.filter(user=secured).exists()
    client.post(reset, {"reason": "Lost her telephone; I called her."})
    assert not TOTPDevice.objects.filter(user=secured).exists()
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.actor, event.subject) == ("user.changed", "ada", "user kari")
    assert event.reason == "Lost her telephone; I called her."
    assert event.details["before"]["second_factor"].startswith("since ")
    assert event.details["after"]["second_factor"] == "none"
    assert theirs.get(HOME)["Location"].startswith("/admin/login/")
    assert is_in(client)


def test_only_a_superuser_resets(client, secured):
    other = User.objects.create_user("per", is_staff=True)
    other.groups.add(Group.objects.get(name="coordinator"))
    signed_in(client, other)
    assert client.post(f"/admin/auth/user/{secured.pk}/second-factor/", {"reason": "x"}).status_code == 403
    assert TOTPDevice.objects.filter(user=secured).exists()


def test_setting_up_leaves_an_event_without_any_secret(secured):
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.reason) == ("user.changed", "A second factor was set up.")
    told = str(event.details)
    assert SECRET not in told
    assert not any(one.replace("-", "") in told or one in told for one in secured.codes)

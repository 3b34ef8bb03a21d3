"""Users who guess passwords or codes are soon locked out, the owner of the name is not, and no address is stored."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Event

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries.accounts import guessing, second_factor
from countries.accounts.guessing import LIMIT
from countries.models import Credential, SignIn
from federation.runs import schedules
from tests import factories
from tests.integration.locks import is_somebody_waiting
from tests.second_factor import code, given_to, signed_in

pytestmark = pytest.mark.django_db
PASSWORD = "a password for a test"
HOME, ELSEWHERE = "192.0.2.10", "198.51.100.{}"


@pytest.fixture
def fewer_guesses(monkeypatch):
    """Lets what takes ten times as many guesses take twice as many."""
    monkeypatch.setattr(guessing, "WIDER", 2)


@pytest.fixture
def kari(db):
    user = User.objects.create_user("kari", password=PASSWORD, is_staff=True)
    given_to(user)
    return user


def guess(address=HOME, name="kari", password="wrong"):
    return Client(REMOTE_ADDR=address).post("/admin/login/", {"username": name, "password": password})


def comes_in(address=HOME, name="kari"):
    return guess(address, name, PASSWORD).status_code == 302


def let_time_pass(**how):
    SignIn.objects.update(guessed=timezone.now() - timedelta(**how))


def test_fifth_guess_locks_out_and_the_answer_says_for_how_long(kari):
    for _ in range(LIMIT - 1):
        assert guess().status_code == 200
    answer = guess()
    assert answer.status_code == 429
    assert 14 * 60 < int(answer["Retry-After"]) <= 15 * 60
    assert "You can try again in 15 minutes" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert guess(password=PASSWORD).status_code == 429


def test_lock_ends_by_itself_and_is_not_made_longer(kari):
    for _ in range(LIMIT):
        guess()
    let_time_pass(minutes=14)
    answer = guess()
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) <= 60
    let_time_pass(minutes=15, seconds=1)
    assert guess().status_code == 200
    assert comes_in()


def test_others_are_not_locked_out_with_one(kari):
    User.objects.create_user("per", password=PASSWORD, is_staff=True)
    for _ in range(LIMIT):
        guess()
    assert comes_in(name="per")
    assert comes_in(ELSEWHERE.format(1))
    assert not comes_in()


def test_name_is_locked_ten_times_later_wherever_guesses_come_from(kari):
    for number in range(12):
        for _ in range(LIMIT - 1):
            guess(ELSEWHERE.format(number))
    assert comes_in()
    guess(ELSEWHERE.format(13))
    for number in range(14, 16):
        guess(ELSEWHERE.format(number))
    assert guess(ELSEWHERE.format(99)).status_code == 429
    assert not comes_in()


def test_who_signed_in_from_an_address_before_is_not_shut_out_there_by_others(kari, fewer_guesses):
    client = Client(REMOTE_ADDR=HOME)
    client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    client.post("/admin/second-factor/", {"code": code()})
    for number in range(LIMIT * guessing.WIDER):
        guess(ELSEWHERE.format(number))
    assert not comes_in("203.0.113.1")
    assert comes_in()
    # It is new to anybody else, so they are.
    for number in range(LIMIT * guessing.WIDER):
        guess(ELSEWHERE.format(number), "per")
    assert guess(name="per").status_code == 429
    SignIn.objects.update(signed_in=timezone.now() - timedelta(days=31))
    assert not comes_in()


def test_address_that_tries_many_names_is_locked_for_all_of_them(kari, fewer_guesses):
    for number in range(LIMIT * guessing.WIDER):
        guess(name=f"name{number}")
    assert not comes_in()
    assert comes_in(ELSEWHERE.format(1))


def test_wrong_codes_count_and_the_password_alone_excuses_none(kari):
    client = Client(REMOTE_ADDR=HOME)
    for number in range(LIMIT):
        TOTPDevice.objects.update(throttling_failure_timestamp=None)
        client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
        answer = client.post("/admin/second-factor/", {"code": "000000"})
        assert answer.status_code == (429 if number == LIMIT - 1 else 200)
    TOTPDevice.objects.update(throttling_failure_timestamp=None)
    assert client.post("/admin/second-factor/", {"code": code()}).status_code == 429
    assert client.get("/admin/").status_code == 302


def test_signing_in_with_both_factors_excuses_earlier_guesses(kari):
    for _ in range(LIMIT - 1):
        guess()
    client = Client(REMOTE_ADDR=HOME)
    client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    client.post("/admin/second-factor/", {"code": code()})
    for _ in range(LIMIT - 1):
        assert guess().status_code == 200


@pytest.mark.parametrize(("address", "name"), [(ELSEWHERE.format(1), "kari"), (HOME, "per")])
def test_signing_in_excuses_neither_what_others_guessed_elsewhere_nor_guesses_at_others(kari, address, name):
    for _ in range(LIMIT - 1):
        guess(address, name)
    client = Client(REMOTE_ADDR=HOME)
    client.post("/admin/login/", {"username": "kari", "password": PASSWORD})
    client.post("/admin/second-factor/", {"code": code()})
    assert client.get("/admin/").status_code == 200
    assert guess(address, name).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_guesses_made_at_once_all_count(kari, monkeypatch):
    guess()
    looked, may_go_on, save = Event(), Event(), SignIn.save

    def save_slowly(row, *given, **named):
        if not looked.is_set():
            looked.set()
            assert may_go_on.wait(60)
        save(row, *given, **named)

    def guess_once_more():
        try:
            guess()
        finally:
            connection.close()

    monkeypatch.setattr(SignIn, "save", save_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(guess_once_more)
        assert looked.wait(60)
        second = pool.submit(guess_once_more)
        while not (is_somebody_waiting() or second.done()):
            pass
        may_go_on.set()
        first.result()
        second.result()
    assert SignIn.objects.get().guesses == 3


AT_ONCE = 20


def attempts_at_once(monkeypatch, owner, name, attempt):
    """Make many attempts in the same instant. Return how many ``owner.name`` checked, and the answers."""
    everybody, checked = Barrier(AT_ONCE), []

    def check_slowly(*given, **named):
        checked.append(given)
        # Until all are being checked, or no other comes.
        with suppress(BrokenBarrierError):
            everybody.wait(2)

    def attempt_once(number):
        with closing(connection):
            return attempt(number)

    monkeypatch.setattr(owner, name, check_slowly)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(attempt_once, range(AT_ONCE)))
    return len(checked), answers


@pytest.mark.verify
@pytest.mark.parametrize("page", ["/admin/login/", "/agency/sign-in/"])
@pytest.mark.django_db(transaction=True)
def test_of_passwords_in_the_same_instant_no_more_are_checked_than_may_be_wrong(kari, monkeypatch, page):
    def attempt(number):
        form = {"username": "kari", "password": f"wrong {number}"}
        return Client(REMOTE_ADDR=HOME).post(page, form).status_code

    checked, answers = attempts_at_once(monkeypatch, ModelBackend, "authenticate", attempt)
    assert (checked, answers.count(429)) == (LIMIT, AT_ONCE)
    assert SignIn.objects.get().guesses == LIMIT


@pytest.mark.verify
@pytest.mark.parametrize(("address", "name"), [(ELSEWHERE, "kari"), (HOME, "name{}")])
@pytest.mark.django_db(transaction=True)
def test_limits_of_a_name_and_of_an_address_hold_in_the_same_instant(kari, fewer_guesses, monkeypatch, address, name):
    def attempt(number):
        return guess(address.format(number), name.format(number)).status_code

    checked, _ = attempts_at_once(monkeypatch, ModelBackend, "authenticate", attempt)
    assert checked == LIMIT * guessing.WIDER


@pytest.mark.verify
@pytest.mark.django_db(transaction=True)
def test_of_codes_in_the_same_instant_no_more_are_checked_than_may_be_wrong(kari, monkeypatch):
    clients = [Client(REMOTE_ADDR=HOME) for _ in range(AT_ONCE)]
    for client in clients:
        client.force_login(kari)

    def attempt(number):
        return clients[number].post("/admin/second-factor/", {"code": "000000"}).status_code

    checked, _ = attempts_at_once(monkeypatch, second_factor, "verify", attempt)
    assert checked == LIMIT


def test_right_passwords_and_codes_given_too_soon_do_not_count(kari):
    client = Client(REMOTE_ADDR=HOME)
    for _ in range(LIMIT * 2):
        assert client.post("/admin/login/", {"username": "kari", "password": PASSWORD}).status_code == 302
    assert client.post("/admin/second-factor/", {"code": "000000"}).status_code == 200
    guessed = SignIn.objects.get().guessed
    # The pause is longer than this test.
    TOTPDevice.objects.update(throttling_failure_count=9)
    for _ in range(LIMIT * 2):
        assert "Retry-After" in client.post("/admin/second-factor/", {"code": "111111"})
    row = SignIn.objects.get()
    assert (row.guesses, row.guessed) == (1, guessed)


@pytest.mark.parametrize("addresses", [("2001:db8::1", "2001:db8::ffff"), (HOME, f"::ffff:{HOME}")])
def test_addresses_of_one_subscriber_count_together(kari, addresses):
    first, second = addresses
    for _ in range(LIMIT):
        guess(first)
    assert not comes_in(second)
    assert comes_in("2001:db8:0:1::1")


def test_nothing_of_what_was_guessed_is_kept(kari):
    signed = Client(REMOTE_ADDR=HOME)
    signed.post("/admin/login/", {"username": "kari", "password": PASSWORD, "next": "/admin/"})
    signed.post("/admin/second-factor/", {"code": code()})
    guess(name="my secret password")
    guess()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM countries_signin t")
        [kept] = cursor.fetchone()
    assert not any(word in kept for word in (HOME, "kari", "secret", "wrong", "/admin/"))
    assert SignIn.objects.filter(guesses=1).count() == 2


def test_origin_is_a_keyed_hash(settings):
    def origin(address, **headers):
        return guessing._origin(RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))

    assert origin(HOME, **{"X-Forwarded-For": ELSEWHERE.format(1)}) == origin(HOME)
    assert origin(HOME) != origin("192.0.2.11")
    before = origin(HOME)
    settings.SECRET_KEY = "another"
    assert origin(HOME) != before
    assert origin("") != origin("nonsense")


@pytest.mark.parametrize("action", ["add", "rotate", "networks"])
def test_secret_or_restriction_takes_the_own_password_and_wrong_ones_count(kari, action):
    admin = User.objects.create_superuser("ada", password=PASSWORD)
    client = signed_in(Client(REMOTE_ADDR=HOME), admin)
    credential = factories.CredentialFactory.create(networks=["192.0.2.0/24"])
    path = f"/admin/countries/credential/{action if action == 'add' else f'{credential.pk}/{action}'}/"
    form = {"agency": credential.agency.pk, "scopes": credential.scopes, "networks": "198.51.100.0/24"}
    form |= {"keep_hours": 0, "reason": "because"}
    before = list(Credential.objects.values())
    for given in ({}, {"password": "wrong one"}):
        answer = client.post(path, form | given)
        assert answer.status_code == 200
        assert "wrong one" not in answer.content.decode()
    assert "This is not your password. Type it again." in answer.content.decode()
    for _ in range(LIMIT - 1):
        answer = client.post(path, form | {"password": "wrong one"})
    assert answer.status_code == 429
    assert client.post(path, form | {"password": PASSWORD}).status_code == 429
    assert list(Credential.objects.values()) == before
    let_time_pass(minutes=16)
    assert client.post(path, form | {"password": PASSWORD}).status_code in (200, 302)
    assert list(Credential.objects.values()) != before


@pytest.mark.parametrize(
    ("path", "form", "name"),
    [
        ("/admin/password_change/", {"new_password1": "y"}, "old_password"),
        ("/admin/second-factor/", {}, "password"),
    ],
)
def test_own_password_is_not_guessed_where_it_confirms_a_change(kari, path, form, name):
    client = signed_in(Client(REMOTE_ADDR=HOME), kari)
    for _ in range(LIMIT):
        answer = client.post(path, form | {name: "x"})
    assert answer.status_code == 429
    assert client.post(path, form | {name: PASSWORD}).status_code == 429
    assert TOTPDevice.objects.filter(user=kari).exists()


def test_resetting_a_second_factor_lets_its_owner_try_at_once(kari):
    for _ in range(LIMIT):
        guess()
        guess(name="per")
    client = signed_in(Client(), User.objects.create_superuser("ada"))
    client.post(f"/admin/auth/user/{kari.pk}/second-factor/", {"reason": "Locked out; I called her."})
    assert comes_in()
    assert guess(name="per").status_code == 429
    call_command("unlock", "per")
    assert guess(name="per").status_code == 200


def test_what_counts_no_more_is_deleted(kari):
    now = timezone.now()
    guess()
    SignIn.objects.create(name="x", origin="y", signed_in=now)
    schedules.prune(now=now)
    assert SignIn.objects.count() == 2
    schedules.prune(now=now + timedelta(minutes=16))
    assert SignIn.objects.get().name == "x"
    schedules.prune(now=now + timedelta(days=31))
    assert not SignIn.objects.exists()


def test_screens_of_the_libraries_are_not_there(db):
    client = signed_in(Client(), User.objects.create_superuser("ada"))
    for path in ("countries/signin", "otp_totp/totpdevice", "otp_static/staticdevice"):
        assert client.get(f"/admin/{path}/").status_code == 404

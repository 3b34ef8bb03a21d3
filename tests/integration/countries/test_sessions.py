"""How long a session lasts, and that only the admin extends it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.utils import timezone

from countries.accounts import sessions
from federation.runs import schedules
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
FIGURES = "/api/v1/figures/?indicator=X&frequency=H&start=2026-11-24T10:00&end=2026-11-24T10:00&agency=_T"
IDLE, LIFETIME = timedelta(minutes=30), timedelta(hours=12)


@pytest.fixture
def ada(client):
    user = User.objects.create_superuser("ada")
    signed_in(client, user)
    client.get("/admin/")
    return client


def ends_in(minutes):
    left = Session.objects.get().expire_date - timezone.now()
    return abs(left - timedelta(minutes=minutes)) < timedelta(minutes=1)


def is_in(client):
    return client.get("/admin/").status_code == 200


def test_session_ends_half_an_hour_after_the_last_request(ada):
    assert ends_in(30)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert ada.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert ada.get(FIGURES).json()["code"] == "not_authenticated"


def test_admin_renews_and_its_cookie_with_it(ada):
    session = ada.session
    session["used"] = session["used"] - 120
    session.set_expiry(60)
    session.save()
    answer = ada.get("/admin/")
    assert answer.cookies["sessionid"]["max-age"] == 1800
    assert ends_in(30)
    # Not with each request: that would be a write each time.
    assert "sessionid" not in ada.get("/admin/").cookies


@pytest.mark.parametrize("path", [FIGURES, "/", "/nb/coverage/", "/api/v1/countries/", "/healthz", "/api/docs/"])
def test_nothing_else_renews(ada, path):
    session = ada.session
    session["used"] = session["used"] - 600
    session.set_expiry(300)
    session.save()
    before = Session.objects.get().expire_date
    answer = ada.get(path)
    assert answer.cookies == {}
    assert Session.objects.get().expire_date == before
    if path != FIGURES:
        assert "Cookie" not in answer.get("Vary", "")


def test_session_in_use_ends_after_twelve_hours(ada):
    def began_ago(**how):
        session = ada.session
        session["began"] = int((timezone.now() - timedelta(**how)).timestamp())
        session["used"] = 0
        session.save()

    began_ago(hours=11, minutes=50)
    assert is_in(ada)
    assert ends_in(10)
    began_ago(hours=12)
    assert ada.get("/admin/")["Location"] == "/admin/login/?next=%2Fadmin%2F"
    assert not Session.objects.exists()


def test_signing_in_once_more_begins_another_twelve_hours(client):
    user = User.objects.create_superuser("ada", password="a password for a test")
    signed_in(client, user)
    session = client.session
    session["began"] = before = int((timezone.now() - timedelta(hours=11)).timestamp())
    session.save()
    client.post("/admin/login/", {"username": "ada", "password": "a password for a test", "next": "/admin/"})
    client.get("/admin/second-factor/")
    assert client.session["began"] > before + 3600


def test_session_reads_figures_for_as_long_as_its_user_may(client):
    user = User.objects.create_user("bo", is_staff=True)
    user.groups.add(Group.objects.get(name="observer"))
    signed_in(client, user)
    assert client.get(FIGURES).json()["code"] == "unknown_indicator"
    user.groups.clear()
    assert client.get(FIGURES).json()["code"] == "not_authenticated"


def test_door_is_no_longer_open_than_the_admin(client):
    client.force_login(User.objects.create_superuser("ada"))
    session = client.session
    session["began"] = int((timezone.now() - LIFETIME).timestamp())
    session.save()
    assert client.get("/admin/second-factor/")["Location"].startswith("/admin/login/")


def test_ended_sessions_are_deleted(ada):
    schedules.prune(now=timezone.now())
    assert Session.objects.exists()
    schedules.prune(now=timezone.now() + IDLE + timedelta(seconds=1))
    assert not Session.objects.exists()


def test_end_all_ends_theirs_and_no_other(ada, django_user_model):
    other = django_user_model.objects.create_user("bo", is_staff=True)
    sessions.end_all(other)
    assert is_in(ada)
    sessions.end_all(User.objects.get(username="ada"))
    assert not Session.objects.exists()

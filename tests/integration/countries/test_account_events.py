"""Accounts leave audit events, wherever they are changed."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from federation.models.audit import AuditEvent
from tests.second_factor import signed_in

PASSWORD = "a password for a test"


@pytest.fixture
def kari(db):
    user = User.objects.create_user("kari", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="coordinator"))
    return user


def last_event():
    event = AuditEvent.objects.latest("id")
    return event.action, event.actor, event.subject


def test_own_password_changed_leaves_an_event_and_ends_other_sessions(client, kari):
    other = signed_in(Client(), kari)
    signed_in(client, kari)
    new = "some words that nobody guesses"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    before = AuditEvent.objects.count()
    assert client.post("/admin/password_change/", form | {"old_password": "x"}).status_code == 200
    assert client.post("/admin/password_change/", form | {"new_password2": "x"}).status_code == 200
    assert AuditEvent.objects.count() == before
    assert client.post("/admin/password_change/", form).status_code == 302
    assert last_event() == ("user.changed", "kari", "user kari")
    assert AuditEvent.objects.latest("id").details["after"]["password"] == "changed"
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302


def test_group_made_changed_and_removed_leaves_events(client, db):
    signed_in(client, User.objects.create_superuser("ada"))
    client.post("/admin/auth/group/add/", {"name": "helpers"})
    assert last_event() == ("group.added", "ada", "group helpers")
    group = Group.objects.get(name="helpers")
    permission = Group.objects.get(name="observer").permissions.first()
    client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "helpers", "permissions": [permission.pk]})
    assert last_event() == ("group.changed", "ada", "group helpers")
    assert AuditEvent.objects.latest("id").details["after"]["permissions"] == [permission.codename]
    client.post("/admin/auth/group/", {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"})
    assert Group.objects.filter(pk=group.pk).exists()
    client.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    assert last_event() == ("group.removed", "ada", "group helpers")


def test_commands_for_accounts_leave_events(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--username", "root", "--email", "", verbosity=0)
    assert last_event() == ("user.added", "command createsuperuser", "user root")
    assert AuditEvent.objects.latest("id").details["after"]["is_superuser"] is True
    monkeypatch.setattr("getpass.getpass", lambda **_: "some words that nobody guesses")
    call_command("changepassword", "root")
    assert last_event() == ("user.changed", "command changepassword", "user root")
    assert User.objects.get(username="root").check_password("some words that nobody guesses")

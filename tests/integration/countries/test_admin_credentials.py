"""The screens of credentials, over HTTP, as a coordinator uses them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from countries.models import READ_WRITE, Credential
from tests import factories
from tests.integration.countries.conftest import PASSWORD, address, text

pytestmark = pytest.mark.django_db


def issue(desk: Client, **fields: Any) -> Any:
    return desk.post(address(Credential, "add"), {"scopes": READ_WRITE, "password": PASSWORD, **fields})


def test_credential_is_issued_and_its_secret_shown_once(desk):
    agency = factories.AgencyFactory.create()
    answer = issue(desk, agency=agency.pk, reason="joined")

    credential = Credential.objects.get()
    issued = answer.context["issued"]
    assert issued.client_secret in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert issued.client_secret not in str(desk.session.items()) + str(desk.cookies)
    assert issued.client_secret not in text(desk.get(address(Credential, "change", credential.pk)))


def test_credential_page_shows_neither_hash_nor_fields_to_edit(desk):
    credential = factories.CredentialFactory.create()
    page = text(desk.get(address(Credential, "change", credential.pk)))

    assert credential.client_secret not in page
    assert 'name="client_id"' not in page


@pytest.mark.parametrize("fields", [{}, {"coordinator": "ada"}], ids=["nobody", "two"])
def test_credential_for_nobody_or_two(desk, fields):
    agency = factories.AgencyFactory.create()
    answer = issue(desk, **fields and fields | {"agency": agency.pk})

    assert "Give either an agency or a coordinator." in text(answer)
    assert not Credential.objects.exists()


def test_third_credential_is_refused_on_the_screen(desk):
    agency = factories.AgencyFactory.create()
    issue(desk, agency=agency.pk)
    issue(desk, agency=agency.pk)

    assert "has two live credentials" in text(issue(desk, agency=agency.pk))
    assert Credential.objects.count() == 2


def test_credential_is_rotated(desk):
    issue(desk, agency=factories.AgencyFactory.create().pk)
    old = Credential.objects.get()
    answer = desk.post(address(Credential, "rotate", old.pk), {"keep_hours": 2, "password": PASSWORD})

    old.refresh_from_db()
    assert old.expires is not None
    assert answer.context["issued"].client_secret in text(answer)
    assert old.expires - timezone.now() == pytest.approx(timedelta(hours=2), abs=timedelta(minutes=1))


def test_credential_is_revoked_after_a_reason_and_a_click(desk, heard):
    credential = factories.CredentialFactory.create()
    page = address(Credential, "revoke", credential.pk)

    assert "cannot be undone" in text(desk.get(page))
    assert "required" in text(desk.post(page, {"reason": ""}))
    assert not Credential.objects.filter(revoked__isnull=False).exists()

    answer = desk.post(page, {"reason": "laptop stolen"}, follow=True)
    credential.refresh_from_db()
    assert credential.revoked is not None
    assert "is revoked" in text(answer)
    assert heard[0][3:] == ("ada", "laptop stolen")

    again = desk.post(page, {"reason": "stolen twice"}, follow=True)
    assert "was revoked before. Your reason was not recorded." in text(again)
    assert LogEntry.objects.filter(change_message="Revoked").count() == len(heard) == 1


@pytest.mark.parametrize("view", ["rotate", "revoke"])
def test_a_credential_that_is_not_there(desk, view):
    assert desk.get(address(Credential, view, 12345)).status_code == 404


PAST, AHEAD = datetime(2026, 11, 20, tzinfo=UTC), timezone.now() + timedelta(days=5)


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "usable; never used"),
        ({"used": PAST}, "usable"),
        ({"used": PAST, "expires": AHEAD}, f"ends soon, on {AHEAD:%Y-%m-%d}"),
        ({"revoked": PAST}, "revoked on 2026-11-20"),
        ({"expires": PAST}, "expired on 2026-11-20"),
        ({"agency__active": False}, "not usable: NO-KRIPOS is not active"),
    ],
)
def test_credential_list_says_the_state(desk, columns, state):
    factories.CredentialFactory.create(**columns)
    assert f">{state}<" in text(desk.get(address(Credential)))


def test_credentials_that_need_somebody_come_first(desk):
    agency = factories.AgencyFactory.create(code="NO-TELE")
    for name, columns in (
        ("revoked", {"revoked": PAST}), ("used", {"used": PAST}), ("unused", {}),
        ("ending", {"used": PAST, "expires": AHEAD}), ("expired", {"expires": PAST}),
    ):  # fmt: skip
        factories.CredentialFactory.create(agency=agency, client_id=name, **columns)
    shown = [row.client_id for row in desk.get(address(Credential)).context["cl"].result_list]
    assert shown[:3] == ["ending", "unused", "used"]
    assert set(shown[3:]) == {"revoked", "expired"}


def test_only_a_live_credential_offers_to_rotate_and_revoke(desk):
    live, dead = factories.CredentialFactory.create(), factories.CredentialFactory.create(revoked=timezone.now())

    assert "../revoke/" in text(desk.get(address(Credential, "change", live.pk)))
    assert "../revoke/" not in text(desk.get(address(Credential, "change", dead.pk)))

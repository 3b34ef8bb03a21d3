"""Issuing, rotating and revoking credentials, on the real tables of the toolkit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from countries import registry
from countries.accounts import credentials
from countries.accounts.credentials import Issued
from countries.models import FIGURES, READ_ONLY, READ_WRITE, Credential
from countries.registry import Refused
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AsToken = get_access_token_model()


def issue(**particulars: Any) -> Issued:
    return credentials.issue(by="ada", now=NOW, **particulars)


def refused(code: str, /, process=issue, **particulars) -> str:
    with pytest.raises(Refused) as error:
        process(**particulars)
    assert error.value.code == code
    return str(error.value)


def test_issue_to_an_agency():
    agency = factories.AgencyFactory.create()
    issued = issue(agency=agency)

    credential = Credential.objects.get(client_id=issued.client_id)
    assert credential.agency == agency
    assert credential.scopes == READ_WRITE
    assert credential.client_id.startswith("NO-KRIPOS.")
    assert credential.authorization_grant_type == Credential.GRANT_CLIENT_CREDENTIALS
    assert credential.client_type == Credential.CLIENT_CONFIDENTIAL
    assert credential.usable_at(NOW)


def test_issue_keeps_only_a_hash_of_the_secret():
    issued = issue(agency=factories.AgencyFactory.create())

    kept = Credential.objects.get().client_secret
    assert len(issued.client_secret) >= 43
    assert issued.client_secret not in kept
    assert check_password(issued.client_secret, kept)


def test_issue_for_reading_only():
    assert issue(agency=factories.AgencyFactory.create(), scopes=READ_ONLY).credential.scopes == READ_ONLY


def test_issue_to_a_coordinator():
    user = factories.observer("Åda Desk")
    issued = issue(coordinator="Åda Desk")

    credential = Credential.objects.get()
    assert (credential.scopes, credential.agency, credential.user) == (FIGURES, None, user)
    assert issued.client_id.isascii()
    assert credential.usable_at(NOW)


def test_issue_to_somebody_who_has_no_account():
    assert "There is no user ada" in refused("no_such_coordinator", coordinator="ada")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "columns", [{"is_staff": False}, {"is_active": False}, {}], ids=["no staff", "not active", "in no group"]
)
def test_issue_to_somebody_who_may_not_read_figures(columns):
    user = factories.observer("ada")
    User.objects.update(**columns)
    if not columns:
        user.groups.clear()
    assert "ada may not read" in refused("coordinator_not_allowed", coordinator="ada")


def test_issue_to_nobody_or_to_two():
    refused("one_holder")
    refused("one_holder", agency=factories.AgencyFactory.create(), coordinator="ada")


def test_issue_to_an_agency_that_is_not_active():
    refused("agency_not_active", agency=factories.AgencyFactory.create(active=False))


@pytest.mark.parametrize("expires", [NOW, NOW - timedelta(days=1)])
def test_issue_that_has_expired_already(expires):
    refused("bad_expiry", agency=factories.AgencyFactory.create(), expires=expires)


def test_third_live_credential_is_refused_and_names_the_two():
    agency = factories.AgencyFactory.create()
    first, second = issue(agency=agency), issue(agency=agency)

    message = refused("too_many_live", agency=agency)
    assert first.client_id in message
    assert second.client_id in message
    assert Credential.objects.count() == 2


def test_dead_credentials_and_those_of_others_do_not_count():
    agency = factories.AgencyFactory.create()
    factories.CredentialFactory.create(agency=agency, revoked=NOW)
    factories.CredentialFactory.create(agency=agency, expires=NOW)
    factories.CredentialFactory.create(agency=factories.AgencyFactory.create(code="SE-NOA"))
    issue(agency=agency)
    assert issue(agency=agency).credential.pk


@pytest.mark.django_db(transaction=True)
def test_third_of_three_at_once_is_refused():
    agency, at_once = factories.AgencyFactory.create(), Barrier(3)

    def attempt(_: int) -> bool:
        try:
            at_once.wait(60)
            issue(agency=agency)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(attempt, range(3))) == [False, True, True]
    assert Credential.objects.count() == 2


def test_rotate_leaves_the_old_one_for_a_day():
    old = issue(agency=factories.AgencyFactory.create(), scopes=READ_ONLY).credential
    new = credentials.rotate(credential=old, by="ada", now=NOW).credential

    old.refresh_from_db()
    assert (new.agency, new.scopes, new.expires) == (old.agency, READ_ONLY, None)
    assert old.usable_at(NOW + timedelta(hours=23))
    assert not old.usable_at(NOW + timedelta(hours=24))


def test_rotate_never_makes_the_old_one_live_longer():
    soon = NOW + timedelta(hours=1)
    old = issue(agency=factories.AgencyFactory.create(), expires=soon).credential
    credentials.rotate(credential=old, by="ada", now=NOW, expires=NOW + timedelta(days=365))

    old.refresh_from_db()
    assert old.expires == soon


def test_rotate_at_once_works_with_two_live_ones():
    agency = factories.AgencyFactory.create()
    old = issue(agency=agency).credential
    issue(agency=agency)

    refused("too_many_live", credentials.rotate, credential=old, by="ada", now=NOW)
    old.refresh_from_db()
    assert old.expires is None, "a refused rotation must leave the old one as it was"

    assert credentials.rotate(credential=old, by="ada", now=NOW, keep_for=timedelta()).credential.pk
    old.refresh_from_db()
    assert old.revoked == NOW


def test_rotate_of_a_coordinator():
    factories.observer("ada")
    old = issue(coordinator="ada").credential
    new = credentials.rotate(credential=old, by="ada", now=NOW).credential
    assert (new.coordinator, new.scopes, new.user) == ("ada", FIGURES, old.user)


def test_rotate_of_a_coordinator_whose_old_name_is_another_persons_now():
    user = factories.observer("ada")
    old = issue(coordinator="ada").credential
    User.objects.filter(pk=user.pk).update(username="ada.l")
    factories.observer("ada")
    new = credentials.rotate(credential=old, by="ada", now=NOW).credential
    assert (new.coordinator, new.user_id) == ("ada.l", user.pk)


def test_rotate_of_what_is_not_usable():
    credential = factories.CredentialFactory.create(revoked=NOW)
    refused("not_usable", credentials.rotate, credential=credential, by="ada", now=NOW)


def test_revoke_ends_its_tokens_and_no_others():
    agency = factories.AgencyFactory.create()
    ended, other = issue(agency=agency).credential, issue(agency=agency).credential
    for number, credential in enumerate((ended, ended, other)):
        AsToken.objects.create(token=str(number), application=credential, expires=timezone.now(), scope="")

    credentials.revoke(credential=ended, by="ada", now=NOW, reason="lost")

    ended.refresh_from_db()
    assert ended.revoked == NOW
    assert not ended.usable_at(NOW)
    assert [token.application for token in AsToken.objects.all()] == [other]


def test_revoke_again_keeps_the_first_time():
    credential = issue(agency=factories.AgencyFactory.create()).credential
    credentials.revoke(credential=credential, by="ada", now=NOW)
    credentials.revoke(credential=credential, by="ada", now=NOW + timedelta(days=1))

    credential.refresh_from_db()
    assert credential.revoked == NOW


def test_only_expired_tokens_are_forgotten():
    credential = factories.CredentialFactory.create()
    for token, minutes in (("old", -1), ("now", 0), ("new", 1)):
        expires = NOW + timedelta(minutes=minutes)
        AsToken.objects.create(token=token, application=credential, expires=expires, scope="")

    credentials.delete_expired_tokens(now=NOW)
    assert AsToken.objects.get().expires > NOW


def test_the_toolkit_gives_no_token_for_what_is_not_usable():
    credential = issue(agency=factories.AgencyFactory.create(), expires=NOW + timedelta(days=36_500)).credential
    assert credential.is_usable(None)
    credentials.revoke(credential=credential, by="ada", now=NOW)
    assert not credential.is_usable(None)


def test_every_deed_is_said():
    said = []

    def hear(*, before, after, by, reason, **_):
        said.append((bool(before), after["revoked"], by, reason))

    registry.changed.connect(hear)
    try:
        credential = issue(agency=factories.AgencyFactory.create(), reason="joined").credential
        credentials.revoke(credential=credential, by="bo", now=NOW, reason="lost")
    finally:
        registry.changed.disconnect(hear)
    assert said == [(False, None, "ada", "joined"), (True, "2026-11-24T12:00:00Z", "bo", "lost")]

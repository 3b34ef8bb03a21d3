"""Who may use a credential, and how its secret is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.models import User

from countries.accounts.credentials import CredentialHasher, Issued
from countries.models import Agency, Credential

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


def of_agency(*, active: bool = True, **columns) -> Credential:
    return Credential(agency=Agency(code="NO-KRIPOS", active=active), **columns)


@pytest.mark.parametrize(
    "credential",
    [
        of_agency(),
        of_agency(expires=NOW + A_MOMENT),
    ],
    ids=["open", "expires_later"],
)
def test_usable__yes(credential):
    assert credential.usable_at(NOW)


@pytest.mark.parametrize(
    "credential",
    [
        of_agency(revoked=NOW - A_MOMENT),
        of_agency(revoked=NOW),
        of_agency(expires=NOW),
        of_agency(active=False),
        Credential(coordinator="ada", user=User(is_active=False)),
        Credential(coordinator="ada"),
    ],
    ids=["revoked", "revoked_now", "expired", "agency_not_active", "coordinator_not_active", "nobody"],
)
def test_usable__no(credential):
    assert not credential.usable_at(NOW)


def test_hasher_keeps_no_secret_and_knows_it_again():
    kept = make_password("a long random secret", hasher=CredentialHasher.algorithm)

    assert "secret" not in kept
    assert isinstance(identify_hasher(kept), CredentialHasher)
    assert check_password("a long random secret", kept)
    assert not check_password("another secret", kept)


def test_hasher_is_quick_enough_for_token_requests():
    assert CredentialHasher.iterations <= 10_000


def test_issued_secret_is_not_in_its_repr():
    assert "hidden" not in repr(Issued(of_agency(client_id="NO-KRIPOS.1"), "NO-KRIPOS.1", "hidden"))

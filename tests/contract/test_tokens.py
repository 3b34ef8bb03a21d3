"""Tokens: who gets one, how long it is valid, and that errors are never HTML."""

import base64
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from countries.accounts import credentials
from countries.models import Agency, Credential
from tests.contract.callers import day

pytestmark = pytest.mark.django_db
SUBMISSIONS = "/api/v1/submissions/"
FIGURES = f"/api/v1/figures/?indicator=DOWNLOADS&frequency=D&start={day(3)}&end={day(1)}&agency=_T"


def test_token_is_given_for_the_credentials_scopes(kripos):
    answer = kripos.ask_token().json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 900
    assert set(answer["scope"].split()) == {"submissions:write", "submissions:read"}


def test_id_and_secret_may_stand_in_the_form(kripos):
    form = {
        "grant_type": "client_credentials",
        "client_id": kripos.issued.client_id,
        "client_secret": kripos.issued.client_secret,
    }
    assert kripos.client.post("/oauth/token/", form).status_code == 200


def test_token_is_not_stored(kripos):
    assert kripos.token not in str(list(get_access_token_model().objects.values()))


def test_scope_that_the_credential_lacks_is_refused(kripos):
    answer = kripos.ask_token(scope="figures:read")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Credential.objects.filter(pk=row.pk).update(revoked=timezone.now()),
        lambda row: Credential.objects.filter(pk=row.pk).update(expires=timezone.now() - timedelta(seconds=1)),
        lambda row: Agency.objects.filter(pk=row.agency_id).update(active=False),
    ],
    ids=["revoked", "expired", "deactivated"],
)
def test_credential_that_has_ended_gets_no_token_and_its_tokens_are_worth_nothing(kripos, change):
    assert kripos.get(SUBMISSIONS).status_code == 200
    change(kripos.issued.credential)
    refused = kripos.ask_token()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    answer = kripos.get(SUBMISSIONS)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_revoking_ends_tokens_at_once(kripos):
    credentials.revoke(credential=kripos.issued.credential, by="a test", now=timezone.now())
    assert kripos.get(SUBMISSIONS).json()["code"] == "invalid_token"


def save(**columns):
    return lambda user: User.objects.filter(pk=user.pk).update(**columns)


ENDS_OF_A_ROLE = {
    "in no group": lambda user: user.groups.clear(),
    "no staff status": save(is_staff=False),
    "not active": save(is_active=False),
    "deleted": lambda user: user.delete(),
}


@pytest.mark.parametrize("change", ENDS_OF_A_ROLE.values(), ids=ENDS_OF_A_ROLE)
def test_coordinators_token_ends_with_the_role(coordinator, change):
    assert coordinator.client.get(FIGURES, headers={"Authorization": f"Bearer {coordinator.token}"}).status_code == 200
    change(User.objects.get(username="ada"))
    answer = coordinator.client.get(FIGURES, headers={"Authorization": f"Bearer {coordinator.token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    refused = coordinator.ask_token()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_token_expires(kripos):
    get_access_token_model().objects.update(expires=timezone.now())
    assert kripos.get(SUBMISSIONS).json()["code"] == "invalid_token"


def test_token_loses_what_its_credential_loses(kripos):
    Credential.objects.update(scopes="submissions:read")
    assert kripos.send().json()["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x\0", "client_secret": "y"}, 401, "invalid_client"),
    ],
)
def test_refusals_have_the_form_of_rfc_6749(client, form, status, error):
    answer = client.post("/oauth/token/", form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer["Content-Type"].startswith("application/json")


def test_refusal_says_what_to_check_but_not_which_part_is_wrong(kripos):
    pairs = {"unknown id": ("nobody", "x"), "wrong secret": (kripos.issued.client_id, "x")}
    answers = {
        case: kripos.client.post(
            "/oauth/token/", {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        )
        for case, (client_id, secret) in pairs.items()
    }
    assert answers["unknown id"].content == answers["wrong secret"].content
    assert "ask a coordinator" in answers["unknown id"].json()["error_description"]


@pytest.mark.parametrize("pair", [b"no-colon", b"\xff:\xff", b"a\0:b", "ø:å".encode()])
def test_odd_basic_credentials_are_refused_quietly(client, pair):
    header = "Basic " + base64.b64encode(pair).decode()
    answer = client.post("/oauth/token/", {"grant_type": "client_credentials"}, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_body_that_is_no_form_is_refused_as_json(client):
    answer = client.post("/oauth/token/", b"{}", content_type="application/json")
    assert answer.status_code in {400, 401}
    assert "error" in answer.json()


def test_other_methods_and_huge_bodies_are_problems(client):
    assert client.get("/oauth/token/").json()["code"] == "method_not_allowed"
    huge = client.post("/oauth/token/", {"grant_type": "x" * 3_000_000})
    assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["applications/", "authorize/", "introspect/", "authorized_tokens/"])
def test_nothing_else_of_the_toolkit_is_there(client, path):
    assert client.get(f"/oauth/{path}").status_code == 404


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer ", "Bearer nonsense", "bearer \xe9"])
def test_without_a_good_token_nobody_comes_in(header):
    answer = Client().get(SUBMISSIONS, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] in {"not_authenticated", "invalid_token"}


def test_scopes_divide_reading_from_writing(kripos):
    answer = kripos.use_scope("submissions:read").send()
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert 'scope="submissions:write"' in answer["WWW-Authenticate"]
    assert kripos.get(SUBMISSIONS).status_code == 200
    assert kripos.use_scope("submissions:write").get(SUBMISSIONS).json()["code"] == "insufficient_scope"


def test_coordinator_neither_sends_nor_reads_submissions(coordinator):
    assert coordinator.send().json()["code"] == "insufficient_scope"
    assert coordinator.get(SUBMISSIONS).json()["code"] == "insufficient_scope"

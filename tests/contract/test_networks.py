"""A credential that is restricted to networks works nowhere else: it gets no token, and its tokens are refused."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from api.auth import TokenAuthentication
from api.problems import token_refusal
from api.urls import v1
from countries.accounts import credentials
from countries.models import Credential
from countries.registry import Refused
from federation.models.audit import AuditEvent
from tests.contract.callers import Caller
from tests.factories import AgencyFactory, IndicatorFactory

pytestmark = pytest.mark.django_db
NETWORKS = ["192.0.2.0/24", "2001:db8::/32"]
INSIDE = ("192.0.2.44", "::ffff:192.0.2.44", "2001:db8::44")
OUTSIDE = ("198.51.100.44", "::ffff:198.51.100.44", "2001:db9::44", "127.0.0.1", "")


@pytest.fixture
def kripos(db, client):
    """Norway's agency, which sends from its own networks only."""
    IndicatorFactory.create()
    client.defaults["REMOTE_ADDR"] = INSIDE[0]
    return Caller(client, agency=AgencyFactory.create(code="NO-KRIPOS"), networks=NETWORKS)


@pytest.mark.parametrize("address", INSIDE)
def test_inside_it_is_worth_what_it_is(kripos, address):
    kripos.client.defaults["REMOTE_ADDR"] = address
    assert kripos.ask_token().status_code == 200
    assert kripos.get("/api/v1/submissions/").status_code == 200


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside_its_networks_a_credential_gets_no_token_and_its_tokens_are_refused(kripos, address):
    kripos.client.defaults["REMOTE_ADDR"] = address
    refused = kripos.ask_token()
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    assert refused.json()["error_description"].startswith("network_not_allowed: ")
    answer = kripos.get("/api/v1/submissions/")
    assert (answer.status_code, answer.json()["code"]) == (403, "network_not_allowed")
    assert "192.0.2" not in refused.content.decode() + answer.content.decode()


def test_who_does_not_know_the_secret_learns_of_no_restriction(kripos):
    kripos.client.defaults["REMOTE_ADDR"] = OUTSIDE[0]
    form = {"grant_type": "client_credentials", "client_id": kripos.issued.client_id, "client_secret": "x"}
    assert kripos.client.post("/oauth/token/", form).json() == token_refusal("invalid_client")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "REMOTE_ADDR", "Remote-Addr", "X-Real-IP"])
def test_no_header_says_from_where_a_request_comes(kripos, header):
    kripos.client.defaults["REMOTE_ADDR"] = OUTSIDE[0]
    for path, ask in (("/api/v1/submissions/", kripos.client.get), ("/oauth/token/", kripos.client.post)):
        answer = ask(path, headers={"Authorization": f"Bearer {kripos.token}", header: INSIDE[0]})
        assert answer.status_code in (400, 401, 403), path


def test_every_address_that_takes_a_token_refuses_it_elsewhere(kripos):
    kripos.client.defaults["REMOTE_ADDR"] = OUTSIDE[0]
    taking = [path for path in v1 if TokenAuthentication in view_of(path).authentication_classes]
    assert len(taking) >= 6
    for path in taking:
        some = {"id": "0" * 8 + "-0000-0000-0000-" + "0" * 12} if "uuid" in str(path.pattern) else {"id": 1}
        given = some if "<" in str(path.pattern) else {}
        answer = kripos.get(reverse(f"v1:{path.name}", kwargs=given))
        assert answer.json()["code"] == "network_not_allowed", path


def view_of(path):
    return path.callback.cls


def test_change_holds_at_once_for_tokens_that_are_out_and_leaves_an_event(kripos):
    credentials.restrict(
        credential=kripos.issued.credential, networks=["203.0.113.0/24"], by="ada", now=timezone.now(), reason="moved"
    )
    assert kripos.get("/api/v1/submissions/").json()["code"] == "network_not_allowed"
    event = AuditEvent.objects.latest("id")
    assert (event.action, event.actor, event.reason) == ("credential.changed", "ada", "moved")
    assert (event.details["before"]["networks"], event.details["after"]["networks"]) == (NETWORKS, ["203.0.113.0/24"])
    credentials.restrict(credential=kripos.issued.credential, networks=[], by="ada", now=timezone.now(), reason="x")
    assert kripos.get("/api/v1/submissions/").status_code == 200


def test_credential_that_has_ended_is_not_restricted_or_opened_any_more(kripos):
    credentials.revoke(credential=kripos.issued.credential, by="ada", now=timezone.now())
    with pytest.raises(Refused, match="revoked"):
        credentials.restrict(credential=kripos.issued.credential, networks=[], by="ada", now=timezone.now(), reason="x")
    assert Credential.objects.get().networks == NETWORKS


def test_successor_has_the_same_networks(kripos):
    issued = credentials.rotate(credential=kripos.issued.credential, by="ada", now=timezone.now())
    assert Credential.objects.get(pk=issued.credential.pk).networks == NETWORKS


def test_command_restricts(db, capsys):
    AgencyFactory.create()
    call_command("issue_credential", "NO-KRIPOS", "--network", "192.0.2.7", "--network", "2001:DB8::/32")
    issued = json.loads(capsys.readouterr().out)
    assert Credential.objects.get(client_id=issued["client_id"]).networks == ["192.0.2.7/32", "2001:db8::/32"]


def test_command_says_what_is_wrong_with_a_range(db):
    AgencyFactory.create()
    with pytest.raises(CommandError, match=r"^Networks: Range 2: .* Write 192\.0\.2\.0/24"):
        call_command("issue_credential", "NO-KRIPOS", "--network", "198.51.100.0/24", "--network", "192.0.2.1/24")
    assert not Credential.objects.exists()

"""Each code of an error has a section in the documentation, and its example gets the answer that is shown there."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from psycopg.errors import QueryCanceled

from api import problems
from api.caching import response_cache
from api.codes import CODES, TOKEN_CODES
from api.negotiation import JSON_STAT
from api.throttling import rates
from api.v1 import submissions
from api.v1.submissions import SubmissionsView
from countries import reference
from countries.accounts import signing
from countries.models import Credential
from federation.database import clock
from federation.errors import NotStoredError
from federation.findings import decisions
from p2p_core import periods
from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from tests.contract import error_examples
from tests.contract.public.press import Press
from tests.contract.signed import registered, require
from tests.factories import DetailFactory, FindingFactory

API = error_examples.PAGE.with_name("api.md")
SECTIONS = {section.code: section for section in error_examples.sections()}


class Stage:
    """The service as an example needs it: the agency that sends, its key, and what the fixtures can change."""

    def __init__(self, kripos, bka, patch, limit):
        self.kripos, self.bka, self.patch, self.limit = kripos, bka, patch, limit
        self.key = registered(kripos)

    def registered_key(self):
        [key] = self.kripos.issued.credential.agency.signing_keys.all()
        return key

    def fail(self, error):
        """Let the service fail when it stores a submission."""

        def fail(*_, **__):
            raise error from error.__cause__

        self.patch.setattr(submissions.intake, "accept", fail)


def narrow_scope(stage):
    stage.kripos.use_scope("submissions:read")


def restrict_networks(stage):
    Credential.objects.filter(pk=stage.kripos.issued.credential.pk).update(networks=["192.0.2.0/24"])


def resolve_finding(stage):
    finding = FindingFactory.create(agency=stage.kripos.issued.credential.agency)
    decisions.resolve(findings=[finding.pk], by="ada", reason="Seen.", now=datetime.now(UTC))
    return {"FINDING": str(finding.pk)}


def exhaust_limit(stage):
    stage.limit(rates.READS_PER_CREDENTIAL, 1)
    stage.kripos.get("/api/v1/submissions/")


def make_a_mistake(stage):
    def stumble(*_):
        raise ValueError

    stage.patch.setattr(SubmissionsView, "get", stumble)
    stage.kripos.client.raise_request_exception = False


def keep_database_busy(stage):
    error = OperationalError()
    error.__cause__ = QueryCanceled()
    stage.fail(error)


def advance_one_clock(stage):
    stage.patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=1))


def revoke_key(stage):
    signing.revoke(key=stage.registered_key(), by="a test", now=timezone.now(), reason="laptop stolen")


def let_key_expire(stage):
    key = stage.registered_key()
    type(key).objects.filter(pk=key.pk).update(expires=timezone.now() - timedelta(days=1))


def use_foreign_key(stage):
    stage.key = registered(stage.bka)


def publish_weeks_only(_stage):
    DetailFactory.create(country__code="LI", valid_from="2017-01-01", step="W", network_step="M")
    reference.snapshots.clear()
    response_cache.clear()


def publish_much(stage):
    """Publish an hour, and allow fewer numbers than it has."""
    Press().publish("H", {"2026-11-24T00:00": {"NO": 5, "SE": 5}})
    stage.patch.setattr("api.v1.named_formats._LIMITS", {JSON_STAT: (1, 1)})


def name_minute(_stage):
    return {"MINUTE": periods.label("N", datetime.now(UTC) - timedelta(minutes=30))}


#: What the service must be like before some codes are answered. It returns the values of variables in the example.
SET_UPS = {
    "insufficient_scope": narrow_scope,
    "network_not_allowed": restrict_networks,
    "unauthorized_client": restrict_networks,
    "finding_resolved": resolve_finding,
    "throttled": exhaust_limit,
    "internal_error": make_a_mistake,
    "busy": keep_database_busy,
    "not_stored": lambda stage: stage.fail(NotStoredError()),
    "not_ready": lambda stage: stage.fail(OperationalError()),
    "clocks_disagree": advance_one_clock,
    "too_much_data": publish_much,
    "signature_required": lambda stage: require(stage.kripos),
    "signature_key_revoked": revoke_key,
    "signature_key_expired": let_key_expire,
    "signature_key_foreign": use_foreign_key,
    "detail_not_published": publish_weeks_only,
    "vintages_not_kept": name_minute,
}


@pytest.fixture
def stage(kripos, bka, monkeypatch, limit):
    kripos.client = Client(enforce_csrf_checks=True)
    return Stage(kripos, bka, monkeypatch, limit)


def send(stage, command, values):
    """The answer to a command. A signature is computed, because it is different each time."""
    request = error_examples.request_of(command, values)
    if "$SIGNATURE:" in command:
        values = values | {"SIGNATURE": error_examples.signature_of(request, stage.key)}
        request = error_examples.request_of(command, values)
    media = request.headers.get("Content-Type", "")
    return stage.kripos.client.generic(
        request.method, request.url, request.body, content_type=media, headers=request.headers
    )


def answer_of(stage, section):
    """The answer to the last command of an example."""
    own = SET_UPS.get(section.code, lambda _: None)(stage) or {}
    values = {
        "TOKEN": stage.kripos.token,
        "CLIENT_ID": stage.kripos.issued.client_id,
        "CLIENT_SECRET": stage.kripos.issued.client_secret,
        "KEYID": stage.key.keyid,
        "NOW": str(int(time.time())),
        **own,
    }
    return [send(stage, command, values) for command in section.commands][-1]


def is_part(shown, found):
    """Whether an answer has what is shown of it. Lists are shown with all their items."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return shown.keys() <= found.keys() and all(is_part(shown[name], found[name]) for name in shown)
    if isinstance(shown, list) and isinstance(found, list):
        return len(shown) == len(found) and all(map(is_part, shown, found))
    return shown == found


@pytest.mark.django_db
@pytest.mark.parametrize("code", SECTIONS)
def test_example_gets_the_answer_that_is_shown(stage, code):
    section = SECTIONS[code]
    answer = answer_of(stage, section)
    body = answer.json()
    assert is_part(section.answer, body), body
    if code in TOKEN_CODES:
        assert (answer.status_code, body["error"]) == (section.status, code)
        return
    assert (answer.status_code, answer["Content-Type"]) == (section.answer["status"], problems.MEDIA_TYPE)
    assert section.answer["code"] == body["code"]
    if body["code"] == code:
        assert answer.status_code == section.status
        return
    # A code of a fault: the answer has it in its list.
    assert body["code"] == "invalid_payload"
    assert code in {fault["code"] for fault in section.answer["errors"]}
    assert code in PAYLOAD_CODES


def test_each_code_has_a_section_and_each_section_a_code():
    assert list(SECTIONS) == [*CODES, *TOKEN_CODES]
    shown = {code: (section.status, section.title, section.advice) for code, section in SECTIONS.items()}
    assert shown == CODES | TOKEN_CODES


def test_documentation_of_the_api_shows_what_a_refused_credential_gets():
    [shown] = re.findall(r"^```json\n(\{\n  \"error\".*?)^```$", API.read_text(), re.MULTILINE | re.DOTALL)
    assert json.loads(shown) == problems.token_refusal("invalid_client")


def test_address_of_each_code_opens_its_section(db, client):
    pages = {}
    for code in SECTIONS:
        named = (
            problems.token_refusal(code)["error_uri"] if code in TOKEN_CODES else problems.Problem(code).body()["type"]
        )
        address, _, anchor = named.partition("#")
        if address not in pages:
            answer = client.get(address)
            assert answer.status_code == 200
            pages[address] = answer.content.decode()
        found = re.search(rf'<h3 id="{anchor}">.*?(?=<h[23] |</article>)', pages[address], re.DOTALL)
        assert found, code
        assert re.search(r"<p><strong>\d{3} .+\.</strong> \S.+</p>", found[0], re.DOTALL), code
        assert "<pre" in found[0], code

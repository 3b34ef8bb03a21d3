"""Keys of agencies: registered, rotated and revoked, in the process, on the screen and by the command."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from countries import registry
from countries.accounts import credential_limits, signing
from countries.accounts.keys import fingerprint
from countries.models import Agency, SigningKey
from countries.registry import Refused
from federation.models.audit import AuditEvent
from tests import factories
from tests.integration.countries.conftest import PASSWORD
from tests.oracles.signing import Signer
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db


def make():
    """A pair of keys, in PEM: the public half, and the private one, line by line."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return public, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def register(agency, public_key=None, **more):
    return signing.register(agency=agency, public_key=public_key or make()[0], by="ada", now=timezone.now(), **more)


@pytest.fixture
def agency(db):
    return factories.AgencyFactory.create()


def address(view, *args):
    return reverse(f"admin:countries_signingkey_{view}", args=args)


def send(desk, **form):
    return desk.post(address("add"), {"password": PASSWORD, **form}, follow=True)


def text(answer):
    return str(answer.content, "utf-8")


class TestProcess:
    """What the process does and refuses."""

    def test_key_is_registered_under_a_name_that_says_whose_and_which(self, agency):
        key = register(agency, reason="joined")
        assert key.keyid == f"NO-KRIPOS.{key.fingerprint[:12]}"
        event = AuditEvent.objects.get(action="signingkey.added")
        assert (event.actor, event.reason, event.subject) == ("ada", "joined", f"signingkey {key.keyid}")
        assert event.details["after"]["public_key"] == key.public_key

    def test_found_by_its_name(self, agency):
        signer = Signer("")
        key = register(agency, signer.public)
        found = signing.find(key.keyid)
        assert (found.agency, found.raw, found.revoked) == (agency.pk, signer.key.public_key().public_bytes_raw(), None)
        assert found.fingerprint == fingerprint(found.raw)
        assert signing.find("NO-KRIPOS.other") is None

    def test_third_live_key_is_refused(self, agency):
        first, _ = register(agency), register(agency)
        with pytest.raises(Refused, match="has two live signing keys"):
            register(agency)
        signing.revoke(key=first, by="ada", now=timezone.now(), reason="worn")
        register(agency)
        assert credential_limits.live(SigningKey, timezone.now()).filter(agency=agency).count() == 2

    def test_expired_key_makes_room(self, agency):
        for _ in range(2):
            factories.SigningKeyFactory.create(agency=agency, expires=timezone.now() - timedelta(seconds=1))
        register(agency)

    @pytest.mark.parametrize("whose", ["own", "another's", "revoked"])
    def test_same_key_is_not_registered_twice(self, agency, whose):
        public, _ = make()
        key = register(factories.AgencyFactory.create(code="SE-NOA") if whose == "another's" else agency, public)
        if whose == "revoked":
            signing.revoke(key=key, by="ada", now=timezone.now(), reason="worn")
        with pytest.raises(Refused, match="registered before"):
            register(agency, public)

    def test_not_for_an_agency_that_is_not_active(self, agency):
        agency.active = False
        registry.save(agency, by="ada", fields=["active"])
        with pytest.raises(Refused, match="is not active"):
            register(agency)

    def test_not_in_the_past(self, agency):
        with pytest.raises(Refused, match="in the future"):
            register(agency, expires=timezone.now())

    def test_private_key_is_refused_and_kept_nowhere(self, agency, caplog):
        caplog.set_level(logging.DEBUG)
        _, private = make()
        with pytest.raises(Refused, match="THIS IS A PRIVATE KEY") as refused:
            register(agency, private)
        secret = private.split("\n")[1]
        assert refused.value.__cause__ is None
        assert secret not in str(refused.value) + caplog.text
        assert not SigningKey.objects.exists()
        assert not AuditEvent.objects.filter(action__startswith="signingkey").exists()

    def test_revoked_once_and_for_good_with_a_reason(self, agency):
        key = register(agency)
        with pytest.raises(Refused, match="Say why"):
            signing.revoke(key=key, by="ada", now=timezone.now(), reason=" ")
        when = signing.revoke(key=key, by="ada", now=timezone.now(), reason="stolen").revoked
        assert signing.revoke(key=key, by="bo", now=timezone.now(), reason="again").revoked == when
        assert [one.reason for one in AuditEvent.objects.filter(action="signingkey.changed")] == ["stolen"]


class TestScreen:
    """What a coordinator sees and does."""

    def test_key_is_registered_and_its_fingerprint_shown(self, desk, agency):
        answer = send(desk, agency=agency.pk, public_key=make()[0], reason="new")
        key = SigningKey.objects.get()
        assert key.fingerprint in text(answer)
        assert f"sign with keyid “{key.keyid}”" in text(answer)
        assert AuditEvent.objects.get(action="signingkey.added").reason == "new"

    @pytest.mark.parametrize(("given", "told"), [("", "required"), ("another", "This is not your password")])
    def test_a_session_alone_registers_no_key(self, desk, agency, given, told):
        answer = send(desk, agency=agency.pk, public_key=make()[0], password=given)
        assert told in text(answer)
        assert not SigningKey.objects.exists()

    def test_private_key_comes_back_on_no_page(self, desk, agency, caplog):
        caplog.set_level(logging.DEBUG)
        _, private = make()
        answer = send(desk, agency=agency.pk, public_key=private)
        assert "THIS IS A PRIVATE KEY" in text(answer)
        secret = private.split("\n")[1]
        assert secret not in text(answer) + caplog.text + str(list(LogEntry.objects.values()))
        assert secret not in str(desk.session.items()) + str(desk.cookies)
        assert "no-store" in answer["Cache-Control"]
        assert not SigningKey.objects.exists()

    @pytest.mark.parametrize("also", [{"expires": "soon"}, {"agency": ""}, {"password": "another"}], ids=str)
    def test_nor_where_something_else_is_wrong(self, desk, agency, also):
        _, private = make()
        answer = send(desk, **{"agency": agency.pk, "public_key": private} | also)
        assert private.split("\n")[1] not in text(answer)

    def test_key_is_revoked_after_a_reason_and_a_click(self, desk, agency):
        agency.signature_required = True
        agency.save()
        key = register(agency)
        page = address("revoke", key.pk)
        assert "cannot be undone" in text(desk.get(page))
        assert "required" in text(desk.post(page, {"reason": ""}))
        assert not SigningKey.objects.filter(revoked__isnull=False).exists()
        answer = desk.post(page, {"reason": "stolen"}, follow=True)
        assert SigningKey.objects.get().revoked is not None
        assert "cannot send until another key is registered" in text(answer)
        assert "../revoke/" not in text(answer)
        assert desk.get(address("revoke", 12345)).status_code == 404

    @pytest.mark.parametrize(
        ("columns", "state"),
        [
            ({}, "usable"),
            ({"revoked": datetime(2026, 11, 20, tzinfo=UTC)}, "revoked on 2026-11-20"),
            ({"expires": datetime(2026, 11, 20, tzinfo=UTC)}, "expired on 2026-11-20"),
            ({"agency__active": False}, "not usable: NO-KRIPOS is not active"),
        ],
    )
    def test_list_says_the_state(self, desk, columns, state):
        factories.SigningKeyFactory.create(**columns)
        assert f">{state}<" in text(desk.get(address("changelist")))

    def test_who_may_look_only_changes_nothing(self, client, agency):
        key = register(agency)
        user = User.objects.create_user("bo", is_staff=True)
        user.groups.add(*user.groups.model.objects.filter(name="observer"))
        signed_in(client, user)
        assert key.fingerprint in text(client.get(address("change", key.pk)))
        assert client.post(address("add"), {}).status_code == 403
        assert client.post(address("revoke", key.pk), {"reason": "x"}).status_code == 403

    def test_signatures_are_required_once_there_is_a_key_and_a_reason(self, desk, agency):
        page = reverse("admin:countries_agency_change", args=[agency.pk])
        form = {
            "name": "Kripos", "active": "on", "signature_required": "on", "reason": "agreed",
            **{f"{rows}-{form}_FORMS": 0 for rows in ("schedules", "thresholds") for form in ("TOTAL", "INITIAL")},
        }  # fmt: skip
        assert "Register a signing key of the agency first" in text(desk.post(page, form))
        register(agency)
        assert "Say why" in text(desk.post(page, form | {"reason": ""}))
        assert not Agency.objects.get().signature_required
        assert desk.post(page, form).status_code == 302
        event = AuditEvent.objects.get(action="agency.changed")
        assert (event.details["after"]["signature_required"], event.reason) == (True, "agreed")


@pytest.mark.usefixtures("agency")
class TestCommand:
    """What the command prints and refuses."""

    def test_key_is_registered_and_its_name_printed(self, tmp_path, capsys):
        file = tmp_path / "key.pem"
        file.write_text(make()[0])
        call_command("register_key", "NO-KRIPOS", file=file, expires="2099-01-01")
        key = SigningKey.objects.get()
        assert json.loads(capsys.readouterr().out) == {"keyid": key.keyid, "fingerprint": key.fingerprint}
        assert key.expires.year == 2099

    def test_private_key_is_refused(self, tmp_path):
        file = tmp_path / "key.pem"
        file.write_text(make()[1])
        with pytest.raises(CommandError, match="THIS IS A PRIVATE KEY"):
            call_command("register_key", "NO-KRIPOS", file=file)
        assert not SigningKey.objects.exists()

    def test_what_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="There is no agency SE-NOA"):
            call_command("register_key", "SE-NOA", file=tmp_path)
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("register_key", "NO-KRIPOS", file=tmp_path / "nothing")

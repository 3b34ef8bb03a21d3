"""Signatures that are malformed, late, of another key, or sent again are refused."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from countries.accounts import signing
from federation.models.submissions import Signature, Submission
from p2p_core.traces import LOOKED_AT
from tests.contract.signed import BODY, DRY, refused, registered
from tests.oracles.signing import Signer, content_digest

pytestmark = pytest.mark.django_db


class TestMalformed:
    """What is no signature, or more than one."""

    def test_headers_that_say_nothing(self, kripos, signer):
        for name, values in {
            "Signature": ["", "sig=:####:", "sig", 'sig="x"', "other=:AAAA:", "sig=:caf\xe9:"],
            "Signature-Input": ["", "sig", "sig=();created=x", 'sig=("@method"', 'sig=("@method");created=1'],
        }.items():
            for value in values:
                refused(kripos.post(BODY, **signer.signed(BODY) | {name: value}), 400, "signature_malformed")

    def test_other_algorithm(self, kripos, signer):
        for alg in ("hmac-sha256", "rsa-v1_5-sha256", "ecdsa-p256-sha256", "none", "ED25519", ""):
            refused(kripos.post(BODY, **signer.signed(BODY, parameters={"alg": alg})), 400, "signature_malformed")

    def test_parameters(self, kripos, signer):
        for told in ({"keyid": None}, {"keyid": 7}, {"created": "now"}, {"made-by": "me"}):
            refused(kripos.post(BODY, **signer.signed(BODY, parameters=told)), 400, "signature_malformed")

    @pytest.mark.parametrize("second", ["other", "sig"])
    def test_two_signatures(self, kripos, signer, second):
        """Which of two counts would be for the reader to guess, so neither does."""
        both = [signer.signed(BODY), signer.signed(BODY, label=second)]
        joined = {name: ", ".join(one[name] for one in both) for name in ("Signature", "Signature-Input")}
        refused(kripos.post(BODY, **both[0] | joined), 400, "signature_malformed")

    def test_component_that_is_a_number(self, kripos, signer):
        headers = signer.signed(BODY)
        headers["Signature-Input"] = headers["Signature-Input"].replace('"@method"', "7", 1)
        refused(kripos.post(BODY, **headers), 400, "signature_malformed")

    def test_component_named_twice(self, kripos, signer):
        headers = signer.signed(BODY)
        headers["Signature-Input"] = headers["Signature-Input"].replace('"@method"', '"@method" "@method"', 1)
        refused(kripos.post(BODY, **headers), 400, "signature_malformed")

    def test_component_in_capitals(self, kripos, signer):
        headers = signer.signed(BODY)
        headers["Signature-Input"] = headers["Signature-Input"].replace('"content-type"', '"Content-Type"', 1)
        refused(kripos.post(BODY, **headers), 400, "signature_component_refused")

    @pytest.mark.parametrize("name", ["Content-Digest", "Idempotency-Key"])
    def test_header_sent_twice(self, kripos, signer, name):
        """The web server joins them with a comma."""
        headers = signer.signed(BODY, **{"Idempotency-Key": "one"})
        headers[name] = f"{headers[name]},{headers[name]}"
        refused(kripos.post(BODY, **headers), 403, "signature_invalid")

    def test_digest_that_is_none_of_ours(self, kripos, signer):
        for value in ("md5=:AAAA:", "", "nothing", "sha-256=:AA:, sha-256=:AA:"):
            headers = signer.headers(signer.covered(BODY) | {"content-digest": value})
            refused(kripos.post(BODY, **headers), 400, "content_digest_unsupported")

    def test_digest_that_does_not_agree(self, kripos, signer):
        two = f"{content_digest(BODY)}, {content_digest(b'x', 'sha-512')}"
        for value in (content_digest(b"x"), "sha-256=AA", "sha-256", two):
            headers = signer.headers(signer.covered(BODY) | {"content-digest": value})
            refused(kripos.post(BODY, **headers), 403, "content_digest_mismatch")

    def test_trace_of_a_person_in_the_parameters(self, kripos, signer):
        for told in ({"nonce": "ada@example.org"}, {"tag": "192.0.2.7"}):
            refused(kripos.post(BODY, **signer.signed(BODY, parameters=told)), 422, "personal_trace")

    def test_trace_of_a_person_in_a_header_that_is_signed(self, kripos, signer):
        for changed in (
            {"content-digest": f"{content_digest(BODY)}, md5=:192.0.2.7:"},
            {"content-type": "application/json; sent-by=ada@example.org"},
        ):
            covered = signer.covered(BODY) | changed
            answer = kripos.post(BODY, media=covered["content-type"], **signer.headers(covered))
            refused(answer, 422, "personal_trace")

    @pytest.mark.parametrize("name", ["content-digest", "content-type", "nonce"])
    def test_trace_behind_more_than_is_looked_at(self, kripos, signer, name):
        """It would be kept unseen, so what is too long to be looked at is not taken."""
        covered, told = signer.covered(BODY), {}
        far = "x" * LOOKED_AT + "ada@example.org"
        if name == "nonce":
            told = {"nonce": far}
        else:
            covered[name] += {"content-digest": ", md5=:%s:", "content-type": "; sent-by=%s"}[name] % far
        answer = kripos.post(BODY, media=covered["content-type"], **signer.headers(covered, **told))
        assert name in refused(answer, 400, "signature_malformed")["detail"]

    def test_trace_of_a_person_in_the_key_of_repeating(self, kripos, signer):
        headers = signer.signed(BODY, **{"Idempotency-Key": "ada@example.org"})
        refused(kripos.post(BODY, **headers), 422, "personal_trace")


class TestKeys:
    """Whose key it is, and whether it may still be used."""

    def test_unknown_key(self, kripos, signer):
        refused(kripos.post(BODY, **signer.named("NO-KRIPOS.nothing").signed(BODY)), 403, "signature_key_unknown")

    def test_key_of_another_agency(self, kripos, bka):
        headers = registered(bka).signed(BODY)
        refused(kripos.post(BODY, **headers), 403, "signature_key_foreign")
        assert bka.post(BODY, **headers).status_code == 202

    def test_revoked_key(self, kripos, signer):
        [key] = kripos.issued.credential.agency.signing_keys.all()
        signing.revoke(key=key, by="a test", now=timezone.now(), reason="laptop stolen")
        refused(kripos.post(BODY, **signer.signed(BODY)), 403, "signature_key_revoked")

    def test_expired_key(self, kripos, monkeypatch):
        signer = registered(kripos, expires=timezone.now() + timedelta(minutes=1))
        assert kripos.post(BODY, query=DRY, **signer.signed(BODY, query=DRY)).status_code == 200
        set_clocks(monkeypatch, ahead=timedelta(minutes=2))
        refused(kripos.post(BODY, **signer.signed(BODY)), 403, "signature_key_expired")

    def test_signature_by_another_key_under_the_name_of_this_one(self, kripos, signer):
        forged = Signer(signer.keyid).signed(BODY)
        refused(kripos.post(BODY, **forged), 403, "signature_invalid")


def set_clocks(monkeypatch, *, ahead):
    """Have the database's and the host's clock go so much ahead."""
    for name in ("now", "of_host"):
        monkeypatch.setattr(f"federation.database.clock.{name}", lambda: datetime.now(UTC) + ahead)


class TestTime:
    """Clocks may differ by five minutes, both ways."""

    def test_created(self, kripos, signer):
        for seconds, code in (
            (-301, "signature_too_old"),
            (310, "signature_too_new"),
            (-(10**14), "signature_too_old"),
            (10**14, "signature_too_new"),
        ):
            headers = signer.signed(BODY, parameters={"created": int(time.time()) + seconds})
            refused(kripos.post(BODY, **headers), 403, code)
        for seconds in (-290, 290):
            headers = signer.signed(BODY, parameters={"created": int(time.time()) + seconds})
            assert kripos.post(BODY, **headers).status_code == 202, seconds

    def test_date(self, kripos, signer):
        for seconds, code in ((-301, "signature_too_old"), (310, "signature_too_new")):
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds))
            for created in ({}, {"created": None}):
                headers = {"Date": date} | signer.headers(signer.covered(BODY, date=date), **created)
                refused(kripos.post(BODY, **headers), 403, code)

    def test_date_that_is_none(self, kripos, signer):
        headers = {"Date": "now"} | signer.headers(signer.covered(BODY, date="now"))
        refused(kripos.post(BODY, **headers), 400, "signature_malformed")

    def test_expires(self, kripos, signer):
        headers = signer.signed(BODY, parameters={"expires": int(time.time()) - 1})
        refused(kripos.post(BODY, **headers), 403, "signature_too_old")


class TestReplay:
    """What was signed once is taken once."""

    def test_same_again_is_refused(self, kripos, signer):
        headers = signer.signed(BODY)
        kripos.post(BODY, **headers)
        again = kripos.post(BODY, **headers)
        assert (again.status_code, again.json()["code"]) == (409, "signature_replayed")
        assert Submission.objects.count() == Signature.objects.count() == 1

    @pytest.mark.parametrize("is_signed_again", [True, False])
    def test_honest_retry_gets_the_first_answer(self, kripos, signer, is_signed_again):
        first = signer.signed(BODY, **{"Idempotency-Key": "one"})
        later = (
            signer.signed(BODY, parameters={"nonce": "2"}, **{"Idempotency-Key": "one"}) if is_signed_again else first
        )
        answers = [kripos.post(BODY, **headers) for headers in (first, later)]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
        assert answers[1]["Idempotent-Replayed"] == "true"
        assert Signature.objects.count() == 1

    def test_another_label_makes_no_other_signature(self, kripos, signer):
        headers = signer.signed(BODY)
        kripos.post(BODY, **headers)
        renamed = {name: value.replace("sig=", "new=", 1) for name, value in headers.items()}
        assert kripos.post(BODY, **renamed).json()["code"] == "signature_replayed"

    def test_another_writing_makes_no_other_signature(self, kripos, signer):
        """Four bits of the base 64 of 64 bytes mean nothing, and it may lack its end."""
        headers = signer.signed(BODY)
        kripos.post(BODY, **headers)
        sixtyfour = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        written = headers["Signature"]
        for ending in (sixtyfour[sixtyfour.index(written[-4]) + 1] + "==:", written[-4] + ":"):
            again = kripos.post(BODY, **headers | {"Signature": written[:-4] + ending})
            assert again.json()["code"] == "signature_replayed", ending

    def test_retry_whose_signature_is_too_old_is_refused(self, kripos, signer, monkeypatch):
        headers = signer.signed(BODY, **{"Idempotency-Key": "one"})
        kripos.post(BODY, **headers)
        set_clocks(monkeypatch, ahead=timedelta(minutes=6))
        assert kripos.post(BODY, **headers).json()["code"] == "signature_too_old"

    def test_same_numbers_signed_again_are_another_submission(self, kripos, signer):
        for nonce in "12":
            assert kripos.post(BODY, **signer.signed(BODY, parameters={"nonce": nonce})).status_code == 202
        assert Submission.objects.count() == 2

    def test_refused_submission_uses_no_signature_up(self, kripos, signer, monkeypatch):
        headers = signer.signed(BODY)
        with monkeypatch.context() as patch:
            patch.setattr("api.v1.body.LIMIT", 10)
            refused(kripos.post(BODY, **headers), 413, "body_too_large")
        assert kripos.post(BODY, **headers).status_code == 202


SIGNED = ("Signature", "Signature-Input", "Content-Digest", "Content-Type", "Idempotency-Key")


@given(data=st.data())
def test_one_changed_byte_is_refused(kripos, signer, data):
    """Wherever it is: in the body, or in what was signed of the headers, or in the signature."""
    headers = signer.signed(BODY, query=DRY, **{"Idempotency-Key": "abcdefgh"}) | {"Content-Type": "application/json"}
    place = data.draw(st.sampled_from(["body", *SIGNED]))
    old = BODY if place == "body" else headers[place].encode()
    # The last letter of base 64 has bits that mean nothing; see the test of another writing.
    at = data.draw(st.integers(0, len(old) - 1).filter(lambda at: (place, at) != ("Signature", len(old) - 4)))
    byte = data.draw(st.integers(0x21, 0x7E).filter(lambda byte: byte != old[at]))
    new = old[:at] + bytes([byte]) + old[at + 1 :]
    body, sent = (new, headers) if place == "body" else (BODY, headers | {place: new.decode()})
    media = sent.pop("Content-Type") if place == "Content-Type" else "application/json"
    answer = kripos.post(body, query=DRY, media=media, **sent)
    assert 400 <= answer.status_code < 500, (place, at, byte)
    assert answer.json()["code"] != "invalid_payload", "it was read before it was verified"

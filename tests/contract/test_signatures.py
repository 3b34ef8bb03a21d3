"""Signed submissions: what is taken, what is refused and by which code, and what is kept of it.

The signer is the tests' own, written by hand from RFC 9421.
"""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from countries import registry
from countries.accounts import signing
from federation.models.audit import AuditEvent
from federation.models.submissions import IdempotencyKey, Report, Signature, Submission
from federation.models.worklist import Work
from p2p_core.traces import LOOKED_AT
from tests.contract.callers import COLUMNS, hour, report
from tests.oracles.signing import PATH, Signer, base_of, content_digest, encoded

pytestmark = pytest.mark.django_db
DRY = "?dry_run=true"
BODY = json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]}).encode()


def registered(caller, **more):
    """A signer whose key is registered for an agency."""
    signer = Signer("")
    key = signing.register(
        agency=caller.issued.credential.agency, public_key=signer.public, by="a test", now=timezone.now(), **more
    )
    return signer.named(key.keyid)


@pytest.fixture
def signer(kripos):
    return registered(kripos)


def require(caller, *, required=True):
    agency = caller.issued.credential.agency
    agency.signature_required = required
    registry.save(agency, by="a test", fields=["signature_required"])


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()["detail"]
    assert not any(model.objects.exists() for model in (Submission, Report, Work, IdempotencyKey, Signature))
    assert not AuditEvent.objects.filter(action__startswith="submission").exists()
    return answer.json()


class TestTaken:
    """What a signed submission leaves, and where it is shown."""

    def test_signed_submission_is_taken_and_says_by_whom(self, kripos, signer):
        answer = kripos.post(BODY, **signer.signed(BODY))
        assert answer.status_code == 202
        [key] = kripos.issued.credential.agency.signing_keys.all()
        told = {"keyid": signer.keyid, "fingerprint": key.fingerprint}
        assert answer.json()["signed_by"] == told
        assert kripos.get(answer.json()["url"]).json()["signed_by"] == told
        assert kripos.get(PATH).json()["submissions"][0]["signed_by"] == told

    def test_evidence_is_what_was_signed(self, kripos, signer):
        headers = signer.signed(BODY, **{"Idempotency-Key": "one"})
        kripos.post(BODY, **headers)
        kept = Signature.objects.get()
        parameters = headers["Signature-Input"].removeprefix("sig=")
        assert kept.base == base_of(signer.covered(BODY, **{"Idempotency-Key": "one"}), parameters)
        assert f"sig=:{encoded(bytes(kept.signature))}:" == headers["Signature"]

    def test_audit_trail_names_the_key(self, kripos, signer):
        kripos.post(BODY, **signer.signed(BODY))
        [key] = kripos.issued.credential.agency.signing_keys.all()
        details = AuditEvent.objects.get(action="submission.accepted").details
        assert details["signature"] == {
            "key": signer.keyid,
            "fingerprint": key.fingerprint,
            "base": bytes(Signature.objects.get().base_digest).hex(),
        }

    def test_unsigned_submission_is_taken_where_none_is_required(self, kripos):
        answer = kripos.post(BODY)
        assert (answer.status_code, answer.json()["signed_by"]) == (202, None)
        assert kripos.get(answer.json()["url"]).json()["signed_by"] is None
        assert "signature" not in AuditEvent.objects.get(action="submission.accepted").details
        assert not Signature.objects.exists()

    def test_dry_run_is_verified_and_stores_nothing(self, kripos, signer):
        headers = signer.signed(BODY, query=DRY)
        for _ in range(2):
            assert kripos.post(BODY, query=DRY, **headers).status_code == 200
        assert not Signature.objects.exists()
        refused(kripos.post(BODY + b" ", query=DRY, **headers), 403, "content_digest_mismatch")

    def test_dry_run_does_not_use_the_signature_up(self, kripos, signer):
        headers = signer.signed(BODY)
        kripos.post(BODY, query=DRY, **signer.signed(BODY, query=DRY))
        assert kripos.post(BODY, **headers).status_code == 202

    def test_packed_body_is_signed_as_it_is_sent(self, kripos, signer):
        packed = gzip.compress(BODY)
        headers = {"Content-Encoding": "gzip"}
        assert kripos.post(packed, **signer.signed(packed, **headers)).status_code == 202
        assert Report.objects.get().values == [3]

    def test_digest_of_the_unpacked_body_is_another_one(self, kripos, signer):
        headers = signer.signed(BODY, **{"Content-Encoding": "gzip"})
        refused(kripos.post(gzip.compress(BODY), **headers), 403, "content_digest_mismatch")

    def test_csv_is_signed_with_its_query(self, kripos, signer):
        body = f"{COLUMNS}\nDOWNLOADS,H,{hour()},NO,ARES,3\n".encode()
        query = "?prepared=2026-11-24T08:00:00Z"
        headers = signer.signed(body, query=query, media="text/csv")
        answer = kripos.post(body, query=query, media="text/csv", **headers)
        assert (answer.status_code, answer.json()["prepared"]) == (202, "2026-11-24T08:00:00Z")

    def test_large_body_is_hashed_in_pieces(self, kripos, signer):
        body = BODY + b" " * 3_000_000
        assert kripos.post(body, **signer.signed(body)).status_code == 202

    def test_other_digests(self, kripos, signer):
        for names in (["sha-512"], ["sha-256", "sha-512"], ["sha-256", "md5"]):
            value = ", ".join(content_digest(BODY, name) for name in names)
            headers = signer.headers(signer.covered(BODY) | {"content-digest": value})
            assert kripos.post(BODY, **headers).status_code == 202, names

    def test_parameters_that_may_be_there(self, kripos, signer):
        nonce, tag = {"nonce": "S3YhNIuJhgXjOglPMdXibQ"}, {"tag": "police2peer"}
        for told in ({"alg": "ed25519"}, nonce, tag, {"expires": 4_000_000_000}):
            assert kripos.post(BODY, **signer.signed(BODY, parameters=told)).status_code == 202, told

    def test_ways_to_write_the_same(self, kripos, signer):
        def signed(nonce, covered, **more):
            return signer.headers(covered, nonce=nonce, **more)

        covered = signer.covered(BODY)
        for way, headers in {
            "order": signed("1", dict(reversed(covered.items()))),
            "label": signed("2", covered, label="another*-1"),
            "names": {name.upper(): value for name, value in signed("3", covered).items()},
            "blanks": {name: f" \t{value}  " for name, value in signed("4", covered).items()},
        }.items():
            assert kripos.post(BODY, **headers).status_code == 202, way

    def test_address_as_a_whole_covers_path_and_query(self, kripos, signer):
        whole = f"{PATH}{DRY}"
        for name, value in (("@target-uri", f"http://testserver{whole}"), ("@request-target", whole)):
            covered = {name: value} | signer.covered(BODY)
            del covered["@path"]
            assert kripos.post(BODY, query=DRY, **signer.headers(covered)).status_code == 200, name

    def test_date_stands_in_for_created(self, kripos, signer):
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        headers = {"Date": date} | signer.headers(signer.covered(BODY, date=date), created=None)
        assert kripos.post(BODY, **headers).status_code == 202

    def test_two_keys_serve_while_one_takes_over(self, kripos, signer):
        for each in (signer, registered(kripos)):
            assert kripos.post(BODY, **each.signed(BODY)).status_code == 202

    def test_another_host_name_behind_a_proxy(self, kripos, signer):
        """What the proxy asks us for need not be what the agency asked the proxy for."""
        inside = {"HTTP_HOST": "localhost:8000"}
        assert kripos.post(BODY, environment=inside, **signer.signed(BODY)).status_code == 202
        covered = signer.covered(BODY) | {"@authority": "federation.example.org"}
        answer = kripos.post(BODY, environment=inside, **signer.headers(covered))
        assert answer.json()["code"] == "signature_invalid"
        covered["@authority"] = "localhost:8000"
        assert kripos.post(BODY, environment=inside, **signer.headers(covered)).status_code == 202


def test_agency_that_must_sign_cannot_send_unsigned(kripos, signer):
    require(kripos)
    refused(kripos.post(BODY), 403, "signature_required")
    refused(kripos.post(BODY, query=DRY), 403, "signature_required")
    assert kripos.post(BODY, **signer.signed(BODY)).status_code == 202


@pytest.mark.parametrize("required", [True, False])
def test_half_a_signature_is_not_taken_for_none(kripos, signer, required):
    require(kripos, required=required)
    for lost in ("Signature", "Signature-Input"):
        headers = signer.signed(BODY)
        del headers[lost]
        refused(kripos.post(BODY, **headers), 400, "signature_malformed")


class TestCovered:
    """The signature covers everything that changes the meaning of a submission, and one change of it is refused."""

    @pytest.mark.parametrize(
        ("headers", "query"),
        [({}, ""), ({"Idempotency-Key": "one", "Content-Encoding": "identity"}, DRY)],
        ids=["least", "most"],
    )
    def test_each_part_must_be_covered(self, kripos, signer, headers, query):
        covered = signer.covered(BODY, query=query, **headers)
        for name in covered:
            less = {other: value for other, value in covered.items() if other != name}
            sent = headers | {"Content-Digest": covered["content-digest"]} | signer.headers(less)
            told = refused(kripos.post(BODY, query=query, **sent), 403, "signature_incomplete")
            assert told["detail"] == f"The signature must cover these too: {name}."

    def test_time_must_be_covered(self, kripos, signer):
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        headers = {"Date": date} | signer.headers(signer.covered(BODY), created=None)
        assert "created" in refused(kripos.post(BODY, **headers), 403, "signature_incomplete")["detail"]

    def test_header_that_was_changed(self, kripos, signer):
        packed, date = gzip.compress(BODY), time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        sent = {"Content-Encoding": "gzip", "Idempotency-Key": "one", "Date": date, "Content-Length": str(len(packed))}
        headers = signer.signed(packed, **sent)
        for changed in (
            {"Content-Type": "application/json; charset=utf-8"},
            {"Content-Encoding": "x-gzip"},
            {"Idempotency-Key": "two"},
            {"Date": "Tue, 20 Apr 2021 02:07:55 GMT"},
            {"Content-Digest": content_digest(packed, "sha-512")},
            {"Content-Length": str(len(packed) - 1)},
        ):
            refused(kripos.post(packed, **headers | changed), 403, "signature_invalid")
        assert kripos.post(packed, **headers).status_code == 202

    def test_query_that_was_changed(self, kripos, signer):
        for signed, sent, code in (
            ("", DRY, "signature_incomplete"),
            (DRY, "", "signature_invalid"),
            (DRY, "?dry_run=false", "signature_invalid"),
            (DRY, "?dry_run=true&dry_run=", "repeated_parameter"),
            (DRY, "?dry_run=tru%65", "signature_invalid"),
        ):
            answer = kripos.post(BODY, query=sent, **signer.signed(BODY, query=signed))
            refused(answer, answer.status_code, code)

    def test_request_that_is_another(self, kripos, signer):
        for name, value in {
            "@method": "PUT",
            "@path": PATH + "x",
            "@scheme": "https",
            "@authority": "example.org",
            "@target-uri": f"https://testserver{PATH}",
        }.items():
            headers = signer.headers(signer.covered(BODY) | {name: value})
            refused(kripos.post(BODY, **headers), 403, "signature_invalid")

    def test_header_that_was_taken_away(self, kripos, signer):
        headers = signer.signed(BODY, **{"Idempotency-Key": "one"})
        del headers["Idempotency-Key"]
        refused(kripos.post(BODY, **headers), 400, "signature_component_refused")

    def test_header_that_was_put_in(self, kripos, signer):
        headers = signer.signed(BODY) | {"Idempotency-Key": "one"}
        refused(kripos.post(BODY, **headers), 403, "signature_incomplete")

    def test_what_is_said_of_the_signature_is_signed_too(self, kripos, signer):
        other, headers = registered(kripos), signer.signed(BODY)
        told = headers["Signature-Input"]
        made = told.split(";created=")[1].split(";")[0]
        for changed in (
            told.replace(made, str(int(made) + 1)),
            told.replace(signer.keyid, other.keyid),
            told.replace('"@method" "@path"', '"@path" "@method"'),
            told + ';alg="ed25519"',
        ):
            refused(kripos.post(BODY, **headers | {"Signature-Input": changed}), 403, "signature_invalid")

    def test_what_must_not_be_kept_is_not_covered(self, kripos, signer):
        for name in ("authorization", "cookie", "user-agent", "x-forwarded-for", "signature", "host", "@status"):
            headers = {"User-Agent": "x", **signer.headers(signer.covered(BODY) | {name: "x"})}
            refused(kripos.post(BODY, **headers), 400, "signature_component_refused")

    def test_part_of_a_part_is_not_covered(self, kripos, signer):
        headers = signer.signed(BODY)
        told = headers["Signature-Input"]
        for part in (
            '"content-digest";key="sha-256"',
            '"content-type";sf',
            '"content-type";bs',
            '"content-type";tr',
            '"@query-param";name="dry_run"',
            '"@method";req',
        ):
            changed = {"Signature-Input": told.replace('"@method"', f'"@method" {part}', 1)}
            refused(kripos.post(BODY, **headers | changed), 400, "signature_component_refused")


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

"""Signed submissions: what is taken, what is refused and by which code, and what is kept of it.

The signer is the tests' own, written by hand from RFC 9421.
"""

import gzip
import time

import pytest

from federation.models.audit import AuditEvent
from federation.models.submissions import Report, Signature
from tests.contract.callers import COLUMNS, hour
from tests.contract.signed import BODY, DRY, refused, registered, require
from tests.oracles.signing import PATH, base_of, content_digest, encoded

pytestmark = pytest.mark.django_db


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

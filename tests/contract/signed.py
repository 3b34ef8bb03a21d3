"""Callers whose keys are registered, and what a refused submission leaves: nothing."""

import json

from django.utils import timezone

from countries import registry
from countries.accounts import signing
from federation.models.audit import AuditEvent
from federation.models.submissions import IdempotencyKey, Report, Signature, Submission
from federation.models.worklist import Work
from tests.contract.callers import report
from tests.oracles.signing import Signer

DRY = "?dry_run=true"
BODY = json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]}).encode()


def registered(caller, **more):
    """A signer whose key is registered for an agency."""
    signer = Signer("")
    key = signing.register(
        agency=caller.issued.credential.agency, public_key=signer.public, by="a test", now=timezone.now(), **more
    )
    return signer.named(key.keyid)


def require(caller, *, required=True):
    agency = caller.issued.credential.agency
    agency.signature_required = required
    registry.save(agency, by="a test", fields=["signature_required"])


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()["detail"]
    assert not any(model.objects.exists() for model in (Submission, Report, Work, IdempotencyKey, Signature))
    assert not AuditEvent.objects.filter(action__startswith="submission").exists()
    return answer.json()

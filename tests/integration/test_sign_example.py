"""The how-to on signing, as a developer follows it: its commands, and its script against a web server."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from django.utils import timezone

from countries.accounts import signing
from federation.models.submissions import Signature
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory
from tests.integration.processes import ROOT

HOW_TO = (ROOT / "docs/how-to/sign.md").read_text()
[COMMANDS] = re.findall(r"```sh\n(openssl.*?)```", HOW_TO, re.DOTALL)
[SCRIPT] = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
@pytest.mark.django_db(transaction=True)
def test_key_made_with_openssl_signs_what_the_script_sends(live_server, tmp_path):
    made = subprocess.run(["sh", "-ec", COMMANDS], cwd=tmp_path, check=True, capture_output=True, text=True)
    IndicatorFactory.create()
    agency = AgencyFactory.create()
    public = (tmp_path / "public.pem").read_text()
    key = signing.register(agency=agency, public_key=public, by="a test", now=timezone.now())
    assert key.fingerprint in made.stdout

    (tmp_path / "send.py").write_text(SCRIPT)
    (tmp_path / "report.json").write_text(
        json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]})
    )
    given = {"SERVICE": live_server.url, "KEYID": key.keyid, "TOKEN": Caller(agency=agency).token}

    def send(query=""):
        sent = subprocess.run(
            [sys.executable, "send.py", "report.json"],
            cwd=tmp_path, env=os.environ | given | {"QUERY": query}, check=True, capture_output=True, text=True,
        )  # fmt: skip
        status, _, answer = sent.stdout.partition(" ")
        return int(status), json.loads(answer)

    assert send("?dry_run=true")[0] == 200
    status, answer = send()
    assert (status, answer["signed_by"]) == (202, {"keyid": key.keyid, "fingerprint": key.fingerprint})
    assert str(Signature.objects.get().submission_id) == answer["id"]


def test_each_refusal_is_explained():
    from api.codes import CODES

    for code in CODES:
        if code.startswith(("signature_", "content_digest_")):
            assert f"`{code}`" in HOW_TO

"""The how-to on webhooks, as a developer follows it: its receiver, and messages of the service and of others."""

import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.utils import timezone

from federation.notifications import webhook_keys, webhooks
from federation.notifications.errors import DeliveryError
from tests import receiver
from tests.integration.processes import ROOT, eventually

HOW_TO = (ROOT / "docs/how-to/receive-webhooks.md").read_text()
[SCRIPT] = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
IDS = [f"0197fcf1-94bd-7d05-8a5a-27f0a4e6b6f{number}" for number in range(4)]


@pytest.fixture
def example(live_server, tmp_path, monkeypatch, settings):
    """The receiver of the how-to, its address, and the lines that it has printed."""
    made = receiver.authority(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.1")]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, printed = f"https://127.0.0.1:{port}/hook", tmp_path / "printed"
    (tmp_path / "receive.py").write_text(SCRIPT)
    given = {"SERVICE": live_server.url, "URL": url, "CERTIFICATE": str(made.certificate)}
    with printed.open("w") as output:
        running = subprocess.Popen([sys.executable, "receive.py"], cwd=tmp_path, env=os.environ | given, stdout=output)
    try:
        assert eventually(lambda: _listens(port))
        yield url, lambda: printed.read_text().splitlines()
    finally:
        running.kill()
        running.wait()


def _listens(port):
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _status(url, body, headers):
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context()) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.django_db(transaction=True)
def test_receiver_takes_what_the_service_signed_and_nothing_else(example, settings):
    url, printed = example
    now = timezone.now()

    def signed(name, body=b'{"a": 1}', to=url, age=0):
        created = now - timedelta(seconds=age)
        return webhook_keys.signed_headers(to, body, message_id=name, possibly_repeated=False, created=created)

    webhooks.post(url, b'{"a": 1}', message_id=IDS[0], repeated=False)
    webhooks.post(url, b'{"a": 1}', message_id=IDS[0], repeated=True)
    assert printed() == [f"{IDS[0]} {{'a': 1}}"]

    headers = signed(IDS[1])
    forged = {
        "another body": (b'{"a": 2}', headers),
        "another id": (b'{"a": 1}', headers | {"Message-Id": IDS[2]}),
        "another mark": (b'{"a": 1}', headers | {"Possibly-Repeated": "true"}),
        "for another address": (b'{"a": 1}', signed(IDS[1], to="https://other.example.org/hook")),
        "recorded": (b'{"a": 1}', signed(IDS[1], age=301)),
        "from the future": (b'{"a": 1}', signed(IDS[1], age=-302)),
        "unsigned": (b'{"a": 1}', {"Content-Type": "application/json", "Message-Id": IDS[1]}),
        "fewer parts": (
            b'{"a": 1}',
            headers | {"Signature-Input": headers["Signature-Input"].replace(' "possibly-repeated"', "")},
        ),
    }
    assert {name: _status(url, *sent) for name, sent in forged.items()} == dict.fromkeys(forged, 401)
    assert _status(url, b'{"a": 1}', headers) == 204
    assert _status(url, b'{"a": 1}', headers) == 204
    assert printed()[1:] == [f"{IDS[1]} {{'a': 1}}"]

    settings.WEBHOOK_KEYS = [b"\x07" * 32]
    with pytest.raises(DeliveryError, match="401"):
        webhooks.post(url, b'{"a": 1}', message_id=IDS[3], repeated=False)

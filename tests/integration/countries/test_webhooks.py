"""Webhooks at the desk: entered, and tested with a real receiver."""

import json
from ipaddress import ip_network

import pytest
from django.contrib.auth.models import Group, User

from countries.models import Webhook
from federation.models.audit import AuditEvent
from tests import factories, receiver
from tests.integration.countries.conftest import PASSWORD, address, text
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
URL = "https://reports.example.org/federation"


@pytest.fixture
def agency():
    return factories.AgencyFactory.create()


def enter(desk, agency, url=URL, **more):
    form = {"agency": agency.pk, "url": url, "active": "on", "password": PASSWORD, **more}
    return desk.post(address(Webhook, "add"), form)


def errors(answer):
    return answer.context["adminform"].form.errors


def test_webhook_is_entered_and_the_trail_says_by_whom_and_not_where(desk, agency):
    assert enter(desk, agency, reason="The agency asked for it").status_code == 302
    webhook = Webhook.objects.get()
    assert (webhook.url, webhook.agency, webhook.active) == (URL, agency, True)
    event = AuditEvent.objects.get(action="webhook.added")
    assert (event.actor, event.reason) == ("ada", "The agency asked for it")
    assert "reports.example.org" not in f"{event.subject} {event.details}"


@pytest.mark.parametrize("password", ["another", ""])
def test_entering_and_changing_need_the_password(desk, agency, password):
    assert set(errors(enter(desk, agency, password=password))) == {"password"}
    assert not Webhook.objects.exists()
    webhook = factories.WebhookFactory.create(agency=agency, active=False)
    page = address(Webhook, "change", webhook.pk)
    assert set(errors(desk.post(page, {"active": "on", "password": password}))) == {"password"}
    assert not Webhook.objects.get().active
    desk.post(page, {"active": "on", "password": PASSWORD})
    assert Webhook.objects.get().active
    assert AuditEvent.objects.get(action="webhook.changed").details["after"]["active"]


def test_password_is_not_shown_again(desk, agency):
    page = text(enter(desk, agency, url="http://reports.example.org/"))
    assert PASSWORD not in page


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://reports.example.org/", "must begin with https://"),
        ("https://reports.example.org/?token=secret", "must not have a query"),
        ("https://127.0.0.1/hook", "Give the name of the receiver"),
        ("https://[::1]/hook", "Give the name of the receiver"),
        ("https://169.254.169.254/latest/", "Give the name of the receiver"),
        ("https://8.8.8.8/hook", "Give the name of the receiver"),
        ("https://localhost/hook", "not a full host name"),
    ],
)
def test_unusable_address_is_refused_and_says_why(desk, agency, url, why):
    found = errors(enter(desk, agency, url=url))
    assert set(found) == {"url"}
    assert any(why in one for one in found["url"])
    assert not Webhook.objects.exists()


def test_without_a_key_no_webhook_is_entered(desk, agency, settings):
    settings.WEBHOOK_KEYS = []
    assert "WEBHOOK_KEYS" in errors(enter(desk, agency))["url"][0]
    assert not Webhook.objects.exists()


def test_agency_and_address_are_fixed(desk, agency):
    webhook = factories.WebhookFactory.create(agency=agency, url=URL)
    desk.post(address(Webhook, "change", webhook.pk), {"url": "https://other.example.org/", "password": PASSWORD})
    webhook.refresh_from_db()
    assert (webhook.url, webhook.active) == (URL, False)


def test_observer_enters_changes_and_tests_nothing(client, agency, hook):
    webhook = factories.WebhookFactory.create(agency=agency, url=hook.url("127.0.0.1"))
    observer = User.objects.create_user("bo", password=PASSWORD, is_staff=True)
    observer.groups.add(Group.objects.get(name="observer"))
    signed_in(client, observer)
    page = text(client.get(address(Webhook, "change", webhook.pk)))
    assert "Send a test message" not in page
    assert "password" not in page.partition('id="content"')[2]
    for view in (("add",), ("change", webhook.pk), ("test", webhook.pk), ("delete", webhook.pk)):
        assert client.post(address(Webhook, *view), {"password": PASSWORD, "reason": "x"}).status_code == 403
    assert Webhook.objects.get().active
    assert not hook.connections


@pytest.fixture
def hook(tmp_path, monkeypatch, settings):
    made = receiver.authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.1")]
    with receiver.receiver(made.certificate) as running:
        yield running


def send_test(desk, webhook):
    return text(desk.post(address(Webhook, "test", webhook.pk), follow=True))


def test_test_message_arrives(desk, agency, hook):
    webhook = factories.WebhookFactory.create(agency=agency, url=hook.url("127.0.0.1"))
    assert "Send a test message" in text(desk.get(address(Webhook, "change", webhook.pk)))
    assert "up to five seconds" in text(desk.get(address(Webhook, "test", webhook.pk)))
    assert not hook.requests
    assert "The receiver has accepted the test message." in send_test(desk, webhook)
    [request] = hook.requests
    [told] = json.loads(request.body)["notifications"]
    assert (told["kind"], told["agency"]) == ("test", "NO-KRIPOS")
    assert "signature" in request.headers


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 503 x\r\n\r\n", "The receiver answered with the status 503 (Service Unavailable)."),
        (b"HTTP/1.1 302 x\r\nLocation: https://127.0.0.1/\r\n\r\n", "Redirects are not followed"),
        (b"", "The connection to 127.0.0.1 failed, or its answer is not HTTP."),
    ],
)
def test_desk_says_in_words_what_the_receiver_answered(desk, agency, hook, answer, said):
    hook.answer = lambda connection, _: connection.sendall(answer)
    webhook = factories.WebhookFactory.create(agency=agency, url=hook.url("127.0.0.1"))
    page = send_test(desk, webhook)
    assert "The test message was not delivered." in page
    assert said in page


@pytest.mark.parametrize("inactive", ["webhook", "agency"])
def test_inactive_webhook_is_not_tested(desk, agency, hook, inactive):
    webhook = factories.WebhookFactory.create(agency=agency, url=hook.url("127.0.0.1"))
    row = webhook if inactive == "webhook" else agency
    row.active = False
    row.save()
    assert "Send a test message" not in text(desk.get(address(Webhook, "change", webhook.pk)))
    assert "is not active" in send_test(desk, webhook)
    assert not hook.connections

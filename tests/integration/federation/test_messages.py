"""Messages are sent once, or say that they may be repetitions; whatever the mail server does, workers go on."""

import re
from datetime import timedelta

import pytest

from countries import registry
from countries.models import Recipient
from federation.models.audit import AuditEvent
from federation.models.notifications import Message, Notification
from federation.notifications import compose, mail, send, texts, webhooks
from federation.notifications.errors import DeliveryError
from tests import factories
from tests.integration.federation.outbox import MORNING, tell
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings, free_port):
    with mail_server(settings, free_port) as made:
        yield made


@pytest.fixture
def desk():
    return factories.RecipientFactory.create(agency=None, mailbox="desk@example.org")


def to(server):
    return sorted(one["To"] for one in server.received)


def the_message():
    return Message.objects.get()


# --- who gets what, when ----------------------------------------------------------------------------------------------


def test_an_urgent_notification_reaches_its_agency_and_the_coordinators_at_once(server, time, agency, office, desk):
    other = factories.RecipientFactory.create(agency=factories.AgencyFactory.create(code="SE-NOA"))
    factories.RecipientFactory.create(agency=agency, active=False)
    tell(agency)
    time.go()
    time.go(seconds=10)
    assert to(server) == ["desk@example.org", "office@example.org"]
    by_mailbox = {one["To"]: one.get_content() for one in server.received}
    assert "https://p2p.example.org/agency/findings/7/" in by_mailbox["office@example.org"]
    assert "https://p2p.example.org/admin/federation/finding/7/change/" in by_mailbox["desk@example.org"]
    assert not other.messages.exists()


@pytest.mark.verify
def test_five_hundred_holds_are_one_mail_with_one_line(server, time, agency, office):
    for number in range(500):
        tell(agency, finding=number, first=f"2026-11-{1 + number // 24:02}T{number % 24:02}")
    time.go()
    [received] = server.received
    assert received.get_content().count("NO-KRIPOS are held") == 1
    assert "2026-11-01T00 to 2026-11-25T10" in received.get_content()


def test_urgent_notifications_join_a_mail_that_was_never_tried(time, agency, office):
    for _ in range(2):
        tell(agency)
        compose.compose(now=time.now)
    assert the_message().notifications.count() == 2


def test_a_digest_comes_once_a_day_for_what_was_before_its_hour(server, time, agency, office, desk):
    tell(agency, "opened")
    tell(agency, "answered")
    time.go(hours=17)
    assert server.received == []
    time.go(hours=1, minutes=1)
    assert to(server) == ["desk@example.org", "office@example.org"]
    assert "answered" not in next(one for one in server.received if one["To"] == "office@example.org").get_content()
    # A straggler, a clock that goes back, and another call make no second digest of the day.
    tell(agency, "opened", at=time.now - timedelta(hours=1))
    time.go(minutes=1)
    time.go(hours=-2)
    time.go(hours=3)
    assert len(server.received) == 2
    time.go(days=1)
    assert len(server.received) == 4


def test_a_day_without_news_has_no_digest(server, time, office, desk):
    time.go(days=2)
    assert not Message.objects.exists()


def test_a_mail_is_in_the_language_of_its_recipient(server, time, agency, office, monkeypatch):
    Recipient.objects.update(language="nb")
    monkeypatch.setattr(texts, "gettext", lambda text: f"<{mail.translation.get_language()}> {text}")
    tell(agency)
    time.go()
    [received] = server.received
    assert "<nb>" in received["Subject"]
    assert "<nb>" in received.get_content()
    assert "/nb/agency/findings/7/" in received.get_content()
    assert received["Content-Language"] == "nb"


def test_mails_have_no_numbers_but_dates_and_ids(time, agency, office, desk, server, settings):
    for kind, _ in Notification._meta.get_field("kind").choices:
        tell(agency, kind, code="invalid_payload", day="2026-11-25", credential=3)
    time.go()
    time.go(days=1)
    for received in server.received:
        words = re.sub(r"https?://\S+|\d{4}-\d\d-\d\d(T\d\d)?|R\d{3}|Police2Peer", "", received.get_content())
        assert not re.search(r"\d", words)
    assert {one.kind for one in Notification.objects.filter(messages__isnull=False)} == {
        kind for kind, _ in Notification._meta.get_field("kind").choices
    }


def test_without_a_mail_server_mails_are_files(settings, time, agency, office, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    tell(agency)
    time.go()
    [file] = tmp_path.iterdir()
    assert "To: office@example.org" in file.read_text()
    assert the_message().state == "sent"


# --- once, or marked --------------------------------------------------------------------------------------------------


def test_a_mail_whose_sender_was_killed_comes_again_and_says_so(server, time, agency, office, monkeypatch):
    tell(agency)
    with monkeypatch.context() as patch:
        patch.setattr(send, "_store", lambda _: None)
        time.go()
    assert (the_message().state, len(server.received)) == ("sending", 1)
    # Somebody else may still be sending it.
    time.go(seconds=20)
    assert len(server.received) == 1
    time.go(seconds=11)
    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"]
    assert second["X-Possibly-Repeated"] == "yes"
    assert "You may have received this message before." in second.get_content()
    assert "before." not in first.get_content()
    assert the_message().state == "sent"


def test_a_second_sender_sends_nothing_that_the_first_one_has(server, time, agency, office, monkeypatch):
    tell(agency)
    compose.compose(now=time.now)
    assert len(send._claim(time.now)) == 1
    tell(agency)
    time.go()
    assert server.received == []


def test_a_connection_that_ends_after_the_mail_makes_the_next_attempt_a_repetition(server, time, agency, office):
    server.after_data = [None]
    tell(agency)
    time.go()
    assert (the_message().state, the_message().is_repeated) == ("waiting", True)
    time.go(seconds=30)
    assert the_message().state == "sent"


def test_a_message_that_cannot_be_written_stops_no_other(server, time, agency, office, monkeypatch):
    """Such as one about a rule that this version does not know."""
    other = factories.RecipientFactory.create(agency=factories.AgencyFactory.create(code="SE-NOA"))
    tell(agency, rule="R999")
    tell(other.agency)
    time.go()
    assert to(server) == [other.mailbox]
    assert (office.messages.get().state, office.messages.get().error) == ("waiting", "KeyError")


def test_a_sender_that_wakes_up_late_changes_nothing_of_what_another_one_does(server, time, agency, office):
    tell(agency)
    compose.compose(now=time.now)
    [late] = send._claim(time.now)
    time.now += send.CLAIM + timedelta(seconds=1)
    [message] = send._claim(time.now)
    assert (late.is_repeated, message.is_repeated) == (False, True)
    send._store([send.Attempt(late, print, has_begun=True, has_ended=True, failure=mail.MailError("it was away"))])
    assert (the_message().state, the_message().is_repeated) == ("sending", True)


def test_a_refused_mailbox_is_not_tried_again_and_a_busy_one_is(server, time, agency, office, desk):
    server.answers = {"office@example.org": "550 office@example.org is unknown", "desk@example.org": "451 later"}
    tell(agency)
    time.go()
    refused, busy = office.messages.get(), desk.messages.get()
    assert (refused.state, refused.error) == ("given_up", "the mailbox was refused with 550")
    assert (busy.state, busy.is_repeated, busy.due) == ("waiting", False, MORNING + timedelta(seconds=30))
    server.answers = {}
    time.go(seconds=30)
    assert to(server) == ["desk@example.org"]


def test_a_server_that_is_away_is_tried_again_for_three_days(settings, time, agency, office, free_port):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS = free_port, False
    tell(agency)
    time.go()
    assert the_message().due == time.now + timedelta(seconds=30)
    time.go(hours=2)
    assert (the_message().due, the_message().is_repeated) == (time.now + timedelta(minutes=10), False)
    time.go(days=3)
    assert the_message().state == "given_up"
    assert "did not answer" in the_message().error


def test_a_server_that_hangs_costs_one_short_wait_for_all_mails(server, time, agency, office, desk):
    server.hangs = True
    tell(agency)
    time.go()
    assert server.conversations == 1
    assert {(one.state, one.due) for one in Message.objects.all()} == {("waiting", MORNING + timedelta(seconds=30))}


def test_webhooks_are_called_although_the_mail_server_hangs(server, time, agency, office, monkeypatch):
    called = []
    monkeypatch.setattr(webhooks, "post", lambda url, body, **more: called.append((url, body, more)))
    hook = factories.WebhookFactory.create(agency=agency)
    server.hangs = True
    told = tell(agency, "opened")
    tell(agency, "answered")
    time.go()
    [(url, body, more)] = called
    message = hook.messages.get()
    assert (url, more) == (hook.url, {"message_id": str(message.pk), "repeated": False})
    assert send.json.loads(body) == {
        "id": str(message.pk),
        "possibly_repeated": False,
        "sent_at": "2026-11-25T12:00:00Z",
        "notifications": [
            {
                "id": told.pk,
                "kind": "opened",
                "agency": "NO-KRIPOS",
                "at": "2026-11-25T12:00:00Z",
                "indicator": "DOWNLOADS",
                "frequency": "H",
                "period": "2026-11-25T10",
                "rule": "R102",
                "link": "https://p2p.example.org/agency/findings/7/",
            }
        ],
    }
    assert message.state == "sent"


def test_a_webhook_that_fails_is_called_again_and_told_so(time, agency, monkeypatch):
    calls = []

    def post(_url, _body, *, message_id, repeated):
        calls.append(repeated)
        if len(calls) == 1:
            raise DeliveryError("The receiver answered with 503.", is_permanent=False)

    monkeypatch.setattr(webhooks, "post", post)
    factories.WebhookFactory.create(agency=agency)
    tell(agency)
    time.go()
    assert the_message().error == "The receiver answered with 503."
    time.go(seconds=30)
    assert (calls, the_message().state) == ([False, True], "sent")


@pytest.mark.verify
def test_a_long_history_is_many_calls_none_of_them_too_large(time, agency, monkeypatch):
    """Nobody takes a message of many megabytes, however often it is sent."""
    sizes = []
    monkeypatch.setattr(webhooks, "post", lambda _url, body, **_: sizes.append(len(body)))
    hook = factories.WebhookFactory.create(agency=agency)
    Notification.objects.bulk_create(
        factories.NotificationFactory.build(agency=agency, kind="opened") for _ in range(2 * compose.MOST_PER_CALL + 5)
    )
    compose.compose(now=time.now)
    tell(agency)
    for _ in range(3):
        time.go(seconds=10)
    told = sorted(one.notifications.count() for one in hook.messages.all())
    assert told == [6, compose.MOST_PER_CALL, compose.MOST_PER_CALL]
    assert (len(sizes), max(sizes) < 1_000_000) == (3, True)


# --- after a restore, and after a long time ---------------------------------------------------------------------------


def test_after_a_restore_what_waits_is_a_repetition_and_what_is_old_is_not_sent(server, time, agency, office):
    tell(agency)
    tell(agency, at=MORNING - timedelta(days=4))
    compose.after_restore(now=time.now)
    time.go()
    [received] = server.received
    assert received["X-Possibly-Repeated"] == "yes"
    assert the_message().notifications.count() == 1
    time.go(days=5)
    assert len(server.received) == 1


def test_old_notifications_and_messages_are_deleted(server, time, agency, office):
    tell(agency)
    time.go()
    compose.prune(now=MORNING + timedelta(days=90))
    assert Message.objects.count() == 1
    compose.prune(now=MORNING + timedelta(days=90, seconds=1))
    assert not Message.objects.exists()
    assert not Notification.objects.exists()


# --- switching off ----------------------------------------------------------------------------------------------------


def link_in(received):
    return received["List-Unsubscribe"].strip("<>").removeprefix("https://p2p.example.org")


def test_the_link_shows_first_and_switches_off_by_the_button(server, time, agency, office, client):
    tell(agency)
    time.go()
    [received] = server.received
    assert link_in(received) in received.get_content()
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    shown = client.get(link_in(received))
    assert shown.status_code == 200
    assert "NO-KRIPOS" in shown.text
    assert "office@" not in shown.text
    office.refresh_from_db()
    assert office.active
    for _ in range(2):
        answer = client.post(link_in(received), {"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    office.refresh_from_db()
    assert not office.active
    event = AuditEvent.objects.get(action="recipient.changed")
    assert event.actor == f"recipient {office.pk}"
    assert "example.org" not in f"{event.subject} {event.details}"


def test_what_waits_for_a_recipient_that_was_switched_off_is_not_sent(server, time, agency, office):
    tell(agency)
    compose.compose(now=time.now)
    Recipient.objects.update(active=False)
    time.go()
    assert server.received == []
    assert not Message.objects.exists()


@pytest.mark.parametrize("token", ["7", "7:x", "x:y", "99:" + "A" * 43])
def test_another_token_switches_nothing_off(client, office, token):
    assert client.get(f"/agency/switch-off/{token}/").status_code == 410
    assert client.post(f"/agency/switch-off/{token}/").status_code == 410
    assert Recipient.objects.get().active


# --- the registry -----------------------------------------------------------------------------------------------------


def test_the_audit_trail_has_no_mailbox(agency):
    recipient = Recipient(agency=agency, mailbox="office@example.org")
    registry.save(recipient, by="kari", reason="a new office")
    recipient.mailbox = "other@example.org"
    registry.save(recipient, by="kari", reason="it moved")
    registry.delete(recipient, by="kari", reason="it closed")
    events = list(AuditEvent.objects.order_by("pk"))
    assert [one.action for one in events] == ["recipient.added", "recipient.changed", "recipient.removed"]
    assert events[1].details["after"]["mailbox"] == "changed"
    assert "@" not in "".join(f"{one.subject} {one.details}" for one in events)


@pytest.mark.parametrize("mailbox", ["office", "a@b@example.org", "a@example.org\nBcc: b@example.org", "ø@example.org"])
def test_what_is_no_mailbox_is_refused(agency, mailbox):
    with pytest.raises(Exception, match=r"no mailbox|control character"):
        registry.save(Recipient(agency=agency, mailbox=mailbox), by="kari")


def test_a_mailbox_is_once_in_an_agency_and_once_among_the_coordinators(agency):
    for holder in (agency, None):
        registry.save(Recipient(agency=holder, mailbox="office@example.org"), by="kari")
        with pytest.raises(Exception, match="already a recipient"):
            registry.save(Recipient(agency=holder, mailbox="Office@example.org"), by="kari")

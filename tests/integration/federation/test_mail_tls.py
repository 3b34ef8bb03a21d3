"""Mails over TLS, to a mail server that wants a sign-in. A wrong server gets neither a mail nor the password."""

from contextlib import contextmanager

import pytest

from federation.models.notifications import Message
from tests import mail_server, receiver
from tests.integration.federation.outbox import tell

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")]
both = pytest.mark.parametrize("tls", ["starttls", "tls"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return receiver.authority(tmp_path_factory.mktemp("authority"), "127.0.0.1")


@pytest.fixture(autouse=True)
def trusted(authority, monkeypatch, settings):
    """The machine trusts the authority of the mail server, which knows this user."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "police2peer", "right"


@pytest.fixture
def served(settings, free_port, authority):
    @contextmanager
    def serve(tls, certificate=authority.certificate):
        with mail_server.mail_server(settings, free_port, tls=tls, certificate=certificate) as server:
            yield server

    return serve


def waiting():
    """The reason why the only message waits. Nothing of it has arrived."""
    message = Message.objects.get()
    assert (message.state, message.is_repeated) == ("waiting", False)
    return message.error


@both
def test_a_mail_arrives_over_tls_with_a_sign_in(served, tls, time, agency, office):
    with served(tls) as server:
        tell(agency)
        time.go()
    [received] = server.received
    assert received["To"] == "office@example.org"
    assert server.was_encrypted == [True]
    assert server.users == ["police2peer"]


@both
@pytest.mark.parametrize("names", [("127.0.0.2",), None], ids=["of another name", "of an unknown authority"])
def test_a_wrong_certificate_is_refused_and_the_mail_goes_out_later(
    served, tls, names, time, agency, office, authority, tmp_path, monkeypatch
):
    wrong = receiver.authority(tmp_path, *(names or ("127.0.0.1",)))
    if names:
        monkeypatch.setenv("SSL_CERT_FILE", str(wrong.ca))
    tell(agency)
    with served(tls, wrong.certificate) as server:
        time.go()
    assert waiting() == "the certificate of the mail server is not valid"
    assert (server.received, server.passwords) == ([], 0)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    with served(tls) as server:
        time.go(seconds=30)
    assert len(server.received) == 1
    assert "X-Possibly-Repeated" not in server.received[0]


def test_a_server_that_offers_no_tls_gets_neither_the_mail_nor_the_password(served, settings, time, agency, office):
    """Somebody between the service and its mail server can take STARTTLS out of the answer."""
    tell(agency)
    with served("none", None) as server:
        settings.EMAIL_USE_TLS = True
        time.go()
    assert waiting() == "the mail server offers no STARTTLS, or no sign-in"
    assert (server.received, server.passwords) == ([], 0)


@both
def test_a_wrong_password_is_a_fault_of_the_operator_who_can_correct_it(served, settings, tls, time, agency, office):
    tell(agency)
    settings.EMAIL_HOST_PASSWORD = "wrong"
    with served(tls) as server:
        time.go()
        assert waiting() == "the mail server answered with 535"
        settings.EMAIL_HOST_PASSWORD = "right"
        time.go(seconds=30)
    assert len(server.received) == 1


def test_without_a_sign_in_nothing_is_taken_from_a_server_that_wants_one(served, settings, time, agency, office):
    tell(agency)
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    with served("starttls") as server:
        time.go()
    assert waiting() == "the sender was refused with 530"
    assert server.received == []

"""The address of a client: trusted proxies may name it, and nobody else."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from api import addresses

PROXY, OUTER = "192.0.2.1", "192.0.2.2"
TRUSTED = [ip_network("192.0.2.0/24"), ip_network("2001:db8:1::/48")]
READER, LIAR = "198.51.100.7", "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (READER, READER),
        (f"{READER}, {OUTER}", READER),
        (f"{LIAR}, {READER}", READER),
        (f"{LIAR},{OUTER},{READER},{OUTER}", READER),
        (f"{OUTER}, {PROXY}", OUTER),
        (f"{READER}:4711", READER),
        (f"[2001:db8:2::7]:4711, {OUTER}", "2001:db8:2::7"),
        ("2001:DB8:2:0::7", "2001:db8:2::7"),
        ("2001:db8:2::7, 2001:db8:1::9", "2001:db8:2::7"),
        (f"::ffff:{READER}", READER),
        (f"::ffff:{OUTER}, ::ffff:{PROXY}", OUTER),
        # Junk ends the chain: what is left of it was not written by whom we trust.
        ("", PROXY),
        ("unknown", PROXY),
        (f"{LIAR}, unknown", PROXY),
        (f"{LIAR}, unknown, {OUTER}", OUTER),
        (f"{LIAR}, fe80::1%eth0", PROXY),
        (f"{LIAR},", PROXY),
        (f"{LIAR};{READER}", PROXY),
        ("[2001:db8:2::7", "2001:db8:2::7"),
        ("198.51.100.7.1", PROXY),
        ("0306.0063.0144.07", PROXY),
        (", ".join([LIAR] * 5000 + [READER]), READER),
        (", ".join([LIAR] + [OUTER] * 50), OUTER),
    ],
)
def test_client_is_the_rightmost_address_that_is_not_trusted(forwarded, client):
    assert addresses.client_address(forwarded, PROXY, TRUSTED) == client


def passed_on(peer, trusted, meta=None, **headers):
    seen, meta = {}, {} if meta is None else meta

    def view(request):
        seen.update(address=request.META["REMOTE_ADDR"], host=request.get_host(), secure=request.is_secure())
        meta.update(request.META)
        return HttpResponse()

    proxied = ("HTTP_X_FORWARDED_PROTO", "https")
    with override_settings(TRUSTED_PROXIES=trusted, SECURE_PROXY_SSL_HEADER=proxied, ALLOWED_HOSTS=["*"]):
        request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
        addresses.ClientAddress(view)(request)
    return seen


SAID = {"X-Forwarded-For": READER, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "federation.example.org"}


def test_trusted_peer_is_believed():
    seen = passed_on(PROXY, TRUSTED, **SAID)
    assert seen == {"address": READER, "host": "federation.example.org", "secure": True}


@pytest.mark.parametrize(("peer", "trusted"), [(PROXY, []), (LIAR, TRUSTED), ("", TRUSTED), ("junk", TRUSTED)])
def test_only_trusted_proxies_are_believed(peer, trusted):
    meta = {}
    said = SAID | {"X-Request-ID": "0" * 32}
    assert passed_on(peer, trusted, meta, **said) == {"address": peer, "host": "testserver", "secure": False}
    assert not [name for name in said if f"HTTP_{name.upper().replace('-', '_')}" in meta]


@pytest.mark.parametrize("trusted", [[], TRUSTED])
def test_peer_of_ipv4_at_a_socket_for_both_is_one_of_ipv4(trusted):
    """Else all of IPv4 would be one network, of which a single client could use up what all may ask for."""
    assert passed_on(f"::ffff:{LIAR}", trusted)["address"] == LIAR
    assert passed_on("::ffff:junk", trusted)["address"] == "::ffff:junk"


def test_what_the_proxy_itself_said_is_the_last():
    said = {"X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "elsewhere.example, federation.example.org"}
    seen = passed_on(PROXY, TRUSTED, **said)
    assert (seen["secure"], seen["host"]) == (False, "federation.example.org")


def test_trusted_peer_that_says_nothing_changes_nothing():
    assert passed_on(PROXY, TRUSTED) == {"address": PROXY, "host": "testserver", "secure": False}

"""Which URLs of webhooks may be entered, and which IP addresses the service may connect to for them."""

from ipaddress import ip_address, ip_network

import pytest

from countries import webhook_urls
from countries.webhook_urls import BadUrl


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("https://reports.example.org/", "reports.example.org", 443, "/"),
        ("https://reports.example.org:8443/a/b%C3%A9", "reports.example.org", 8443, "/a/b%C3%A9"),
        ("https://xn--e1afmkfd.example.org/hook", "xn--e1afmkfd.example.org", 443, "/hook"),
        ("https://192.0.2.7/hook", "192.0.2.7", 443, "/hook"),
        ("https://[2001:db8::7]:444/hook", "2001:db8::7", 444, "/hook"),
    ],
)
def test_usable(text, host, port, path):
    url = webhook_urls.parse(text)
    assert (url.host, url.port, url.path) == (host, port, path)
    assert str(url) == text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("http://reports.example.org/", "must begin with https://"),
        ("HTTPS://reports.example.org/", "in small letters"),
        ("reports.example.org", "must begin with https://"),
        ("", "must begin with https://"),
        ("https://", "cannot|not an address"),
        ("https://user:password@reports.example.org/", "a user name"),
        ("https://reports.example.org/?token=secret", "a query"),
        ("https://reports.example.org/#part", "a fragment"),
        ("https://reports.example.org", r"Write this address as https://reports\.example\.org/$"),
        ("https://reports.example.org:443/", r"Write this address as https://reports\.example\.org/$"),
        ("https://reports.example.org:0443/", r"Write this address as https://reports\.example\.org/$"),
        ("https://Reports.Example.ORG/A", r"Write this address as https://reports\.example\.org/A$"),
        ("https://[2001:DB8:0::7]/", r"Write this address as https://\[2001:db8::7\]/$"),
        ("https://reports.example.org:0/", "from 1 to 65535"),
        ("https://reports.example.org:65536/", "from 1 to 65535"),
        ("https://reports.example.org:https/", "not an address to which"),
        ("https://reports.example.org./", "not a full host name"),
        ("https://localhost/", "not a full host name"),
        ("https://réports.example.org/", "in Latin letters"),
        ("https://reports .example.org/", "not a full host name"),
        ("https://reports.example.org\\@other.example.org/", "a user name"),
        ("https://reports.example.org\\.other.example.org/", "not a full host name"),
        ("https://-reports.example.org/", "not a full host name"),
        ("https://127.1/", "neither a host name nor an IPv4 address"),
        ("https://2130706433/", "neither a host name nor an IPv4 address"),
        ("https://0x7f000001/", "neither a host name nor an IPv4 address"),
        ("https://0177.0.0.1/", "neither a host name nor an IPv4 address"),
        ("https://[fe80::1%eth0]/", "not an address to which"),
        ("https://[::1/", "not an address to which"),
        ("https://[1:2]/", "not an IPv6 address"),
        ("https://reports.example.org/é", "written as escapes"),
        ("https://reports.example.org/%c3%a9", "written as escapes"),
        ("https://reports.example.org/a b", "written as escapes"),
        ("https://reports.example.org/a\r\nX-Header: y", "written as escapes"),
        ("https://reports.example.org/a/../b", "must not have the parts"),
        ("https://reports.example.org/" + "a" * 500, "at most 500"),
    ],
)
def test_unusable(text, advice):
    with pytest.raises(BadUrl, match=advice):
        webhook_urls.parse(text)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_internet(address):
    assert webhook_urls.is_allowed(ip_address(address), [])


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.20.0.0/16", "10.20.0.1", "10.21.0.1"),
        ("10.20.0.0/16", "::ffff:10.20.0.1", "::ffff:10.21.0.1"),
        ("fd00:1::/32", "fd00:1::1", "fd00:2::1"),
        ("100.64.0.0/10", "100.64.0.1", "10.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("169.254.7.7/32", "169.254.7.7", "169.254.169.254"),
        ("::1", "::1", "127.0.0.1"),
    ],
)
def test_network_of_the_operator(network, inside, outside):
    assert webhook_urls.is_allowed(ip_address(inside), [ip_network(network)])
    assert not webhook_urls.is_allowed(ip_address(outside), [ip_network(network)])


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("0.0.0.0/0", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1"),
        ("0.0.0.0/0", "169.254.169.254"),
        ("169.254.0.0/16", "169.254.169.254"),
        ("0.0.0.0/0", "0.0.0.0"),
        ("0.0.0.0/0", "224.0.0.1"),
        ("::/0", "::1"),
        ("::/0", "fe80::1"),
        ("0.0.0.0/0", "::ffff:127.0.0.1"),
        ("::/0", "::ffff:127.0.0.1"),
    ],
)
def test_machine_itself_and_its_links_must_be_named_exactly(network, address):
    assert not webhook_urls.is_allowed(ip_address(address), [ip_network(network)])

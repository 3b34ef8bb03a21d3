"""Addresses of webhooks: which URLs may be entered, and to which IP addresses the service may connect for them.

The service posts to URLs that it did not choose. So it must not become a way into the network in which it runs.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

URL_AT_MOST: Final = 500
_FORM: Final = re.compile(
    r"https://(?P<host>\[[0-9a-fA-F:.]+\]|[^/?#@:\[\]]+)(?::(?P<port>\d{1,5}))?(?P<path>/[^?#]*)?"
)
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: What RFC 3986 allows in a path. Escapes have capital letters, so that there is one way to write each path.
_PATH: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*")
_EXAMPLE: Final = "Give an address such as https://reports.example.org/federation."

#: The IPv6 addresses that were given out for the public internet.
_PUBLIC_6: Final = IPv6Network("2000::/3")
#: IPv6 addresses that lead to the IPv4 address in their last 32 bits (RFC 6052).
_NAT64: Final = IPv6Network("64:ff9b::/96")


class BadUrl(ValueError):  # noqa: N818  it reads as what it says
    """A text is not usable as the address of a webhook. The message says why, and what to write."""


class WebhookUrl(NamedTuple):
    """The parts of a URL that was checked. `host` is a name or an IP address, the latter without brackets."""

    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"https://{self.authority}{self.path}"

    @property
    def literal(self) -> IPAddress | None:
        """The IP address that stands in the URL; none if it has a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def parse(text: str) -> WebhookUrl:
    """Split a URL, which must be written in the only form in which the service signs and sends it."""
    if len(text) > URL_AT_MOST:
        raise BadUrl(f"This address has {len(text)} characters, but at most {URL_AT_MOST} are allowed.")
    form = _FORM.fullmatch(text)
    if form is None:
        raise BadUrl(_why_not(text))
    url = WebhookUrl(_host(form["host"].lower()), _port(form["port"]), _path(form["path"] or "/"))
    if str(url) != text:
        raise BadUrl(f"Write this address as {url}")
    return url


def is_allowed(address: IPAddress, networks: Sequence[IPNetwork]) -> bool:
    """Whether a webhook may reach an IP address: it is public, or in one of the networks of the operator.

    The machine itself, its links and groups of machines are allowed only if a network is exactly this address.
    """
    inner = _inner(address)
    if any(network.num_addresses == 1 and inner in network for network in networks):
        return True
    if inner.is_loopback or inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner.is_reserved:
        return False
    if any(inner in network for network in networks):
        return True
    return inner.is_global and (isinstance(inner, IPv4Address) or inner in _PUBLIC_6)


def _inner(address: IPAddress) -> IPAddress:
    """The IPv4 address to which an IPv6 address leads; any other address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _why_not(text: str) -> str:
    if not text.startswith("https://"):
        return f"The address must begin with https:// in small letters. {_EXAMPLE}"
    for sign, name in (("?", "a query"), ("#", "a fragment"), ("@", "a user name")):
        if sign in text:
            return f"The address must not have {name}, that is no “{sign}”. {_EXAMPLE}"
    return f"This is not an address to which the service can post. {_EXAMPLE}"


def _host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1]))
        except ValueError:
            raise BadUrl(f"{host} is not an IPv6 address. {_EXAMPLE}") from None
    labels = host.split(".")
    # Programs read a name that ends in a number as an IPv4 address, in forms such as 127.1 and 0x7f000001.
    if labels[-1][:1].isdigit():
        return str(_ipv4(host))
    if len(labels) == 1 or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise BadUrl(f"“{host}” is not a full host name in Latin letters (write others as xn--…). {_EXAMPLE}")
    return host


def _ipv4(host: str) -> IPv4Address:
    try:
        return IPv4Address(host)
    except ValueError:
        raise BadUrl(f"“{host}” is neither a host name nor an IPv4 address. {_EXAMPLE}") from None


def _port(digits: str | None) -> int:
    port = int(digits or 443)
    if not 0 < port < 65_536:
        raise BadUrl(f"{port} is not a port. Give one from 1 to 65535, or none for 443.")
    return port


def _path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise BadUrl("The path has characters that must be written as escapes, such as %C3%A9 for é.")
    if {".", ".."} & set(path.split("/")):
        raise BadUrl("The path must not have the parts “.” and “..”.")
    return path

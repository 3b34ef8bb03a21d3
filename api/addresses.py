"""Finds the address that a request comes from: the peer's address, or the address that a trusted proxy names.

Other clients can send any headers. So the headers in which they name an address, a scheme or a host are removed.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: The longest chain of proxies that is followed.
_HOPS: Final = 16
_REQUEST_ID: Final = "HTTP_X_REQUEST_ID"
_FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class ClientAddress:
    """Middleware: makes ``REMOTE_ADDR`` the client's, and believes only trusted proxies about host and scheme."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._trusted: tuple[Network, ...] = tuple(settings.TRUSTED_PROXIES)
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        peer = meta.get("REMOTE_ADDR", "")
        if peer.startswith("::ffff:"):
            # A socket for IPv4 and IPv6 shows IPv4 addresses as addresses of one IPv6 network. All of them would count
            # as one client.
            peer = str(parse_address(peer) or peer)
        meta["REMOTE_ADDR"] = peer
        if not (self._trusted and self._is_trusted(peer)):
            for name in (*_FORWARDED, _REQUEST_ID):
                meta.pop(name, None)
            return self._get_response(request)

        meta["REMOTE_ADDR"] = client_address(meta.get("HTTP_X_FORWARDED_FOR", ""), peer, self._trusted)
        # The trusted peer itself wrote the last entry of each list. ALLOWED_HOSTS still applies.
        scheme, host = (meta.get(name, "").rpartition(",")[2].strip() for name in _FORWARDED[1:])
        meta["HTTP_X_FORWARDED_PROTO"] = scheme
        if host:
            meta["HTTP_HOST"] = host
        return self._get_response(request)

    def _look_up(self, peer: str) -> bool:
        address = parse_address(peer)
        return address is not None and _within(address, self._trusted)


def client_address(forwarded: str, peer: str, trusted: Iterable[Network]) -> str:
    """The rightmost address that belongs to no trusted proxy. The entries left of it may be forged.

    Each proxy appends the address that it talked to. If an entry is no address, the last one before it stays.
    """
    found = peer
    for entry in reversed(forwarded.rsplit(",", _HOPS)[-_HOPS:]):
        address = parse_address(entry)
        if address is None:
            break
        found = str(address)
        if not _within(address, trusted):
            break
    return found


def parse_address(text: str) -> Address | None:
    """The address of ``192.0.2.1``, ``192.0.2.1:4711``, ``2001:db8::1`` or ``[2001:db8::1]:4711``."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)

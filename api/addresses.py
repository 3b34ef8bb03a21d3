"""From which address a request comes: the peer's, or what a proxy that is trusted says of its own peer.

Any other client may send anything, so its own statements about itself are removed from the request.
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

#: No chain of proxies is longer.
_HOPS: Final = 16
_REQUEST_ID: Final = "HTTP_X_REQUEST_ID"
_TOLD: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class ClientAddress:
    """Middleware: makes ``REMOTE_ADDR`` the client, and keeps what is said of host and scheme to trusted proxies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._trusted: tuple[Network, ...] = tuple(settings.TRUSTED_PROXIES)
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        peer = meta["REMOTE_ADDR"] = _unmapped(meta.get("REMOTE_ADDR", ""))
        if self._trusted and self._is_trusted(peer):
            meta["REMOTE_ADDR"] = client(meta.get("HTTP_X_FORWARDED_FOR", ""), peer, self._trusted)
            _believe(meta)
        else:
            for name in (*_TOLD, _REQUEST_ID):
                meta.pop(name, None)
        return self._get_response(request)

    def _look_up(self, peer: str) -> bool:
        address = parsed(peer)
        return address is not None and _within(address, self._trusted)


def client(forwarded: str, peer: str, trusted: Iterable[Network]) -> str:
    """Return the rightmost address that no trusted proxy has; what stands left of it anybody may have written.

    Each proxy appends whom it talked to. Where one wrote something else than an address, the last one known stays.
    """
    found = peer
    for entry in reversed(forwarded.rsplit(",", _HOPS)[-_HOPS:]):
        address = parsed(entry)
        if address is None:
            break
        found = str(address)
        if not _within(address, trusted):
            break
    return found


def parsed(text: str) -> Address | None:
    """Return the address of ``192.0.2.1``, ``192.0.2.1:4711``, ``2001:db8::1`` or ``[2001:db8::1]:4711``."""
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


def _unmapped(peer: str) -> str:
    """Return an IPv4 peer by its own address: at a socket for both, all of them would be one network of IPv6."""
    return str(parsed(peer) or peer) if peer.startswith("::ffff:") else peer


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _believe(meta: dict[str, str]) -> None:
    """Take the scheme and the host that the trusted peer itself named, the last one each; ALLOWED_HOSTS still holds."""
    scheme, host = (meta.get(name, "").rpartition(",")[2].strip() for name in _TOLD[1:])
    meta["HTTP_X_FORWARDED_PROTO"] = scheme
    if host:
        meta["HTTP_HOST"] = host

"""Network ranges in CIDR notation: the IP addresses from which a credential may be used.

An IPv4 address that is mapped into IPv6 counts as the IPv4 address.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

IPNetwork = IPv4Network | IPv6Network

RANGES_AT_MOST: Final = 20
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


class BadRange(ValueError):  # noqa: N818  it reads as what it says
    """A text is not a usable range. The message says why, and what to write. It does not repeat the text."""


def read(texts: Iterable[str]) -> list[str]:
    """The ranges in their canonical form, each only once. BadRange names the position of the range that is bad."""
    found: list[str] = []
    for place, text in enumerate(texts, start=1):
        try:
            spelled = str(_network(text.strip()))
        except BadRange as error:
            raise BadRange(f"Range {place}: {error}") from None
        if spelled not in found:
            found.append(spelled)
    if len(found) > RANGES_AT_MOST:
        raise BadRange(f"These are {len(found)} ranges, but at most {RANGES_AT_MOST} are allowed. Give wider ones.")
    return found


def allow(ranges: Sequence[str], address: str) -> bool:
    """Whether an address lies in one of the ranges. Without ranges, every address is allowed."""
    if not ranges:
        return True
    try:
        given = _unmapped(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return any(given in ip_network(each) for each in ranges)


@lru_cache(maxsize=1024)
def subscriber(address: str) -> str:
    """The address, or the first 64 bits of an IPv6 address: one subscriber has all addresses with these bits."""
    if ":" not in address:
        return address
    try:
        found = _unmapped(ip_address(address.partition("%")[0]))
    except ValueError:
        return address
    return f"{found.exploded[:19]}::/64" if isinstance(found, IPv6Address) else str(found)


def _network(text: str) -> IPNetwork:
    try:
        # Refuse a scope (`%eth0`), because it has a meaning only on one machine.
        given = ip_network("" if "%" in text else text, strict=False)
    except ValueError:
        raise BadRange("this is not a range such as 192.0.2.0/24 or 2001:db8::/32.") from None
    if given.prefixlen == 0:
        raise BadRange("this is every address. Give no range instead.")
    if ip_address(text.partition("/")[0]) != given.network_address:
        raise BadRange(f"the address has bits beyond the first {given.prefixlen}. Write {given}, or a single address.")
    if isinstance(given, IPv4Network) or not given.subnet_of(_MAPPED):
        return given
    if given.prefixlen == _MAPPED.prefixlen:
        raise BadRange("this is every IPv4 address. Give no range instead.")
    return IPv4Network((int(given.network_address) & 0xFFFFFFFF, given.prefixlen - _MAPPED.prefixlen))


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address

"""The only place that sees an address: it turns the address into the number of a country and a handle, and drops it.

A handle is a keyed digest of an address and a file. Each process makes a random key and stores it nowhere. So a handle
means nothing to any other process, and nothing after the process has ended.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from importlib import metadata
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from secrets import token_bytes
from typing import Any, Final, Literal, NamedTuple

import iptocc
import maxminddb
import msgspec

from p2p_agency.collect.counter import Transfer
from p2p_core.codes import COUNTRIES, NETWORKS, UNKNOWN

#: A table for tests and demonstrations, which places loopback and documentation addresses. Its name shows what it is.
TEST_TABLE: Final = "test"
_TEST_COUNTRIES: Final = ("NO", "DE", "PT", "EE", "CY", "MT", "IE", "XK")
_TEST_NETWORKS: Final = tuple(
    map(ip_network, ("127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)
# ``is_global`` of an address is not used, because it keeps the last 128 addresses in a cache.
_NOT_PUBLIC: Final = (
    *_TEST_NETWORKS,
    *map(ip_network, ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24")),
    *map(ip_network, ("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "::/3", "4000::/2", "8000::/1")),
)
_UNKNOWN: Final = COUNTRIES[UNKNOWN]

Address = IPv4Address | IPv6Address


class Upload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What an adapter saw of a transfer, with ranges of blocks ``[first, end)``. Nothing else holds an address."""

    network: Literal[tuple(NETWORKS)]  # type: ignore[valid-type]  # the codes are data
    address: str
    file: str
    blocks: int
    sent: list[tuple[int, int]] = []
    complete: bool = False

    def __repr__(self) -> str:
        return "<a transfer>"


class Table(NamedTuple):
    """Which table places addresses, and the day of its data: part of the agency's public set-up."""

    name: str
    date: str


class Locator:
    """Places addresses: by the table of ``iptocc``, by an agency's own ``.mmdb``, or by the test table."""

    def __init__(self, table: str = "iptocc") -> None:
        self._key = token_bytes(32)
        self._find: Callable[[Address], str | None]
        if table == "iptocc":
            self._find = _find_registered
            self.table = Table(f"iptocc {metadata.version('iptocc')}", _iptocc_date())
        elif table == TEST_TABLE:
            self._find, self.table = _find_tested, Table("TEST TABLE, not for real counts", "")
        else:
            reader = maxminddb.open_database(table)
            self._find = partial(_find_in, reader)
            built = datetime.fromtimestamp(reader.metadata().build_epoch, UTC)
            self.table = Table(reader.metadata().database_type, f"{built:%Y-%m-%d}")

    def transfer(self, upload: Upload) -> Transfer:
        """What the counter may know. Nothing that is returned holds the address or the file."""
        country = _UNKNOWN
        identity = upload.address.encode()
        with suppress(ValueError):
            address = _parse(upload.address)
            country = COUNTRIES.get(self._find(address) or UNKNOWN, _UNKNOWN)
            identity = address.packed
        digest = blake2b(identity, key=self._key, digest_size=16)
        digest.update(b"|%d|%s" % (upload.blocks, upload.file.encode()))
        return Transfer(country, NETWORKS[upload.network], digest.digest(), upload.blocks, upload.sent, upload.complete)


def _parse(text: str) -> Address:
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _find_registered(address: Address) -> str | None:
    return iptocc.country_code(str(address))


def _find_tested(address: Address) -> str | None:
    if not any(address in network for network in _TEST_NETWORKS):
        return None
    return _TEST_COUNTRIES[address.packed[-2] % len(_TEST_COUNTRIES)]


def _find_in(reader: maxminddb.Reader, address: Address) -> str | None:
    if any(address in network for network in _NOT_PUBLIC):
        return None
    row: Any = reader.get(address) or {}
    # Tables name it country.iso_code, country_code, or country.
    found = row.get("country_code") or row.get("country")
    return found.get("iso_code") if isinstance(found, dict) else found


def _iptocc_date() -> str:
    """The day on which the wheel and its data were made: the wheel says it in its bill of materials only."""
    for file in metadata.files("iptocc") or ():
        if file.match("*.cyclonedx.json"):
            made: str = json.loads(file.read_text())["metadata"]["timestamp"]
            return made[:10]
    return ""

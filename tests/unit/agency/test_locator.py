"""The locator: countries by three tables, and handles that mean nothing outside the process."""

from ipaddress import IPv4Address

import maxminddb
import msgspec
import pytest

from p2p_agency.collect import locator
from p2p_agency.collect.locator import Locator, Upload
from p2p_core.codes import COUNTRIES

UNKNOWN, NORWAY = COUNTRIES["_U"], COUNTRIES["NO"]


def upload(address, **given):
    return Upload(**({"network": "BITTORRENT", "file": "f", "blocks": 4} | given), address=address)


class Table:
    """An agency's own table: it says the same of every address."""

    def __init__(self, row):
        self.row = row

    def get(self, _address):
        return self.row

    def metadata(self):
        return type("Metadata", (), {"build_epoch": 1_795_996_800, "database_type": "own-countries"})


@pytest.fixture
def own(monkeypatch):
    def open_with(row):
        monkeypatch.setattr(maxminddb, "open_database", lambda _: Table(row))
        return Locator("own.mmdb")

    return open_with


@pytest.mark.parametrize(
    "row", [{"country": {"iso_code": "NO"}}, {"country_code": "NO"}, {"country": "NO", "continent": "EU"}]
)
def test_an_own_table_places_public_addresses_whatever_it_calls_the_country(own, row):
    assert own(row).transfer(upload("2a00::1")).country == NORWAY


@pytest.mark.parametrize("row", [None, {}, {"country": {}}, {"country_code": "ZZ"}, {"country_code": ""}])
def test_what_a_table_does_not_know_is_unknown(own, row):
    assert own(row).transfer(upload("2a00::1")).country == UNKNOWN


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "192.168.1.1", "192.0.2.1", "224.0.0.1",
        "255.255.255.255", "0.0.0.0", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "2001:db8::1",
        "::ffff:10.1.2.3", "", "no address", "1.2.3", "1.2.3.4.5",
    ],
)  # fmt: skip
def test_what_is_no_public_address_is_unknown_in_every_table(own, address):
    assert own({"country_code": "NO"}).transfer(upload(address)).country == UNKNOWN
    assert Locator().transfer(upload(address)).country == UNKNOWN


def test_the_test_table_places_loopback_and_documentation_addresses_only_and_is_marked():
    table = Locator(locator.TEST_TABLE)
    assert {table.transfer(upload(f"127.0.{n}.1")).country for n in range(8)} == {
        COUNTRIES[code] for code in ("NO", "DE", "PT", "EE", "CY", "MT", "IE", "XK")
    }
    assert table.transfer(upload("2001:db8::1")).country == NORWAY
    assert table.transfer(upload("10.0.0.1")).country == UNKNOWN
    assert "TEST" in table.table.name


def test_the_sources_say_their_name_and_the_day_of_their_data(own):
    assert own({}).table == ("own-countries", "2026-11-30")
    name, date = Locator().table
    assert name.startswith("iptocc 3.")
    assert date > "2026"


def test_an_address_has_one_handle_for_a_file_however_it_is_written():
    table = Locator(locator.TEST_TABLE)
    handles = {table.transfer(upload(text)).handle for text in ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201")}
    assert len(handles) == 1
    assert handles != {table.transfer(upload("192.0.2.1", file="g")).handle}
    assert handles != {table.transfer(upload("192.0.2.2")).handle}


def test_a_handle_means_nothing_to_another_process():
    assert Locator().transfer(upload("192.0.2.1")).handle != Locator().transfer(upload("192.0.2.1")).handle


def test_what_the_counter_gets_holds_neither_address_nor_file():
    found = msgspec.msgpack.encode(Locator(locator.TEST_TABLE).transfer(upload("192.0.2.77", file="somefile")))
    for trace in (b"192.0.2.77", bytes([192, 0, 2, 77]), bytes([77, 2, 0, 192]), b"somefile"):
        assert trace not in found


def test_a_transfer_that_is_printed_shows_nothing():
    assert "192" not in repr(upload("192.0.2.1"))
    assert "192" not in str([upload("192.0.2.1")])


def test_no_cache_of_the_standard_library_keeps_an_address(own):
    """`is_global` and its kind keep the last 128 addresses."""
    caches = [
        one for one in vars(IPv4Address).values() if isinstance(one, property) and hasattr(one.fget, "cache_info")
    ]
    before = [cache.fget.cache_info() for cache in caches]
    for table in (Locator(), Locator(locator.TEST_TABLE), own({})):
        table.transfer(upload("203.0.113.7"))
    assert caches
    assert [cache.fget.cache_info() for cache in caches] == before

"""The ranges of addresses to which a credential can be restricted."""

import pytest

from countries.ranges import RANGES_AT_MOST, BadRange, allow, read


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        (" 192.0.2.7 ", "192.0.2.7/32"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("128.0.0.0/1", "128.0.0.0/1"),
    ],
)
def test_read__one_spelling(text, spelled):
    assert read([text]) == [spelled]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a range such as"),
        ("nonsense", "not a range such as"),
        ("192.0.2.0/33", "not a range such as"),
        ("192.0.2.0/24/8", "not a range such as"),
        ("2001:db8::%eth0/64", "not a range such as"),
        ("192.0.2.1/24", "bits beyond the first 24. Write 192.0.2.0/24"),
        ("2001:db8::1/32", "bits beyond the first 32. Write 2001:db8::/32"),
        ("0.0.0.0/0", "every address. Give no range"),
        ("192.0.2.0/0", "every address. Give no range"),
        ("::/0", "every address. Give no range"),
        ("::ffff:0:0/96", "every IPv4 address. Give no range"),
    ],
)
def test_read__refused(text, message):
    with pytest.raises(BadRange, match=r"^Range 2: .*") as error:
        read(["192.0.2.0/24", text])
    assert message in str(error.value)


def test_read__each_once_and_not_too_many():
    assert read(["192.0.2.0/24", "2001:db8::/32", "192.0.2.0/255.255.255.0"]) == ["192.0.2.0/24", "2001:db8::/32"]
    most = [f"192.0.2.{number}" for number in range(RANGES_AT_MOST)]
    assert len(read(most)) == RANGES_AT_MOST
    with pytest.raises(BadRange, match="at most 20 are allowed"):
        read([*most, "198.51.100.1"])


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.3.0", False),
        ("192.0.1.255", False),
        ("::ffff:192.0.2.9", True),
        ("::ffff:198.51.100.9", False),
        ("::192.0.2.9", False),
        ("2001:db8:ffff::1", True),
        ("2001:db9::1", False),
        ("2001:db8::1%eth0", True),
        ("", False),
        ("nonsense", False),
    ],
)
def test_allow(address, inside):
    assert allow(["192.0.2.0/24", "2001:db8::/32"], address) is inside


@pytest.mark.parametrize("address", ["192.0.2.0", "2001:db8::1", ""])
def test_allow__without_ranges_everything(address):
    assert allow([], address)

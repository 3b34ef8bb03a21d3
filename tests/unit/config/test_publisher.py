"""The publisher's addresses in the catalogue are valid addresses."""

import pytest

from config import env


@pytest.mark.parametrize("url", ["", "https://example.org/", "http://example.org/police?office=1#top"])
def test_page_that_is_one(url):
    assert env.page_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "ftp://example.org/",
        "https://",
        "https://example.org/>",
        "https://example.org/a b",
        "mailto:a@example.org",
    ],
)
def test_page_that_is_none(url):
    with pytest.raises(ValueError, match="not the address of a page"):
        env.page_address(url)


@pytest.mark.parametrize("address", ["", "data@example.org", "data.office+p2p@police.example.org"])
def test_email_that_is_one(address):
    assert env.email_address(address) == address


@pytest.mark.parametrize(
    "address", ["data", "data@example", "a b@example.org", "data@example.org>", "mailto:a@example.org", "a@b@c.org"]
)
def test_email_that_is_none(address):
    with pytest.raises(ValueError, match="not an e-mail address"):
        env.email_address(address)

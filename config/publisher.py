"""Who publishes, as the environment says it: what becomes part of an address in the catalogue has to be one."""

import re
from urllib.parse import urlsplit

#: What no address may hold, and what would end it where it is written.
_ADDRESS = re.compile(r"[^\s<>\"{}|\\^`]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)


def page(url: str) -> str:
    """Return the address of a page, or nothing; raise for what is none."""
    if url and not (_ADDRESS.fullmatch(url) and urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname):
        raise ValueError("not the address of a page")
    return url


def email(address: str) -> str:
    """Return an e-mail address, or nothing; raise for what is none."""
    if address and not _EMAIL.fullmatch(address):
        raise ValueError("not an e-mail address")
    return address

"""Requests as bytes, right and almost right, and the answer that each must get.

MARK is in every place whose content might be returned or logged.
"""

from collections.abc import Callable
from typing import NamedTuple

MARK = "zq7mark"
MARK_BYTES = MARK.encode()
HOUR = "2026-01-05T09:00"
COLUMNS = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"


class Case(NamedTuple):
    """One bad input. ``{token}`` in it is an agency's; ``answers`` are expected, or fewer and the connection's end."""

    group: str
    what: str
    raw: bytes | Callable[[], bytes]
    answer: str
    answers: int = 1
    #: Whether the client closes its side when it has sent all.
    ends: bool = False

    def sent(self, token: str) -> bytes:
        raw = self.raw if isinstance(self.raw, bytes) else self.raw()
        return raw.replace(b"{token}", token.encode())


def get(
    target: str | bytes = "/healthz", *fields: bytes, version: bytes = b"HTTP/1.1", method: bytes = b"GET"
) -> bytes:
    target = target if isinstance(target, bytes) else target.encode()
    return b"\r\n".join([b" ".join([method, target, version]), b"Host: localhost", *fields, b"", b""])


def post(body: bytes, *fields: bytes, media: bytes = b"application/json", length: bytes | None = None) -> bytes:
    announced = str(len(body)).encode() if length is None else length
    return (
        get(
            "/api/v1/submissions/",
            b"Authorization: Bearer {token}",
            b"Content-Type: " + media,
            *([b"Content-Length: " + announced] if announced else []),
            *fields,
            method=b"POST",
        )
        + body
    )


def chunked(body: bytes) -> bytes:
    return post(body, b"Transfer-Encoding: chunked", length=b"")


def packed(body: bytes) -> bytes:
    return post(body, b"Content-Encoding: gzip")


def reporting(value: str = "3", *, country: str = '"NO"', more: str = "", encoding: str = "utf-8") -> bytes:
    """A submission that would be accepted without the change that is made to it."""
    cell = f'{{"country": {country}, "network": "ARES", "value": {value}{more}}}'
    report = f'{{"frequency": "H", "period": "{HOUR}", "observations": [{cell}]}}'
    return f'{{"indicator": "DOWNLOADS", "reports": [{report}]}}'.encode(encoding)


def rows(*cells: str) -> bytes:
    return post("\n".join([COLUMNS, *cells]).encode(), media=b"text/csv")


def row(indicator: str = "DOWNLOADS", country: str = "NO", value: str = "3") -> str:
    return f"{indicator},H,{HOUR},{country},ARES,{value}"

"""Addresses and headers: queries of the public view, cursors that were tampered with, and Accept headers."""

import base64
from collections.abc import Sequence
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote, quote_plus

from django.core.handlers.wsgi import WSGIRequest

from api import caching, negotiation, pagination, parameters
from api.v1 import body, languages, query_params, questions
from api.v1 import submissions as submitting
from config.handler import Request
from tests.fuzz import odd
from tests.fuzz.judging import ACCEPTED, compare, expect, verdict
from tests.oracles import payloads as sent
from tests.oracles import questions as oracle

_LABELS = {
    "N": ("2026-11-24T10:15", "2026-11-24T10:16"),
    "H": ("2026-11-24T10:00", "2026-11-24T11:00:00Z"),
    "D": ("2026-11-01", "2026-11-30"),
    "W": ("2026-W01", "2026-W48"),
    "M": ("2026-01", "2026-11"),
    "A": ("2017", "2026"),
}
_COUNTRIES = (*sent.COUNTRIES, *oracle.GROUPS)
_NETWORKS = (*sent.NETWORKS, "_T")


def request_of(query: str = "", **headers: str) -> Any:
    """Return a request for the combined view."""
    return WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/api/v1/aggregates/",
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
    )


def _codes(rng: Random, known: Sequence[str]) -> str:
    return ",".join(rng.choice(known) for _ in range(rng.choice((1, 1, 2, 3, 12))))


def right_question(rng: Random) -> list[tuple[str, str]]:
    """Ask something that may be asked."""
    frequency = rng.choice(tuple(_LABELS))
    start, end = _LABELS[frequency]
    pairs = [("indicator", "DOWNLOADS"), ("frequency", frequency)]
    pairs += [pair for pair in (("start", start), ("end", end)) if rng.random() < 0.8]
    more = {
        "country": lambda: rng.choice(("*", _codes(rng, _COUNTRIES))),
        "network": lambda: rng.choice(("*", "_T", _codes(rng, _NETWORKS))),
        "panel": lambda: rng.choice(("12", "24", "36")),
        "as_of": lambda: rng.choice(("2026-11-24T10:00Z", "2026-11-24T10:00:00.123Z", "2026-11-24T10:00:00Z")),
        "format": lambda: rng.choice(("json", "csv", "xlsx", "jsonstat")),
    }
    pairs += [(name, value()) for name, value in more.items() if rng.random() < 0.3]
    rng.shuffle(pairs)
    return pairs


def odd_value(rng: Random) -> str:
    """Return what somebody may give in place of a value."""
    which = rng.random()
    if which < 0.01:
        return ",".join(["NO", "SE"] * 5000)
    if which < 0.02:
        return ",".join(f"{rng.randrange(1000)}" for _ in range(5000))
    if which < 0.1:
        return ",".join((rng.choice(odd.TEXTS), *rng.sample(_COUNTRIES, 2)))
    return rng.choice(odd.PERIODS if which < 0.5 else odd.INSTANTS if which < 0.7 else odd.TEXTS)


def broken(rng: Random, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Change one thing in a query."""
    at = rng.randrange(len(pairs)) if pairs else 0
    which = rng.random()
    if not pairs or which < 0.1:
        pairs.insert(at, (rng.choice(("no_such", "Country", "country[]", odd.MARKER, "", "cursor")), odd_value(rng)))
    elif which < 0.55:
        pairs[at] = (pairs[at][0], odd_value(rng))
    elif which < 0.65:
        del pairs[at]
    elif which < 0.75:
        pairs.insert(at, (pairs[at][0], rng.choice((pairs[at][1], odd_value(rng), ""))))
    elif which < 0.85:
        other = rng.randrange(len(pairs))
        pairs[at], pairs[other] = (pairs[at][0], pairs[other][1]), (pairs[other][0], pairs[at][1])
    else:
        pairs[at] = (pairs[at][0], rng.choice((pairs[at][1] + " ", " " + pairs[at][1], pairs[at][1].lower(), "")))
    return pairs


def written(rng: Random, pairs: list[tuple[str, str]]) -> str:
    """Write a query as it stands in an address, escaped as one may, or as one should not."""
    write = rng.choice((quote_plus, quote, lambda text, **_: text.replace("&", "%26").replace(" ", "+")))
    query = "&".join(f"{name}={write(value, errors='surrogatepass')}" for name, value in pairs)
    return query.encode("utf-8", "surrogatepass").decode("latin-1")


def make_question(rng: Random) -> bytes:
    pairs = right_question(rng)
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2))):
        pairs = broken(rng, pairs)
    return written(rng, pairs).encode("latin-1")


def judge_question(content: bytes, _rng: Random) -> str:
    """Read a question, and compare it with the second reading."""
    query = content.decode("latin-1")

    def read() -> tuple[Any, ...]:
        given = parameters.read(request_of(query), required=oracle.REQUIRED, optional=oracle.OPTIONAL)
        start, end = questions._ends(given)
        asked = questions._selection(given, 1, start, end)
        seen = query_params.as_of(given)
        return asked.frequency, start, end, asked.countries, asked.networks, asked.panel, seen

    found = verdict(read)
    compare(found, lambda: oracle.read(query.encode("latin-1").decode("utf-8", "replace")))
    return found.word


# --- cursors ---------------------------------------------------------------------------------------------------------

_PLACES = (0, 1, 127, 128, 48213, 2**31, 2**32, 1764000000, 2**63 - 1, 2**64 - 1)


def make_cursor(rng: Random) -> bytes:
    """Return a cursor: as it was given as a rule, else tampered with."""
    cursor = pagination.encode("the question", *(rng.choice(_PLACES) for _ in range(2)))
    which = rng.random()
    if which < 0.2:
        return cursor.encode()
    if which < 0.4:
        raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    at = rng.randrange(len(cursor))
    if which < 0.8:
        changed = cursor[:at] + rng.choice("AZaz09-_=+/ .é\udc80\0") + cursor[at + rng.randrange(2) :]
        return changed.encode("utf-8", "surrogatepass")
    return rng.choice((cursor[:at], cursor * 2, cursor + "=" * rng.randrange(9), "", "=" * 99, odd.MARKER)).encode()


def judge_cursor(content: bytes, _rng: Random) -> str:
    """Take a place only from a cursor that was given for this question, and as it was given."""
    cursor = content.decode("utf-8", "surrogatepass")
    expect(
        verdict(lambda: pagination.decode("another question", cursor, length=2)).problem, "taken for another question"
    )
    found = verdict(lambda: pagination.decode("the question", cursor, length=2))
    if found.problem is None:
        again = pagination.encode("the question", *found.value)
        plain = cursor.rstrip("=").translate({ord("+"): "-", ord("/"): "_"})
        expect(plain[:-1] == again[:-1], "a place that nobody gave")
    return found.word


# --- headers ---------------------------------------------------------------------------------------------------------

_MEDIA = (
    "application/json",
    "text/csv",
    "*/*",
    "text/*",
    "application/*",
    "text/html",
    "Application/JSON",
    "a/b",
    "text/csv; q*=no-such'en'%41",
    "*/*; charset=utf-8",
)
_WEIGHTS = (
    "",
    ";q=0",
    ";q=0.0",
    ";q=1",
    "; q=0.5",
    ";q=1.5",
    ";q=-1",
    ";q=nan",
    ";q=inf",
    ";q=1e400",
    ";q=",
    ";q=x",
    ";Q=0.3",
)
_LANGUAGES = (
    "nb",
    "en-GB",
    "de-DE;q=0.5",
    "*",
    "no",
    "zh-Hant-TW",
    "sr-Latn",
    "x-klingon",
    "-",
    "nb-",
    "e" * 90,
    "ＮＢ",
)
_ENCODINGS = (
    "gzip", "br", "*", "identity", "GZIP", "gzip;q=0", "gzip;q=0.0", "gzip; q=0.001", "gzip ; q=1", "x-gzip", "zstd",
    "zstd;q=0", "zstd;q=0.001", "zstd;q=0.5", "gzip;q=0.5", "*;q=0", "*;q=0.5", "identity;q=0", "identity;q=0.7",
    "gzip;q=", "zstd;q=1.1", "gzip;q=0.5.5", "zstd;level=3", "*;q=nan",
)  # fmt: skip
_TAGS = ('W/"1.2.json3"', '"1.2.json3"', 'W/"x"', '""', "*", '"a,b"', "1.2.json3", 'w/"1.2.json3"', '"', 'W/"')
_TYPES = (
    "application/json", "text/csv; charset=utf-8", "text/csv;charset=latin-1", "TEXT/CSV", "application/json;charset",
    "application/json; charset=\"utf-8\"", "multipart/form-data; boundary=x", "text/csv; charset*=UTF-8''utf-8", ";",
    "",
    "application/vnd.sdmx.data+csv; version=2.0.0", "application/json; charset*=x''%ff", "application/json;" * 50,
    "application/json; charset*=no-such'en'%41", "application/vnd.sdmx.data+csv;version=3.0.0;labels=both",
    'application/vnd.sdmx.data+csv; version="1.0.0"; charset=UTF-8', "application/vnd.sdmx.data+csv;version*=x''%ff",
)  # fmt: skip
_KEYS = ("a", "0b6c2f0e-8a52", "x" * 255, "x" * 256, "", " ", "é", "a\tb", "a\x7f", "\u2028", odd.MARKER, "a\r\nb")

_HEADERS: dict[str, tuple[str, ...]] = {
    "accept": tuple(kind + weight for kind in _MEDIA for weight in _WEIGHTS),
    "accept_language": _LANGUAGES,
    "accept_encoding": _ENCODINGS,
    "if_none_match": _TAGS,
    "content_type": _TYPES,
    "idempotency_key": _KEYS,
}


def make_header(rng: Random) -> bytes:
    """Return the name of a header and its value."""
    name = rng.choice(tuple(_HEADERS))
    value = rng.choice((", ", ",", " ,", ";", "")).join(
        rng.choice(_HEADERS[name]) for _ in range(rng.choice((1, 1, 2, 3, 40)))
    )
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        at = rng.randrange(len(value) + 1)
        value = (
            value[:at]
            + rng.choice(
                (
                    "",
                    ",",
                    ";",
                    "=",
                    '"',
                    ";q*0",
                    ";q*1*=",
                    ";a*=''",
                    ";a*0*=x'y'%41",
                    " " * 300,
                    "q=",
                    "\\",
                    "é",
                    "*",
                    "\t",
                )
            )
            + value[at + 1 :]
        )
    return f"{name}: {value}".encode()


def judge_header(content: bytes, _rng: Random) -> str:
    """Read a header, and compare with the second reading if it is a plain one."""
    name, _, value = content.decode().partition(": ")
    return {
        "accept": _judge_accept,
        "accept_language": _judge_language,
        "accept_encoding": _judge_encoding,
        "if_none_match": _judge_tags,
        "content_type": _judge_type,
        "idempotency_key": _judge_key,
    }[name](value)


def _judge_accept(value: str) -> str:
    found = negotiation.media_type(request_of(accept=value))
    likes = {kind: oracle.quality(value, kind) for kind in negotiation.DATA}
    expect(found in (*negotiation.DATA, ""), "another media type")
    if all(like is not None for like in likes.values()):
        best = max(like or 0.0 for like in likes.values())
        wanted = [kind for kind, like in likes.items() if like == best] if best else [""]
        expect(found in wanted, f"answers with {found!r}, and should with one of {wanted}: {likes}")
    return ACCEPTED if found else "not_acceptable"


def _judge_language(value: str) -> str:
    found = languages.accepted(value)
    expect(found.isascii() and odd.MARKER not in found and len(found) < 40, "a language of no such form")
    return ACCEPTED


def _judge_encoding(value: str) -> str:
    found, wanted = negotiation.encoding(value), oracle.packing(value)
    expect(wanted is None or found == wanted, f"packed: {found!r}, and should be {wanted!r}")
    return ACCEPTED


def _judge_tags(value: str) -> str:
    found = caching._names(value, 'W/"1.2.json3"')
    expect(found or value.strip() != "*", "a star names everything")
    expect("1.2.json3" in value or "*" in value or not found, "named by a header that does not name it")
    return ACCEPTED


def _judge_type(value: str) -> str:
    request = Request({**request_of().META, "CONTENT_TYPE": value})
    return verdict(lambda: body.kind_of(request)).word


def _judge_key(value: str) -> str:
    found = verdict(lambda: submitting.idempotency_key(request_of(idempotency_key=value)))
    right = 0 < len(value) < 256 and value.isascii() and value.isprintable()
    expect((found.problem is None) == right, "a key that may be used is refused, or the other way round")
    return found.word

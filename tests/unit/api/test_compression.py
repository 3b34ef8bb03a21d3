"""Compression of answers: the encoding that Accept-Encoding prefers, and data that can be decompressed."""

import gzip
import sys

import pytest
from django.test import RequestFactory

from api import caching, negotiation
from api.caching import Representation, Validator

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACKED = {"gzip": gzip.decompress, "zstd": zstd.decompress, "": bytes}
TEXT = b"DOWNLOADS,D,2026-11-01,NO,_T,120\n" * 10_000


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""),
        ("br, deflate", ""),
        ("gzip", "gzip"),
        ("GZip , ZSTD", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("x-zstd, x-gzip-like", ""),
        # The one that is liked better, and zstd of two that are liked alike.
        ("gzip;q=1.0, zstd;q=0.1", "gzip"),
        ("gzip;q=0.1, zstd;q=0.2", "zstd"),
        ("zstd;q=0.5, gzip;q=0.500", "zstd"),
        ("gzip ; Q = 0.9 , zstd;q=0.8", "gzip"),
        # What is refused is not used, however it is written.
        ("zstd;q=0, gzip", "gzip"),
        ("zstd;q=0.000, gzip;q=0.001", "gzip"),
        ("zstd;q=0, gzip;q=0.", ""),
        # A star counts for what is not named.
        ("*", "zstd"),
        ("gzip, *;q=0", "gzip"),
        ("gzip;q=0.5, *", "zstd"),
        ("zstd;q=0, *;q=0.5", "gzip"),
        ("zstd;q=0.2, *;q=0.5", "gzip"),
        ("*;q=0", ""),
        # Plain counts like the others where it is named, and is what is left where it is not.
        ("identity", ""),
        ("identity, gzip;q=0.5, zstd;q=0.5", ""),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0.5, gzip;q=0.4, zstd;q=0.6", "zstd"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0", ""),
        ("zstd;q=0, gzip;q=0.1, *", ""),
        # What cannot be read is not known to be liked.
        ("gzip;q=, zstd;q=high", ""),
        ("gzip;q=1.5", ""),
        ("zstd;q=-1, gzip", "gzip"),
        ("zstd;q=0.5.5, gzip;q=0.1", "gzip"),
        ("zstd;q=\u0661, gzip;q=0.1", "gzip"),
        ("zstd;level=3, gzip;q=nan, ;;=,,", ""),
    ],
)
def test_encoding_is_the_one_that_is_liked_best(accepted, encoding):
    assert negotiation.encoding(accepted) == encoding


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1, 37, len(TEXT)])
def test_pieces_are_unpacked_as_one(encoding, size):
    pieces = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]
    sent = b"".join(caching.compress(encoding, iter(pieces)))
    assert UNPACKED[encoding](sent) == TEXT
    assert len(sent) < len(TEXT) / 12


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_nothing_is_packed_as_nothing(encoding):
    assert UNPACKED[encoding](b"".join(caching.compress(encoding, iter(())))) == b""


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_is_worth_sending_is_sent_before_all_has_come(encoding):
    taken = []

    def pieces():
        for number in range(20_000):
            taken.append(number)
            yield b"%032x" % (pow(3, number, 2**127 - 1))

    assert next(caching.compress(encoding, pieces()))
    assert len(taken) < 20_000


class Answer:
    """An answer that is held, or one that is too long for that."""

    def __init__(self, streams):
        self.streams = streams

    def validator(self):
        return Validator("1", caching.CURRENT)

    def render(self):
        content = (TEXT[start : start + 1000] for start in range(0, len(TEXT), 1000)) if self.streams else TEXT
        return Representation(self.validator(), content, {"Content-Type": "text/csv"})


@pytest.mark.parametrize("streams", [False, True])
def test_answer_is_sent_as_each_client_likes_it(streams):
    caching.response_cache.clear()
    for accepted, encoding in (("gzip, zstd", "zstd"), ("gzip", "gzip"), ("br", ""), ("zstd;q=0.1, gzip", "gzip")):
        request = RequestFactory().get("/", headers={"accept-encoding": accepted})
        answer = caching.respond(request, "csv", "Accept-Encoding", lambda: Answer(streams))
        assert (answer.streaming, answer.get("Content-Encoding", "")) == (streams, encoding)
        assert UNPACKED[encoding](answer.getvalue()) == TEXT

"""Caches public answers in this process, by address, and checks whether the version that they show is still the newest.

All readers together cost one look-up in 200 ms, and do not use the machinery of DRF. A CDN in front can take the load,
because the answers say how long they last and on which headers they depend.
"""

import sys
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.http import parse_etags
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from api import negotiation, problems, release
from countries.database.routing import keep_connection, on_public_connection
from federation.errors import FederationError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: For how many seconds a process uses a version as the newest without asking the database.
FRESH_SECONDS: Final = 0.2
#: For how many seconds a cached answer is used while the database is away.
STALE_SECONDS: Final = 60.0
MAX_ENTRIES: Final = 4096
MAX_BYTES: Final = 64 * 2**20
#: Bytes that an entry takes beside its content: a fixed part, and a part for each character of its address. The address
#: is stored as a parsed question. Tests measure the largest questions.
_BYTES_AN_ENTRY: Final = 6144
_BYTES_A_CHARACTER: Final = 128

#: The present view can change at any time. So caches ask again soon, and return what they have meanwhile.
CURRENT: Final = "public, max-age=5, stale-while-revalidate=30, stale-if-error=600"
#: The last minutes.
LIVE: Final = "public, max-age=1, stale-while-revalidate=5, stale-if-error=60"
#: A past view: only names, notes and annotations beside it can still change.
PAST: Final = "public, max-age=86400, stale-while-revalidate=604800, stale-if-error=604800"
#: Reference data.
REFERENCE: Final = "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400"

#: At these levels, numbers and codes become twelve times smaller. Higher levels save a few per cent more, in twice the
#: time.
_GZIP_LEVEL: Final = 4
_ZSTD_LEVEL: Final = 3
#: Shorter bodies are not worth compressing.
_COMPRESSED_FROM = 1024
_METHODS = "GET, HEAD, OPTIONS"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Version, Known-At, Invented, Panel, Withheld",
}
_PREFLIGHT = {
    "Allow": _METHODS,
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class Validator(NamedTuple):
    """The state that an answer shows: two answers to one question with equal tags are equal."""

    tag: str
    cache_control: str


class Representation(NamedTuple):
    """An answer as it is sent. If its content is too long to be cached, it comes in pieces."""

    validator: Validator
    content: bytes | Iterator[bytes]
    headers: Mapping[str, str]


class PublicAnswer(Protocol):
    """The answer to one question: on which state it depends, and how to write it. The state is cheap to look up."""

    def validator(self) -> Validator: ...

    def render(self) -> Representation: ...


class CacheKey(NamedTuple):
    """The key of an answer. It contains scheme and host, because links in the answer name them."""

    path: str
    query: str
    variant: str
    scheme: str
    host: str

    @classmethod
    def of(cls, request: HttpRequest, variant: str) -> "CacheKey":
        meta = request.META
        return cls(request.path, meta.get("QUERY_STRING", ""), variant, request.scheme or "", meta.get("HTTP_HOST", ""))

    @property
    def size(self) -> int:
        """How many bytes the parsed question takes in memory, at most."""
        return _BYTES_AN_ENTRY + _BYTES_A_CHARACTER * sum(map(len, self))

    def etag(self, tag: str) -> str:
        """Names the request, the release that writes the answer, and the state shown.

        The tag is weak because it stands for the answer plain and compressed.
        """
        question = blake2b(repr((release.digest(), *self)).encode(), digest_size=8).hexdigest()
        return f'W/"{tag}.{question}"'


@dataclass(slots=True)
class CacheEntry:
    """A cached answer. Its validator is not looked up again before ``fresh_until``, by this process's clock.

    The cache counts its ``size``. To let an entry grow, put a larger copy in its place.
    """

    answer: PublicAnswer
    vary: str
    validator: Validator | None
    fresh_until: float
    representation: Representation | None = None
    compressed: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    @property
    def age(self) -> float:
        """Seconds since the validator was last looked up."""
        return monotonic() - self.fresh_until + FRESH_SECONDS


class ResponseCache:
    """A limited number of answers and of bytes. The answer that was not used for longest is removed first."""

    def __init__(self, entries: int, size: int) -> None:
        self._max_entries, self._max_size = entries, size
        self._entries: OrderedDict[CacheKey, CacheEntry] = OrderedDict()
        self.used = 0
        self._lock = Lock()

    def get(self, key: CacheKey) -> CacheEntry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: CacheKey, entry: CacheEntry) -> None:
        with self._lock:
            self._drop(key)
            self._entries[key] = entry
            self.used += entry.size
            while len(self._entries) > self._max_entries or self.used > self._max_size:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.used = 0

    def _drop(self, key: CacheKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.used -= entry.size


response_cache: Final = ResponseCache(MAX_ENTRIES, MAX_BYTES)


@lru_cache(maxsize=4096)
def find_view(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


class PublicViews:
    """Middleware: answers public requests, from the cache or by a view. These answers use no session, form or user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            key = CacheKey.of(request, negotiation.media_type(request))
            entry = response_cache.get(key)
            # Without both, the state must be looked up or the answer written. Either may be refused, so it is done
            # later.
            if entry is not None and entry.representation is not None and entry.fresh_until >= monotonic():
                return _send(request, key, entry)
        match = find_view(request.path_info)
        if match is None or not issubclass(getattr(match.func, "cls", object), PublicView):
            return self._get_response(request)
        request.resolver_match = match
        # Refuses a host that is not ours, as CommonMiddleware does for other views.
        request.get_host()
        answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return answer


class PublicView(APIView):
    """A public, read-only view. It is DRF's for the document only: requests go straight to ``get``."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    vary = "Accept, Accept-Encoding"
    get: Callable[..., HttpResponseBase]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.method in ("GET", "HEAD"):
                return or_last_answer(lambda: on_public_connection(lambda: self.get(request, *args, **kwargs)))
        except (problems.Problem, FederationError) as error:
            return self._refuse(error)
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=_CORS | _PREFLIGHT)
        return self._refuse(problems.Problem("method_not_allowed", headers={"Allow": _METHODS}))

    def respond(self, request: HttpRequest, variant: str, read: Callable[[], PublicAnswer]) -> HttpResponseBase:
        return respond(request, variant, self.vary, read)

    def _refuse(self, error: Exception) -> HttpResponse:
        problem = problems.problem_of(error)
        assert problem is not None  # noqa: S101  both kinds of error are problems
        problem.headers |= {"Cache-Control": "no-store", "Vary": self.vary, **_CORS}
        return problems.respond(problem)


def respond(request: HttpRequest, variant: str, vary: str, read: Callable[[], PublicAnswer]) -> HttpResponseBase:
    """Answer from the cache, or 304, or with what ``read`` returns. Validators are looked up only if needed."""
    key = CacheKey.of(request, variant)
    last = entry = response_cache.get(key)
    try:
        if entry is None or entry.fresh_until < monotonic():
            fresh_until = monotonic() + FRESH_SECONDS
            if entry is not None and entry.answer.validator() == entry.validator:
                entry.fresh_until = fresh_until
            else:
                entry = CacheEntry(read(), vary, None, fresh_until, size=key.size)
            response_cache.put(key, entry)
        return _send(request, key, entry)
    except problems.AWAY as failure:
        if last is not None:
            # A failed answer must not replace a good one.
            response_cache.put(key, last)
        # The error of the server stays the cause of this one. It shows whether another server might answer.
        raise _DatabaseAwayError(request, key, last) from failure.__cause__


class _DatabaseAwayError(OperationalError):
    """The database is away; the last answer may still be cached."""

    def __init__(self, request: HttpRequest, key: CacheKey, last: CacheEntry | None) -> None:
        super().__init__("the database is away")
        self.request, self.key, self.last = request, key, last


def or_last_answer(answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """While the database is away, give the last answer with its age, if that is at most ``STALE_SECONDS`` old."""
    try:
        return answer()
    except _DatabaseAwayError as away:
        last = away.last
        if last is None or last.representation is None or last.age > STALE_SECONDS:
            raise
        response = _send(away.request, away.key, last)
        response["Age"] = str(int(last.age))
        return response


def _send(request: HttpRequest, key: CacheKey, entry: CacheEntry) -> HttpResponseBase:
    """Answer 304 if the client has this state already, otherwise in full."""
    wanted = request.META.get("HTTP_IF_NONE_MATCH")
    if wanted is not None:
        entry.validator = entry.validator or entry.answer.validator()
        if _names(wanted, key.etag(entry.validator.tag)):
            unchanged = HttpResponse(status=304, headers=_headers(key, entry.validator, entry.vary))
            # Django's default is HTML. Caches take the type of a 304 for that of the answer that they keep.
            del unchanged["Content-Type"]
            return unchanged

    representation = entry.representation or entry.answer.render()
    headers = {**_headers(key, representation.validator, entry.vary), **representation.headers}
    encoding = negotiation.encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    content = representation.content
    if not isinstance(content, bytes):
        return _stream(request, content, headers, encoding)

    if entry.representation is None:
        size = key.size + len(content)
        entry = replace(
            entry, validator=representation.validator, representation=representation, size=size, compressed={}
        )
        response_cache.put(key, entry)
    if encoding and len(content) >= _COMPRESSED_FROM:
        short = entry.compressed.get(encoding)
        if short is None:
            short = b"".join(compress(encoding, [content]))
            compressed = {**entry.compressed, encoding: short}
            response_cache.put(key, replace(entry, compressed=compressed, size=entry.size + len(short)))
        content = short
        headers["Content-Encoding"] = encoding
    headers["Content-Length"] = str(len(content))
    return HttpResponse(content, headers=headers)


def _headers(key: CacheKey, validator: Validator, vary: str) -> dict[str, str]:
    return {"ETag": key.etag(validator.tag), "Cache-Control": validator.cache_control, "Vary": vary, **_CORS}


def _names(wanted: str, etag: str) -> bool:
    """Whether If-None-Match names this tag; proxies may have made it strong or added to the list."""
    bare = etag.removeprefix("W/")
    return wanted == etag or wanted.strip() == "*" or any(tag.removeprefix("W/") == bare for tag in parse_etags(wanted))


def _stream(request: HttpRequest, pieces: Iterator[bytes], headers: dict[str, str], encoding: str) -> HttpResponseBase:
    if encoding:
        headers["Content-Encoding"] = encoding
    if request.method == "HEAD":
        # An empty HttpResponse would add its own Content-Length, which is not that of the answer.
        return StreamingHttpResponse(iter(()), headers=headers)
    written = compress(encoding, pieces) if encoding else pieces
    return StreamingHttpResponse(keep_connection(written), headers=headers)


def compress(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress an answer piece by piece. The compressor yields data when it has enough."""
    compressor = zstd.ZstdCompressor(_ZSTD_LEVEL) if encoding == "zstd" else zlib.compressobj(_GZIP_LEVEL, wbits=31)
    for piece in pieces:
        if ready := compressor.compress(piece):
            yield ready
    yield compressor.flush()

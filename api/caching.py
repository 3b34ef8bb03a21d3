"""Public answers, held in this process by address and checked against the version that they show.

Any number of readers cost one look-up each 200 ms, and none of them DRF's machinery. In front
of it any CDN can take the load: the answers say how long they last and what they vary by.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from api import packing, problems, release
from countries.database.routing import keep_connection, on_public_connection
from federation.errors import FederationError

#: So long a process may take a version for the newest.
HELD_SECONDS: Final = 0.2
#: So long an answer may stand in for one that cannot be had, as the database is away.
STANDING_IN_SECONDS: Final = 60.0
#: At most so many answers, and so many bytes of them, are held.
HELD_ANSWERS: Final = 4096
HELD_BYTES: Final = 64 * 2**20
#: How many bytes of memory an answer takes beside its content: at least so many, and so many for each character of its
#: address, which is kept as a parsed question. Tests measure the worst questions.
_LEAST_BYTES: Final = 6144
_BYTES_A_CHARACTER: Final = 128

#: What is public now can change any time: caches ask again soon, and show what they have meanwhile.
CURRENT: Final = "public, max-age=5, stale-while-revalidate=30, stale-if-error=600"
#: The last minutes.
LIVE: Final = "public, max-age=1, stale-while-revalidate=5, stale-if-error=60"
#: A past view: only names, notes, annotations and population beside it can still change.
PAST: Final = "public, max-age=86400, stale-while-revalidate=604800, stale-if-error=604800"
#: Reference data.
REFERENCE: Final = "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400"

#: Shorter bodies are not worth packing.
_PACKED_FROM = 1024
_METHODS = "GET, HEAD, OPTIONS"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Version, Known-At, Invented, Panel",
}
_PREFLIGHT = {
    "Allow": _METHODS,
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class Stamp(NamedTuple):
    """The state that an answer shows: two answers to one question with equal tags are equal."""

    tag: str
    cache_control: str


class Rendered(NamedTuple):
    """An answer written out; in pieces if it is too long to hold."""

    stamp: Stamp
    content: bytes | Iterator[bytes]
    headers: Mapping[str, str]


class Answer(Protocol):
    """The answer to one question: what it depends on, cheap to look up, and how to write it."""

    def stamp(self) -> Stamp: ...

    def render(self) -> Rendered: ...


class Key(NamedTuple):
    """What an answer is held under. Links in it name the host."""

    path: str
    query: str
    variant: str
    scheme: str
    host: str

    @property
    def size(self) -> int:
        """How many bytes its question takes in memory, at most."""
        return _LEAST_BYTES + _BYTES_A_CHARACTER * sum(map(len, self))


@dataclass(slots=True)
class Held:
    """An answer whose stamp, once looked up, is taken for true until a moment of this process's clock.

    The shelf counts its ``size``, so an answer that grows is put there again as another one.
    """

    answer: Answer
    vary: str
    stamp: Stamp | None
    fresh_until: float
    rendered: Rendered | None = None
    packed: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    @property
    def age(self) -> float:
        """For how many seconds nobody has looked whether it is still true."""
        return monotonic() - self.fresh_until + HELD_SECONDS


class Shelf:
    """The answers held; the least recently asked for goes first."""

    def __init__(self, answers: int, size: int) -> None:
        self._answers, self._size = answers, size
        self._held: OrderedDict[Key, Held] = OrderedDict()
        self._used = 0
        self._lock = Lock()

    @property
    def used(self) -> int:
        """How many bytes are held."""
        return self._used

    def get(self, key: Key) -> Held | None:
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
            return held

    def put(self, key: Key, held: Held) -> None:
        with self._lock:
            self._drop(key)
            self._held[key] = held
            self._used += held.size
            while len(self._held) > self._answers or self._used > self._size:
                self._drop(next(iter(self._held)))

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._used = 0

    def _drop(self, key: Key) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._used -= held.size


shelf: Final = Shelf(HELD_ANSWERS, HELD_BYTES)


class PublicView(APIView):
    """A public, read-only view. It is DRF's for the document only: requests go straight to ``get``."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    vary = "Accept, Accept-Encoding"
    get: Callable[..., HttpResponseBase]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.method in ("GET", "HEAD"):
                return or_the_last(lambda: on_public_connection(lambda: self.get(request, *args, **kwargs)))
        except (problems.Problem, FederationError) as error:
            return self._refuse(error)
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=_CORS | _PREFLIGHT)
        return self._refuse(problems.Problem("method_not_allowed", headers={"Allow": _METHODS}))

    def respond(self, request: HttpRequest, variant: str, ask: Callable[[], Answer]) -> HttpResponseBase:
        """Answer from the cache, or ask again."""
        return respond(request, variant, self.vary, ask)

    def _refuse(self, error: Exception) -> HttpResponse:
        problem = problems.problem_of(error)
        assert problem is not None  # noqa: S101  both kinds of error are problems
        problem.headers |= {"Cache-Control": "no-store", "Vary": self.vary, **_CORS}
        return problems.respond(problem)


def respond(request: HttpRequest, variant: str, vary: str, ask: Callable[[], Answer]) -> HttpResponseBase:
    """Answer from the cache, or 304 without touching it, or ask again."""
    key = _key(request, variant)
    last = held = shelf.get(key)
    try:
        if held is None or held.fresh_until < monotonic():
            held = _looked_up(key, held, ask, vary)
            shelf.put(key, held)
        return _answered(request, key, held)
    except problems.AWAY as failure:
        if last is not None:
            # An answer that could not be written out must not take the place of one that was.
            shelf.put(key, last)
        # The cause stays the server's own error, which shows whether another server might answer.
        raise _UnansweredError(request, key, last) from failure.__cause__


class _UnansweredError(OperationalError):
    """The database is away; what was answered last is still there, or not."""

    def __init__(self, request: HttpRequest, key: Key, last: Held | None) -> None:
        super().__init__("the database is away")
        self._request, self._key, self._last = request, key, last

    def last_answer(self) -> HttpResponseBase | None:
        """Return what was answered last, if that is not long ago, with its age."""
        last = self._last
        if last is None or last.rendered is None or last.age > STANDING_IN_SECONDS:
            return None
        answer = _answered(self._request, self._key, last)
        answer["Age"] = str(int(last.age))
        return answer


def or_the_last(answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer; where the database is away, as it was answered last, for a while."""
    try:
        return answer()
    except _UnansweredError as away:
        last = away.last_answer()
        if last is None:
            raise
        return last


def held_answer(request: HttpRequest, variant: str) -> HttpResponseBase | None:
    """Return the answer if one is held that needs no looking up and no writing out, which may be refused."""
    key = _key(request, variant)
    held = shelf.get(key)
    if held is None or held.rendered is None or held.fresh_until < monotonic():
        return None
    return _answered(request, key, held)


def _key(request: HttpRequest, variant: str) -> Key:
    meta = request.META
    return Key(request.path, meta.get("QUERY_STRING", ""), variant, request.scheme or "", meta.get("HTTP_HOST", ""))


def _looked_up(key: Key, held: Held | None, ask: Callable[[], Answer], vary: str) -> Held:
    """Return the cached answer if its stamp is still true, or ask again. A stamp is looked up only if needed."""
    fresh_until = monotonic() + HELD_SECONDS
    if held is not None and held.answer.stamp() == held.stamp:
        held.fresh_until = fresh_until
        return held
    return Held(ask(), vary, None, fresh_until, size=key.size)


def _answered(request: HttpRequest, key: Key, held: Held) -> HttpResponseBase:
    wanted = request.META.get("HTTP_IF_NONE_MATCH")
    if wanted is not None:
        held.stamp = held.stamp or held.answer.stamp()
        if _names(wanted, _etag(key, held.stamp.tag)):
            return HttpResponse(status=304, headers=_headers(key, held.stamp, held.vary))
    return _full(request, key, held)


def _full(request: HttpRequest, key: Key, held: Held) -> HttpResponseBase:
    rendered = held.rendered or held.answer.render()
    headers = {**_headers(key, rendered.stamp, held.vary), **rendered.headers}
    encoding = packing.agreed(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    if not isinstance(rendered.content, bytes):
        return _streamed(request, rendered.content, headers, encoding)
    content = rendered.content
    if held.rendered is None:
        held = replace(held, stamp=rendered.stamp, rendered=rendered, size=key.size + len(content), packed={})
        shelf.put(key, held)
    if encoding and len(content) >= _PACKED_FROM:
        content = held.packed.get(encoding) or _packed(key, held, encoding, content)
        headers["Content-Encoding"] = encoding
    headers["Content-Length"] = str(len(content))
    return HttpResponse(b"" if request.method == "HEAD" else content, headers=headers)


def _packed(key: Key, held: Held, encoding: str, content: bytes) -> bytes:
    packed = b"".join(packing.packed(encoding, [content]))
    shelf.put(key, replace(held, packed={**held.packed, encoding: packed}, size=held.size + len(packed)))
    return packed


def _headers(key: Key, stamp: Stamp, vary: str) -> dict[str, str]:
    return {"ETag": _etag(key, stamp.tag), "Cache-Control": stamp.cache_control, "Vary": vary, **_CORS}


def _etag(key: Key, tag: str) -> str:
    """Return the tag of an answer: it names the request, the release that writes the answer, and the state shown.

    It is weak, as it stands for the answer plain and packed.
    """
    question = blake2b(repr((release.digest(), *key)).encode(), digest_size=8).hexdigest()
    return f'W/"{tag}.{question}"'


def _names(wanted: str, etag: str) -> bool:
    """Whether If-None-Match names this tag; proxies may have made it strong or added to the list."""
    bare = etag.removeprefix("W/")
    return wanted == etag or wanted.strip() == "*" or any(tag.removeprefix("W/") == bare for tag in parse_etags(wanted))


def _streamed(
    request: HttpRequest, pieces: Iterator[bytes], headers: dict[str, str], encoding: str
) -> HttpResponseBase:
    if encoding:
        headers["Content-Encoding"] = encoding
    if request.method == "HEAD":
        # Not an empty answer of its own, which would say how long that is.
        return StreamingHttpResponse(iter(()), headers=headers)
    written = packing.packed(encoding, pieces) if encoding else pieces
    return StreamingHttpResponse(keep_connection(written), headers=headers)

"""Whole requests to the running code: every address, with parameters, headers and bodies that are almost right.

Every answer has a documented status, every error is a problem document, and no answer is a 500.
"""

import json
from io import BytesIO, StringIO
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from api.codes import CODES
from config.handler import Handler, Request
from tests.fuzz import bodies, odd, questions
from tests.fuzz.judging import expect
from tests.fuzz.population import ROLES, World

_V1: Final = "/api/v1/"
_ENOUGH = {"indicator": "DOWNLOADS", "frequency": "D", "start": "2026-11-01", "end": "2026-11-30"}
#: What may be asked, by address.
_ASKED: Final[dict[str, dict[str, str]]] = {
    f"{_V1}aggregates/": {**_ENOUGH, "country": "NO,EUROPE", "network": "_T", "as_of": "2026-11-24T10:00Z",
                          "format": "csv"},
    f"{_V1}aggregates/live/": {"indicator": "DOWNLOADS", "country": "NO", "format": "json"},
    f"{_V1}aggregates/windows/": {"indicator": "DOWNLOADS", "window": "P7D", "country": "*"},
    f"{_V1}coverage/": {**_ENOUGH, "as_of": "2026-11-24T10:00Z"},
    f"{_V1}corrections/": {"indicator": "DOWNLOADS", "frequency": "D", "country": "NO,EUROPE", "network": "_T",
                           "since": "2026-11-01T00:00:00Z", "limit": "10", "format": "csv"},
    f"{_V1}effects/": {"indicator": "DOWNLOADS", "word": "found", "as_of": "2026-11-24T10:00Z", "format": "csv"},
    f"{_V1}effects/%(effect)s/": {"as_of": "2026-11-24T10:00Z", "format": "csv"},
    f"{_V1}figures/": {**_ENOUGH, "agency": "NO-KRIPOS"},
    f"{_V1}findings/": {"state": "open,answered", "rule": "R105", "severity": "warning", "indicator": "DOWNLOADS",
                        "frequency": "H", "since": "2026-11-01T00:00:00Z"},
    f"{_V1}findings/%(finding)s/": {},
    f"{_V1}submissions/": {"since": "2026-11-01T00:00:00Z", "before": "2026-12-01T00:00:00Z"},
    f"{_V1}submissions/%(submission)s/": {},
    f"{_V1}annotations/": {"indicator": "DOWNLOADS", "agency": "NO-KRIPOS", "start": "2026-11-01", "end": "2026-11-30"},
    f"{_V1}countries/": {"language": "nb"},
    f"{_V1}help-services/": {"country": "NO", "language": "nb"},
    f"{_V1}networks/": {}, f"{_V1}indicators/": {}, f"{_V1}agencies/": {}, f"{_V1}rules/": {}, f"{_V1}audit/head/": {},
    f"{_V1}webhook-keys/": {},
    "/api/schema/": {"format": "yaml"},
    "/healthz": {}, "/readyz": {}, "/metrics": {},
}  # fmt: skip
#: Pages ignore values that they do not know.
_PAGES: Final[dict[str, dict[str, str]]] = {
    "/": {"indicator": "DOWNLOADS", "window": "P30D", "sort": "rate", "day": "2026-11-01"},
    "/countries/no/": {"indicator": "DOWNLOADS", "frequency": "W", "with": "SE,EUROPE", "show": "count",
                       "start": "2026-01-01", "end": "2026-11-01", "as_of": "2026-11-24T10:00:00Z"},
    "/countries/no/chart.svg": {"frequency": "M", "as_of": "2026-11-24T10:00:00Z", "start": "2025-01",
                                "end": "2026-10"},
    "/corrections/": {"indicator": "DOWNLOADS", "country": "all", "frequency": "W", "older": "12_2026-W44"},
    "/effects/": {"as_of": "2026-11-24T10:00:00Z"},
    "/help/": {"language": "nb", "country": "NO"},
    "/coverage/": {"indicator": "DOWNLOADS"},
    "/nb/": {"window": "P1D"},
    "/about/": {}, "/method/": {}, "/participants/": {}, "/accessibility/": {}, "/privacy/": {}, "/no/such/page/": {},
}  # fmt: skip
_EXTREMES: Final = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00Z", "0001-01-01", "0001-01", "0001", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59", "9999-12-31T23:00", "9999-12-31", "9999-12", "9999", "9999-W52", "0001-W01", "1969-W01",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1582-10-10", "1970-01-01T00:00:00Z", "2026-W53",
    "２０２６", "２０２６-１１-０１", "2026-11-01 ", "+2026", " 2026-11-01", "2026-11-24T10:00:00.0000001Z",
)  # fmt: skip


class Asking(NamedTuple):
    """A request, as it is written down."""

    method: str
    path: str
    role: str
    headers: dict[str, str]
    body: bytes


def make(rng: Random) -> bytes:
    """Make a request for any address."""
    if rng.random() < 0.2:
        asking = _sending(rng)
    else:
        known = _ASKED if rng.random() < 0.75 else _PAGES
        path = rng.choice(tuple(known))
        method = rng.choice(
            ("GET", "GET", "GET", "GET", "GET", "HEAD", "OPTIONS", rng.choice(("POST", "PUT", "TRACE", "X")))
        )
        asking = Asking(method, f"{path}?{_query(rng, known[path])}", rng.choice(ROLES), _headers(rng), b"")
    return msgspec.json.encode(asking)


def _sending(rng: Random) -> Asking:
    """Make a request with a body."""
    headers = _headers(rng)
    which = rng.random()
    if which < 0.2:
        path, body, media = f"{_V1}findings/%(finding)s/answer/", bodies.make_answer(rng), "application/json"
    elif which < 0.3:
        path, media = "/oauth/token/", "application/x-www-form-urlencoded"
        body = questions.written(
            rng, [(name, rng.choice(odd.TEXTS)) for name in ("grant_type", "client_id", "scope")]
        ).encode("latin-1")
    else:
        path = f"{_V1}submissions/"
        as_json = rng.random() < 0.5
        body, media = (bodies.make_json(rng), "application/json") if as_json else (bodies.make_csv(rng), "text/csv")
        path += f"?{_query(rng, {'dry_run': 'true', 'prepared': '2026-11-24T10:00:00Z'})}"
    if rng.random() < 0.1:
        media = rng.choice(questions._TYPES)
    if rng.random() < 0.1:
        headers["Idempotency-Key"] = rng.choice(questions._KEYS)
    if rng.random() < 0.1:
        headers["Content-Encoding"] = rng.choice(("gzip", "br", "identity", "GZIP", "gzip, gzip", odd.MARKER))
        body = bodies.make_packed(rng) if rng.random() < 0.5 else body
    return Asking("POST", path, rng.choice((*ROLES, "agency", "agency")), {**headers, "Content-Type": media}, body)


def _query(rng: Random, known: dict[str, str]) -> str:
    needed = {name: value for name, value in known.items() if name in _ENOUGH or rng.random() < 0.4}
    pairs = list(needed.items())
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        pairs = questions.broken(rng, pairs)
    if pairs and rng.random() < 0.25:
        at = rng.randrange(len(pairs))
        pairs[at] = (pairs[at][0], rng.choice(_EXTREMES))
    if rng.random() < 0.03:
        pairs.append(("cursor", questions.make_cursor(rng).decode("utf-8", "replace")))
    query = questions.written(rng, pairs)
    return quote(query, safe="%&=+,*:;@!$'()/?~-._", encoding="latin-1")


def _headers(rng: Random) -> dict[str, str]:
    headers = {}
    for name, values in questions._HEADERS.items():
        if name not in ("content_type", "idempotency_key") and rng.random() < 0.12:
            headers[name.replace("_", "-")] = ", ".join(rng.choice(values) for _ in range(rng.choice((1, 1, 2))))
    if rng.random() < 0.05:
        headers["Authorization"] = rng.choice(
            (
                "Bearer",
                "Bearer ",
                "bearer x",
                f"Bearer {odd.MARKER}",
                "Basic Og==",
                "Basic !",
                "Bearer é",
                "Bearer " + "x" * 9000,
            )
        )
    return headers


_ALLOWED: Final = frozenset((200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503))


def _on_the_wire(value: str) -> str:
    return value.encode().decode("latin-1")


class Answered:
    """An answer, read to its end. The connection to the database belongs to the test and stays open."""

    def __init__(self, response: Any) -> None:
        self.status_code = response.status_code
        self.headers = response.headers
        self.content = b"".join(response)

    def __contains__(self, name: str) -> bool:
        return name in self.headers

    def __getitem__(self, name: str) -> str:
        return str(self.headers[name])


class Judge:
    """Judges requests against the running code, in a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.handler = Handler()

    def __call__(self, content: bytes, _rng: Random) -> str:
        asking = msgspec.json.decode(content, type=Asking)
        answer = self.ask(asking)
        status = answer.status_code
        expect(status in _ALLOWED, f"answered {status}")
        if status in (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503) and asking.method != "HEAD":
            self._check_error(asking, answer)
        if status == 200 and "ETag" in answer:
            self._check_tag(asking, answer)
        return str(status)

    def ask(self, asking: Asking, **more: str) -> "Answered":
        """Send a request as the web server hands it over."""
        world = self.world
        path = asking.path.replace("%(finding)s", str(world.finding)).replace("%(submission)s", world.submission)
        path = path.replace("%(effect)s", str(world.effect))
        address, _, query = path.partition("?")
        headers = {**world.headers(asking.role), **asking.headers, **more}
        environ = {
            "REQUEST_METHOD": asking.method,
            "PATH_INFO": address,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.1",
            "CONTENT_LENGTH": str(len(asking.body)),
            "CONTENT_TYPE": headers.pop("Content-Type", ""),
            "wsgi.input": BytesIO(asking.body),
            "wsgi.errors": StringIO(),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper().replace('-', '_')}": _on_the_wire(value) for name, value in headers.items()},
        }
        return Answered(self.handler.get_response(Request(environ)))

    @staticmethod
    def _check_error(asking: Asking, answer: Any) -> None:
        kind = answer["Content-Type"]
        if kind.startswith("text/html"):
            expect(not asking.path.startswith("/api/"), "a page where programs ask")
            return
        document = json.loads(answer.content)
        if kind == "application/problem+json":
            expect(
                document["status"] == answer.status_code == CODES[document["code"]].status,
                "a status that is not the code's",
            )
        else:
            expect(asking.path.startswith("/oauth/token/") and "error" in document, "an error of another kind")
        expect(odd.MARKER not in answer.content.decode().lower(), "something of what was sent came back")

    def _check_tag(self, asking: Asking, answer: Any) -> None:
        """A request with the answer's own tag gets a 304, unless the answer has changed meanwhile."""
        again = self.ask(asking, **{"If-None-Match": answer["ETag"]})
        expect(again.status_code == 304 or again["ETag"] != answer["ETag"], "sent again in spite of its tag")
        expect(again.status_code != 304 or not again.content, "a 304 with a body")

"""HTTP with the federation: tokens, signatures, time-outs, and what an answer means.

It follows no redirect, because a redirect would carry the secret to another host.
"""

import base64
import gzip
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec
import urllib3

from p2p_agency import connections, explanations, shapes
from p2p_agency.errors import AgencyError, AwayError, SetUpError
from p2p_agency.settings import Settings
from p2p_agency.signing import Signer

_SUBMISSIONS: Final = "/api/v1/submissions/"
#: A clock that differs by less is right: the header Date has whole seconds, and a request takes time.
_CLOCK: Final = timedelta(seconds=30)
#: If an answer takes longer than this many seconds, its Date says nothing about the clock.
_PROMPT: Final = 20
#: Bytes of an answer. A page of a list has some hundred kilobytes.
_LARGEST: Final = 64 << 20
_PIECE: Final = 64 << 10
#: In _BUSY: statuses that all requests get now. _AWAY also has those of a proxy, which may fail with one request only.
_BUSY: Final = frozenset({429, 503})
_AWAY: Final = _BUSY | {502, 504}
#: A token is used only for this share of its life. Otherwise it could expire while a request is on its way.
_SHARE: Final = 0.8
_NOT_ACCEPTED: Final = (
    "{address} does not accept this id and secret. Check both. If they are right, the credential has ended or was "
    "revoked: ask your coordinator for a new one, then run: p2p-agency init"
)


class _Answer(NamedTuple):
    """An answer of HTTP, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ProblemError(AgencyError):
    """The federation refused a request: its status, its code, and the whole problem document."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(f"{document['title']}. {document.get('detail', '')}".strip() + f" [{document['code']}]")
        self.status = status
        self.code: str = document["code"]
        self.document = document

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        if self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return SetUpError.exit_code
        return AwayError.exit_code if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else 1


class Client:
    """An agency at its federation. It is for one thread."""

    def __init__(self, settings: Settings) -> None:
        self.address, self.agency = settings.address, settings.agency
        self._id, self._secret = settings.client_id, settings.client_secret
        self._signer = Signer(settings) if settings.keyid else None
        self._token, self._token_ends = "", 0.0
        self._pool = connections.pool_of(self.address)
        #: How far the clock of the federation is ahead of this machine's.
        self.ahead = timedelta(0)
        #: The time of the federation minus that of the monotonic clock, which nobody sets.
        self._since: float | None = None

    # --- requests ---------------------------------------------------------------------------------------------------

    def submit(self, packed: bytes, key: str) -> dict[str, Any]:
        """Send a submission of JSON, compressed with gzip. Returns the receipt, also if it was stored before."""
        return self._post_submission(
            _SUBMISSIONS, packed, {"Idempotency-Key": key}, HTTPStatus.ACCEPTED, shapes.Receipt
        )

    def dry_run(self, packed: bytes) -> dict[str, Any]:
        """Preview a submission. Nothing is stored."""
        return self._post_submission(f"{_SUBMISSIONS}?dry_run=true", packed, {}, HTTPStatus.OK, shapes.Outcome)

    def pages(self, path: str, member: str, **query: str) -> Iterator[dict[str, Any]]:
        """The items of a list, over all its pages: `pages("submissions/", "submissions", since=…)`."""
        after: dict[str, str] = {}
        while True:
            url = f"/api/v1/{path}?{urlencode({**query, **after})}".rstrip("?")
            page = self._authorized("GET", url, None, {}, shape=shapes.page_of(member))
            yield from page[member]
            if not page.get("next"):
                return
            # Only the cursor: a proxy may know the federation by another name.
            try:
                after = {"cursor": parse_qs(urlsplit(page["next"]).query)["cursor"][0]}
            except (ValueError, KeyError):
                raise _unexpected(HTTPStatus.OK) from None

    def answer(self, finding: int, answer: str, remark: str | None) -> dict[str, Any]:
        body = json.dumps({"answer": answer, **({"remark": remark} if remark else {})}).encode()
        headers = {"Content-Type": "application/json"}
        return self._authorized("POST", f"/api/v1/findings/{finding}/answer/", body, headers, shape=shapes.Answered)

    def test_signature(self) -> None:
        """Raise why the federation does not accept the signature. Signatures are verified before bodies are read."""
        try:
            self.dry_run(gzip.compress(b"{}"))
        except ProblemError as problem:
            if problem.code != "invalid_payload":
                raise

    def scopes(self) -> frozenset[str]:
        """The scopes of the credential. This is the first test of an address, an id and a secret."""
        return frozenset(str(self._new_token().get("scope")).split())

    @property
    def clock_fault(self) -> str:
        """The fault of the clock of this machine at the last answer. Empty if the clock is right."""
        return clock_fault(self.ahead)

    def now(self) -> datetime:
        """The time of the federation, or about a second later. Before its first answer, the time of this machine."""
        return datetime.fromtimestamp(time.time() if self._since is None else self._since + time.monotonic(), UTC)

    # --- how --------------------------------------------------------------------------------------------------------

    def _post_submission(
        self, url: str, packed: bytes, headers: Mapping[str, str], expected: HTTPStatus, shape: Any
    ) -> dict[str, Any]:
        # The token comes first, because its answer shows how far the clock is wrong. The time of the signature needs
        # this.
        self._authorization()
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **headers}
        if self._signer is not None:
            headers = self._signer.sign(self.address + url, packed, headers, datetime.now(UTC) + self.ahead)
        return self._authorized("POST", url, packed, headers, expected, shape)

    def _authorized(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        expected: HTTPStatus = HTTPStatus.OK,
        shape: Any = dict[str, Any],
    ) -> dict[str, Any]:
        answer = self._send(method, url, body, {**headers, **self._authorization()})
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._token_ends = 0
            answer = self._send(method, url, body, {**headers, **self._authorization()})
        return self._document(answer, expected, shape)

    def _authorization(self) -> dict[str, str]:
        if time.monotonic() > self._token_ends:
            began = time.monotonic()
            try:
                token = self._new_token()
            except AwayError as away:
                # No request can be sent without a token.
                away.for_all = True
                raise
            self._token, self._token_ends = token["access_token"], began + _SHARE * token["expires_in"]
        return {"Authorization": f"Bearer {self._token}"}

    def _new_token(self) -> dict[str, Any]:
        pair = base64.b64encode(f"{quote(self._id)}:{quote(self._secret)}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
        answer = self._send("POST", "/oauth/token/", b"grant_type=client_credentials", headers)
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            raise self._no_token(answer)
        return self._document(answer, HTTPStatus.OK, shapes.Token)

    def _document(self, answer: _Answer, expected: HTTPStatus, shape: Any) -> dict[str, Any]:
        """The JSON object of an answer, with the members of ``shape``. Raises an `AgencyError` for other answers."""
        if answer.status == expected:
            return _decoded(answer, shape)
        if answer.status in _AWAY:
            raise _away(answer)
        problem = _decoded(answer, shapes.Problem)
        # The address that explains the problem is a path of the federation.
        raise ProblemError(answer.status, problem | {"type": explanations.full(self.address, problem.get("type", ""))})

    def _no_token(self, answer: _Answer) -> SetUpError:
        """Why there is no token, how to get one, and the address that explains the refusal if the answer names it."""
        lines = [_NOT_ACCEPTED.format(address=self.address)]
        with suppress(AwayError):
            refusal = _decoded(answer, shapes.Refusal)
            code, description = refusal["error"], refusal["error_description"]
            if code != "invalid_client":
                lines = [f"{self.address} gives no token. {description} [{code}]"]
            lines += explanations.links({"code": code, "type": explanations.full(self.address, refusal["error_uri"])})
        return SetUpError("\n".join(lines))

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> _Answer:
        began = time.time()
        try:
            # Without retries, no redirect is followed either. A packed answer is not unpacked: it could be enormous.
            answer = self._pool.request(
                method, self.address + url, body=body, headers=headers, retries=False, preload_content=False
            )
            received = _Answer(answer.status, answer.headers, _body_of(answer))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise AwayError(f"{self.address} cannot be reached: {_reason(error)}") from None
        # An answer of a cache has the time at which the cache got it.
        if "Age" not in received.headers:
            self._compare_clocks(received.headers.get("Date"), began, time.time())
        return received

    def _compare_clocks(self, date: str | None, began: float, ended: float) -> None:
        if date and 0 <= ended - began < _PROMPT:
            try:
                there = parsedate_to_datetime(date).astimezone(UTC).timestamp()
            except (ValueError, OverflowError):
                return
            # The header has whole seconds: on average, half a second was cut off.
            self.ahead = timedelta(seconds=there + 0.5 - (began + ended) / 2)
            # The latest time that is possible: that of the answer could have been the time of the request.
            self._since = there + 1 + (ended - began) - time.monotonic()


def clock_fault(ahead: timedelta) -> str:
    """The fault of the clock of this machine, and how to fix it, if the federation's clock is so much ahead."""
    if abs(ahead) < _CLOCK:
        return ""
    here = "behind" if ahead > timedelta(0) else "ahead of"
    # The offset is measured to about a second. It is rounded, so that the same fault gets the same words.
    by = timedelta(seconds=round(abs(ahead).total_seconds(), -1))
    return (
        f"The clock of this machine is about {by} {here} "
        "the clock of the federation. Set it, for example with NTP. Otherwise the federation may refuse your "
        "reports, or use them in the wrong order."
    )


def _body_of(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The body as it is sent. It may not be endless."""
    body = b""
    while piece := answer.read1(_PIECE, decode_content=False):
        body += piece
        if len(body) > _LARGEST:
            answer.close()
            raise urllib3.exceptions.TimeoutError
    answer.release_conn()
    return body


def _reason(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.SSLError):
        return f"{error}. Check the address, and the clock of this machine."
    if isinstance(error, urllib3.exceptions.ProxyError):
        return "the proxy of this machine cannot be used. Check HTTPS_PROXY, or the network settings of your system."
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "no host has this name. Check the address, and the network connection of this machine."
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no program answers at this address. Check the address. If it is right, try again later."
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "it does not answer in time, or its answer is too long. Try again later."
    return f"the connection broke ({type(error).__name__}). Try again later."


def _away(answer: _Answer) -> AwayError:
    seconds = answer.headers.get("Retry-After", "")
    reason = str(answer.status)
    with suppress(AwayError):
        reason = _decoded(answer, shapes.Problem)["title"]
    return AwayError(
        f"The federation cannot answer now: {reason}. Try again later.",
        retry_after=float(seconds) if seconds.isdecimal() else 0,
        for_all=answer.status in _BUSY,
    )


def _decoded(answer: _Answer, shape: Any) -> dict[str, Any]:
    try:
        document: dict[str, Any] = msgspec.json.decode(answer.body)
        msgspec.convert(document, shape)
    except (ValueError, RecursionError):
        raise _unexpected(answer.status) from None
    return document


def _unexpected(status: int) -> AwayError:
    return AwayError(
        f"The federation's answer is not what this program expects (status {status}). Another program may have "
        "answered: check the address in the settings, and the proxies between this machine and the federation. If both "
        "are right, install the newest version of this program.",
        for_all=False,
    )

"""Bodies: submissions as JSON, as CSV and as both; answers to findings; compressed bodies in pieces."""

import gzip
import zlib
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from random import Random
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from api.v1 import body as bodies
from p2p_core.payloads import answers, csv_plain, csv_walk, json_walk, submissions
from p2p_core.payloads import draft as drafts
from p2p_core.payloads.cells import MAX_REPORTS
from p2p_core.payloads.draft import Draft
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewSubmission
from tests.fuzz import documents, edits, odd
from tests.fuzz.documents import AGENCY, INDICATORS, NOW
from tests.fuzz.judging import Verdict, compare, expect, set_to, verdict
from tests.oracles import payloads as oracle
from tests.oracles import tables

#: Limits that no case reaches.
WIDE = (drafts.MAX_OBSERVATIONS, MAX_REPORTS)


def how_broken(rng: Random) -> int:
    """Return how many things to break: often none, as a rule one, seldom many."""
    return rng.choice((0, 0, 1, 1, 1, 1, 2, 3))


def limits(rng: Random) -> tuple[int, int]:
    return (rng.randrange(6), rng.randrange(1, 4)) if rng.random() < 0.05 else WIDE


def _terms(allowed: tuple[int, int]) -> oracle.Terms:
    return oracle.Terms(NOW, INDICATORS, *allowed, agency=AGENCY)


def _plain(payload: NewSubmission) -> oracle.Reading:
    """Return what was read in the form of the second reading."""
    reports = [
        (
            *(report.indicator, report.frequency, report.period, report.status, report.withdrawn),
            list(zip(report.countries.tolist(), report.networks.tolist(), report.values.tolist(), strict=True)),
        )
        for report in payload.reports
    ]
    return oracle.Reading(payload.prepared, payload.observations, reports)


def _submission(draft: Draft, prepared: datetime) -> NewSubmission:
    return NewSubmission(draft.reports(), draft.observations, prepared, NOW, "", b"")


def _refuse_nul(body: bytes) -> None:
    """As the reader does before it reads."""
    if b"\0" in body:
        raise PayloadError("nul_character")


# --- JSON ------------------------------------------------------------------------------------------------------------


def make_json(rng: Random) -> bytes:
    prepared = rng.choice(odd.INSTANTS) if rng.random() < 0.1 else None
    tokens = documents.json_tokens(rng, rng.choice(tuple(INDICATORS)), documents.reports(rng), prepared)
    for _ in range(how_broken(rng)):
        tokens = edits.repeated_member(rng, tokens) if rng.random() < 0.08 else edits.tokens(rng, tokens)
    body = edits.encoded("".join(tokens))
    return edits.octets(rng, body) if rng.random() < 0.12 else body


def _read(body: bytes, media: str) -> oracle.Reading:
    read = submissions.read(bytearray(body), media, received=NOW, indicators=INDICATORS, agency=AGENCY)
    expect(read.digest == sha256(body).digest(), "the digest is not the body's")
    return _plain(read)


def read_json(body: bytes) -> oracle.Reading:
    return _read(body, "json")


def walk_json(body: bytes) -> oracle.Reading:
    _refuse_nul(body)
    draft = Draft(received=NOW, indicators=INDICATORS, agency=AGENCY)
    envelope = json_walk.walk_envelope(body, draft)
    for position, raw in enumerate(envelope.reports):
        json_walk.walk_report(raw, f"/reports/{position}", envelope.indicator, draft)
    return _plain(_submission(draft, envelope.prepared))


def judge_json(body: bytes, rng: Random) -> str:
    """Read with both paths, and compare with the second reading."""
    allowed = limits(rng)
    with set_to(drafts, MAX_OBSERVATIONS=allowed[0], MAX_REPORTS=allowed[1]):
        found = verdict(lambda: read_json(body))
        compare(found, lambda: oracle.read_json(body, _terms(allowed)), tight=allowed != WIDE)
        if allowed == WIDE and rng.random() < 0.25:
            _agree(found, verdict(lambda: walk_json(body)))
    return found.word


def _agree(found: Verdict, walked: Verdict) -> None:
    if (
        found.problem is not None
        and walked.problem is not None
        and found.problem.status == walked.problem.status == 400
    ):
        return  # If a body is unreadable for two reasons, either may be reported.
    expect(found.word == walked.word, f"{found.word} by the fast path, {walked.word} by the thorough one")
    expect(found.value == walked.value, "the thorough path read other numbers")
    if found.problem is not None and walked.problem is not None:
        expect(found.problem.faults == walked.problem.faults, "the thorough path found other faults")


# --- CSV -------------------------------------------------------------------------------------------------------------


def make_csv(rng: Random) -> bytes:
    table = documents.csv_table(rng, rng.choice(tuple(INDICATORS)), documents.reports(rng))
    if rng.random() < 0.2:
        table[1:] = rng.sample(table[1:], len(table) - 1)
    table = documents.rearranged(rng, table, AGENCY)
    for _ in range(how_broken(rng)):
        table = edits.cells(rng, table)
    body = edits.encoded(documents.csv_text(rng, table))
    return edits.octets(rng, body) if rng.random() < 0.12 else body


def read_csv(body: bytes) -> oracle.Reading:
    return _read(body, "csv")


def walk_csv(body: bytes) -> oracle.Reading:
    _refuse_nul(body)
    draft = Draft(received=NOW, indicators=INDICATORS, agency=AGENCY)
    csv_walk.walk(bytearray(body), draft)
    return _plain(_submission(draft, NOW))


def judge_csv(body: bytes, rng: Random) -> str:
    """Read in blocks of any size and row by row, and compare with the second reading."""
    allowed = limits(rng)
    block = rng.choice((1 << 22, 1 << 22, 40, 60, 100, 150, rng.randrange(30, 400)))
    with set_to(drafts, MAX_OBSERVATIONS=allowed[0], MAX_REPORTS=allowed[1]), set_to(csv_plain, _BLOCK=block):
        found = verdict(lambda: read_csv(body))
        compare(found, lambda: tables.read_csv(body, _terms(allowed)), tight=allowed != WIDE)
        if allowed == WIDE and rng.random() < 0.25:
            _agree(found, verdict(lambda: walk_csv(body)))
    return found.word


# --- the same as both ------------------------------------------------------------------------------------------------


def make_twins(rng: Random) -> bytes:
    """Return what both documents are made from: the seed of a submission in which nothing is wrong."""
    return str(rng.randrange(1 << 48)).encode()


def judge_twins(seed: bytes, rng: Random) -> str:
    """Write one submission as JSON and as CSV, packed or not, in pieces, and read the same reports out of both."""
    made = Random(seed)
    indicator, sent = made.choice(tuple(INDICATORS)), documents.reports(made)
    as_json = "".join(documents.json_tokens(made, indicator, sent, None)).encode()
    as_csv = documents.csv_text(made, documents.rearranged(made, documents.csv_table(made, indicator, sent))).encode()
    one = read_json(_through(as_json, made))
    other = read_csv(_through(as_csv, made))
    expect(one == other, f"JSON says {one!r}, CSV says {other!r}")
    expect(len(one.reports) == len(sent), "reports were lost")
    return "accepted"


def _through(body: bytes, rng: Random) -> bytes:
    """Send a body through the reader of bodies as it may come, and check that it arrives."""
    packed = rng.random() < 0.5
    sent = gzip.compress(body, rng.randrange(10), mtime=0) if packed else body
    received = bodies.read(request_of(sent, rng, encoding="gzip" if packed else ""))
    expect(received == body, "the body that arrived is not the one that was sent")
    return bytes(received)


# --- answers ---------------------------------------------------------------------------------------------------------

_REMARKS = (
    "A campaign began on Monday; four more computers.", "Ü" * 1000, "x " * 501, "x" * 39 + "1", " \n\t ", "\u200b",
    "call 192.0.2.7 now", "１９２.0.2.7", "me@example.org", "d41d8cd98f00b204e9800998ecf8427e", "2001:db8::7", "ok",
    "2001:\u200bdb8::7", "😀" * 999, "a\\u0000b", odd.MARKER, "x" * 1001, "<script>", "=1+1", "\u202e", "\ufeff",
)  # fmt: skip


def make_answer(rng: Random) -> bytes:
    answer = rng.choice(("confirmed", "will_resubmit", "cannot_fix", "confirmed", "Confirmed", rng.choice(odd.TEXTS)))
    remark = rng.choice((*_REMARKS, rng.choice(odd.TEXTS), "x" * rng.randrange(1003)))
    tokens = ["{", '"answer"', ":", edits.text_in_quotes(rng, answer)]
    tokens += [",", '"remark"', ":", edits.text_in_quotes(rng, remark)] if rng.random() < 0.8 else []
    tokens.append("}")
    for _ in range(how_broken(rng)):
        tokens = edits.tokens(rng, tokens)
    body = edits.encoded("".join(tokens))
    return edits.octets(rng, body) if rng.random() < 0.1 else body


def judge_answer(body: bytes, rng: Random) -> str:
    found = verdict(lambda: tuple(answers.read(body)))
    compare(found, lambda: oracle.read_answer(body))
    return found.word


# --- packed and in pieces --------------------------------------------------------------------------------------------


class Pieces(BytesIO):
    """A connection that delivers pieces of any size."""

    def __init__(self, content: bytes, rng: Random) -> None:
        super().__init__(content)
        self.rng = rng

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return super().read(size)
        return super().read(max(1, min(size, self.rng.choice((1, 2, 7, 64, 1000, 1 << 20)))))


def request_of(content: bytes, rng: Random, *, encoding: str = "", length: str | None = None) -> Any:
    """Return a request with a body that arrives in pieces of random sizes."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/v1/submissions/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": Pieces(content, rng),
        "wsgi.url_scheme": "http",
    }
    if encoding:
        environ["HTTP_CONTENT_ENCODING"] = encoding
    environ["CONTENT_LENGTH"] = str(len(content)) if length is None else length
    return WSGIRequest(environ)


def make_packed(rng: Random) -> bytes:
    """Return a gzip stream: of one member or several, whole as a rule, or broken somewhere."""
    content = rng.choice((b"", b"x", b"ab" * rng.randrange(3000), rng.randbytes(rng.randrange(400))))
    members = [content[at:] if at else content for at in range(rng.choice((1, 1, 1, 2, 3)))]
    packed = b"".join(gzip.compress(member, rng.randrange(10), mtime=0) for member in members)
    which = rng.random()
    if which < 0.1:
        packed = zlib.compress(content)
    elif which < 0.15:
        packed = gzip.compress(b"\0" * rng.choice((70_000, 300_000)), mtime=0)
    elif which < 0.2:
        packed += rng.choice((b"\0", b"\0" * 512, b"x", b"\x1f\x8b", b"\x1f"))
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        packed = edits.octets(rng, packed)
    return packed


def judge_packed(packed: bytes, rng: Random) -> str:
    """Decompress in pieces of any size under any limit, and compare with decompressing the whole."""
    limit = rng.choice((1 << 27, 1 << 27, 100, 5000))
    with set_to(bodies, _PIECE=rng.choice((1 << 20, 1, 3, 64, 4096)) if len(packed) < 2000 else 1 << 20):
        found = verdict(lambda: bytes(bodies.read(request_of(packed, rng, encoding="gzip"), limit=limit)))
    compare(found, lambda: unpacked(packed, limit), tight=limit < 1 << 27)
    return found.word


def unpacked(packed: bytes, limit: int) -> bytes:
    """Return what is in a gzip stream: one member after the other, and nothing else."""
    found = b""
    if len(packed) > limit:
        raise oracle.Refusal(oracle.TOO_MUCH, oracle.UNREADABLE)
    rest = packed
    while rest or not packed:
        member = zlib.decompressobj(31)
        try:
            found += member.decompress(rest)
        except zlib.error:
            raise oracle.Refusal(oracle.UNREADABLE) from None
        if not member.eof:
            raise oracle.Refusal(oracle.UNREADABLE)
        rest = member.unused_data
    if len(found) > limit:
        raise oracle.Refusal(oracle.TOO_MUCH)
    return found

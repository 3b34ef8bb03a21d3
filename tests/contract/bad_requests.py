"""Bad inputs, as bytes, and the answer to each: the source of docs/reference/bad-inputs.md."""

import sys

from tests.contract.bad_bodies import CSV, JSON, PACKED
from tests.contract.bad_heads import ADDRESSES, FRAMING, HEADERS, HOSTS, LINES
from tests.contract.raw_requests import MARK_BYTES, Case, chunked, get, post

CASES = [*FRAMING, *HEADERS, *HOSTS, *LINES, *ADDRESSES, *JSON, *CSV, *PACKED]

#: Those that take their time, with what is sent first; they are asked beside all others.
SLOW = [
    Case("Slowness", "a head that does not end", get()[:-2], "closed"),
    Case("Slowness", "a form that does not end", post(b"a", length=b"20"), "closed"),
    Case("Slowness", "a large body that does not end", post(b"{", length=b"500000"), "closed"),
    Case("Slowness", "chunks that do not end", chunked(b"5\r\n{"), "closed"),
    Case(
        "Slowness",
        "no token, and a large body that does not end",
        post(b"{", length=b"500000").replace(b"{token}", MARK_BYTES),
        "closed",
    ),
    Case("Slowness", "lines that end with LF only", get().replace(b"\r\n", b"\n"), "closed"),
    Case("Slowness", "an empty line", b"\r\n\r\n", "closed"),
    Case("Slowness", "a connection that says nothing", b"", "closed"),
    Case("Slowness", "`Expect: 100-continue`, and no body", get("/healthz", b"Expect: 100-continue"), "100"),
]


def table() -> str:
    """Return what the page lists."""
    lines, group = [], ""
    for case in (*CASES, *SLOW):
        if case.group != group:
            group = case.group
            lines += ["", f"## {group}", "", "| input | answer |", "|---|---|"]
        lines.append(f"| {case.what} | {_shown(case.answer)} |")
    return "\n".join(lines[1:]) + "\n"


def _shown(answer: str) -> str:
    parts = [part.split(" ") for part in answer.split(", ")]
    return ", ".join(" ".join([part[0], *(f"`{code}`" for code in part[1:])]) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(table())

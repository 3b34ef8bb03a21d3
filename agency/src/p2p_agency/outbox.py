"""The outbox: each submission is stored here first, and stays until the federation has it. It contains only counts.

SQLite writes each step to the disk before the next step begins. So a kill between two steps loses nothing: a submission
that was not marked as sent is sent again with the same Idempotency-Key, and the federation stores it only once. Several
processes may use one outbox.
"""

import gzip
import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

from p2p_agency.client import Client, ProblemError
from p2p_agency.errors import AgencyError, AwayError, MachineError, SetUpError
from p2p_core import instants

#: Seconds for which accepted and refused submissions are kept.
KEPT: Final = timedelta(days=14).total_seconds()
#: Seconds. For this time after a process has taken up a submission, other processes leave the submission alone.
_TAKEN: Final = 120
#: Seconds between two attempts while the federation is away: the first pause, and the longest.
_SHORTEST, _LONGEST = 1.0, 300.0
#: Answers that say what is wrong with the submission, and not with how or when it is sent.
_ABOUT_THE_BODY: Final = frozenset({400, 413, 415, 422})
_ABOUT_THE_SIGNATURE: Final = ("signature_", "content_digest_")
#: Faults of a report that is from the future, by the clock of the federation.
_TOO_EARLY: Final = frozenset({"prepared_in_future", "period_not_ended"})
_FUTURE: Final = "By the clock of the federation, a report is from the future."
_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_FINDINGS: Final = 100

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS submission (
    key TEXT PRIMARY KEY,
    packed BLOB NOT NULL,
    added REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'refused')),
    failures INTEGER NOT NULL DEFAULT 0,
    taken REAL NOT NULL DEFAULT 0,
    settled REAL,
    answer TEXT
);
CREATE INDEX IF NOT EXISTS submission_state ON submission (state, failures);
CREATE INDEX IF NOT EXISTS submission_settled ON submission (settled);
CREATE TABLE IF NOT EXISTS watched (path TEXT PRIMARY KEY, stamp TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value);
"""
_BY_KEY: Final = "SELECT key, state, added, failures, answer FROM submission WHERE key = ?"
_BY_STATE: Final = "SELECT key, state, added, failures, answer FROM submission WHERE state = ? ORDER BY rowid"


class Entry(NamedTuple):
    """A submission of the outbox. ``answer`` is the receipt if it was accepted, and the problem if it was refused.

    ``failures`` counts how often this submission could not be sent for a reason that may not concern others.
    """

    key: str
    state: str
    added: float
    failures: int
    answer: dict[str, Any]


class Outbox:
    """The submissions of one agency for one federation, in one file. An object is for one thread.

    It waits at most ``timeout`` seconds for another process that uses the file.
    """

    def __init__(self, path: Path, *, timeout: float = 60) -> None:
        self.path = path
        #: These belong to this process alone. So a program that is started after an outage tries at once.
        self._failures, self._next_try = 0, 0.0
        with self._storing(), ExitStack() as failing:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite gives its other files the mode of this file. If the file exists, it is not opened here: closing it
            # would drop the locks of other connections in this process. Another process could then delete the log.
            if not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(path, timeout=timeout, isolation_level=None)
            failing.callback(self.close)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
            failing.pop_all()

    def close(self) -> None:
        self._database.close()

    # --- storing ----------------------------------------------------------------------------------------------------

    def add(self, body: bytes) -> str:
        """Store a submission of JSON, unless it is there, and return its key. A body says when it was ``prepared``.

        A submission that was refused is sent again.
        """
        key = sha256(body).hexdigest()
        self._run(
            "INSERT INTO submission (key, packed, added) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET state = 'waiting', failures = 0, settled = NULL WHERE state = 'refused'",
            (key, gzip.compress(body, mtime=0), time.time()),
        )
        return key

    def get(self, keys: Iterable[str]) -> list[Entry]:
        """The submissions with these keys that are still there, in this order."""
        return [_entry(row) for key in keys for row in self._run(_BY_KEY, (key,))]

    def body(self, key: str) -> bytes:
        """The submission with this key. Empty if it is not there: another process deletes old ones."""
        found = self._run("SELECT packed FROM submission WHERE key = ?", (key,))
        return gzip.decompress(found[0][0]) if found else b""

    def in_state(self, *states: str) -> list[Entry]:
        """All submissions in these states, oldest first."""
        return [_entry(row) for state in states for row in self._run(_BY_STATE, (state,))]

    def count(self) -> dict[str, int]:
        """How many submissions are in each state."""
        return dict(self._run("SELECT state, count(*) FROM submission GROUP BY state"))

    def result_stamp(self, path: Path) -> str:
        """The stamp that a watched file had when its result was written. Empty if there is no result."""
        return next((stamp for (stamp,) in self._run("SELECT stamp FROM watched WHERE path = ?", (_text(path),))), "")

    def mark_result(self, path: Path, stamp: str) -> None:
        self._run("INSERT OR REPLACE INTO watched VALUES (?, ?)", (_text(path), stamp))

    def belong_to(self, client: Client) -> None:
        """Send nothing that was meant for one federation, such as one for tests, to another, or as another agency."""
        for name, value in (("address", client.address), ("agency", client.agency)):
            self._run("INSERT OR IGNORE INTO note VALUES (?, ?)", (name, value))
            if self._note(name) != value:
                raise SetUpError(
                    f"The outbox {self.path} belongs to {self._note(name)}, and the settings name {value}. Give "
                    f"{value} settings of its own, with --config, or an outbox of its own, with the setting `outbox`."
                )

    # --- sending ----------------------------------------------------------------------------------------------------

    def send(
        self, client: Client, *, at_once: bool = False, on_settled: Callable[[Entry], None] = lambda _: None
    ) -> None:
        """Send each waiting submission once, and call ``on_settled`` with each one that is accepted or refused.

        If the rest has to wait, it raises the reason. Then the next calls do nothing until `wait_left` is 0, unless
        they are ``at_once``.
        """
        self.belong_to(client)
        if self.wait_left() and not at_once:
            return
        tried: set[str] = set()
        failed = None
        try:
            for key, packed in self._take(tried):
                failed = self._send_one(client, key, packed) or failed
                for settled in (one for one in self.get([key]) if one.state != "waiting"):
                    on_settled(settled)
            if failed is not None:
                raise failed
        except AgencyError as error:
            self._wait(getattr(error, "retry_after", 0))
            raise
        if tried:
            self._failures, self._next_try = 0, 0.0
            # The answer has said what time it is. A clock that is ahead would delete new ones.
            self._run("DELETE FROM submission WHERE settled < ?", (client.now().timestamp() - KEPT,))

    def wait_left(self) -> float:
        """In how many seconds the next attempt is due."""
        return max(0.0, self._next_try - time.monotonic())

    def compare(self, client: Client) -> list[str]:
        """Let what was accepted, and what the federation lacks, wait again; the keys of it.

        It lacks submissions after it was restored from an older backup.
        """
        self.belong_to(client)
        accepted = self.in_state("accepted")
        if not accepted:
            return []
        since = min(datetime.fromisoformat(one.answer["received"]) for one in accepted)
        there = {one["id"] for one in client.pages("submissions/", "submissions", since=instants.write(since))}
        lost = [one.key for one in accepted if one.answer["id"] not in there]
        for key in lost:
            self._run("UPDATE submission SET state = 'waiting', failures = 0, settled = NULL WHERE key = ?", (key,))
        return lost

    def _take(self, tried: set[str]) -> Iterator[tuple[str, bytes]]:
        """Take up one submission after the other: those first that no other process has just taken up."""
        while True:
            now = time.time()
            rows = self._run(
                "UPDATE submission SET taken = ?1 WHERE key ="
                " (SELECT key FROM submission WHERE state = 'waiting'"
                "  ORDER BY taken BETWEEN ?1 - ?2 AND ?1, failures, rowid LIMIT 1)"
                " RETURNING key, packed",
                (now, _TAKEN),
            )
            if not rows or rows[0][0] in tried:
                return
            tried.add(rows[0][0])
            yield rows[0]

    def _send_one(self, client: Client, key: str, packed: bytes) -> AgencyError | None:
        """Send one submission. Returns why it waits, if that is no reason for others to wait."""
        try:
            receipt = client.submit(packed, key)
        except AwayError as away:
            # The oldest submission stays first. But if the fault may be its own, the next attempt begins with another
            # one.
            failed = not away.for_all
            self._run("UPDATE submission SET taken = 0, failures = failures + ? WHERE key = ?", (failed, key))
            raise
        except ProblemError as problem:
            # If the clocks differ, nobody knows which of them is wrong. It may be that of the federation, so the report
            # waits until they agree. If they agree, its own time is wrong. If such a report waited too, it would one
            # day replace the report that corrects it.
            early = client.clock_fault if _is_too_early(problem) else ""
            if _is_about_the_body(problem) and not early:
                self._settle(client, key, "refused", dict(problem.document))
                return None
            if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR and not early:
                raise
            self._run("UPDATE submission SET failures = failures + 1 WHERE key = ?", (key,))
            return MachineError(f"{_FUTURE} {early}") if early else AwayError(str(problem))
        kept = {name: receipt[name] for name in ("id", "received", "report_count", "outcomes")}
        self._settle(client, key, "accepted", {**kept, "findings": receipt["findings"][:_FINDINGS]})
        return None

    def _settle(self, client: Client, key: str, state: str, answer: dict[str, Any]) -> None:
        # The time of the federation: if this machine's clock is behind and then set, nothing is deleted too early.
        self._run(
            "UPDATE submission SET state = ?, settled = ?, answer = ? WHERE key = ?",
            (state, client.now().timestamp(), json.dumps(answer), key),
        )

    def _wait(self, asked: float) -> None:
        """Wait longer after each failure, and not as long as other agencies."""
        pause = min(_LONGEST, _SHORTEST * 2 ** min(self._failures, 20)) * random.uniform(0.5, 1)  # noqa: S311  no secret
        self._failures += 1
        self._next_try = time.monotonic() + min(_LONGEST, max(pause, asked))

    # --- SQLite -----------------------------------------------------------------------------------------------------

    def _note(self, name: str) -> Any:
        return next((value for (value,) in self._run("SELECT value FROM note WHERE name = ?", (name,))), None)

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Run one statement, which is a transaction of its own."""
        with self._storing():
            return self._database.execute(statement, values).fetchall()

    @contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            advice = (
                "Move the file to another folder, and send your files again. The federation stores no report twice."
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
                else "No report in it is lost. Check that the disk has free space and that you may write there. "
                "Then run the same command again."
            )
            raise MachineError(f"The outbox {self.path} cannot be used: {error}. {advice}") from None


def _text(path: Path) -> str:
    """A path in UTF-8, also if the name of the file is not."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _entry(row: tuple[str, str, float, int, str | None]) -> Entry:
    return Entry(*row[:4], json.loads(row[4] or "{}"))


def _is_about_the_body(problem: ProblemError) -> bool:
    """Whether the submission itself is refused, with any credential."""
    return problem.status in _ABOUT_THE_BODY and not problem.code.startswith(_ABOUT_THE_SIGNATURE)


def _is_too_early(problem: ProblemError) -> bool:
    faults = problem.document.get("errors", [])
    codes = {fault["code"] for fault in faults}
    return bool(codes) and codes <= _TOO_EARLY and len(faults) == problem.document.get("error_count")

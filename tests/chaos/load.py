"""The agencies: each submission of a plan is sent at its time, with retries, and what was answered is written down."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http.client import ACCEPTED, TOO_MANY_REQUESTS
from typing import Any

from p2p_core import periods
from tests.chaos.client import REFUSED, Reply, Sender
from tests.chaos.plan import Plan, Planned, spoil

_THREADS = 64
#: How many seconds an agency keeps trying after all faults are removed.
_PATIENCE = 40.0


@dataclass
class Sent:
    """A submission that was sent, and all that was answered to it."""

    planned: Planned
    body: bytes
    document: Mapping[str, Any]
    answers: list[Reply] = field(default_factory=list)

    @property
    def digest(self) -> bytes:
        return sha256(self.body).digest()

    @property
    def observations(self) -> int:
        return sum(len(report.get("observations", ())) for report in self.document["reports"])

    @property
    def receipts(self) -> list[dict[str, Any]]:
        return [reply.json() for reply in self.answers if reply.status == ACCEPTED]

    @property
    def accepted(self) -> bool:
        return bool(self.receipts)

    @property
    def refusals(self) -> list[Reply]:
        return [reply for reply in self.answers if 400 <= reply.status < 500 and reply.status != TOO_MANY_REQUESTS]

    @property
    def may_be_there(self) -> bool:
        """Whether an answer was lost, so that nobody knows whether the submission was stored."""
        return any(reply.status >= 500 or reply.status < REFUSED for reply in self.answers)


class Load:
    """Sends the submissions of a plan, from when it is begun until all are answered or given up."""

    def __init__(self, plan: Plan, senders: Sequence[Sender], *, now: datetime) -> None:
        self._plan, self._senders, self._now = plan, senders, now
        self.sent: list[Sent] = [self._written(planned) for planned in plan.submissions]
        self.retries = 0
        self._gives_up = time.monotonic() + plan.seconds + _PATIENCE
        self._pool = ThreadPoolExecutor(_THREADS)
        self._running: list[Future[None]] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send all, each at its time. Returns when the last one has begun."""
        began = time.monotonic()
        for sent in self.sent:
            time.sleep(max(0.0, began + sent.planned.at - time.monotonic()))
            self._running += [self._pool.submit(self._send, sent, copy) for copy in range(sent.planned.copies)]

    def finish(self) -> None:
        """Wait until every submission is answered or given up."""
        for one in self._running:
            one.result()
        self._pool.shutdown()

    def answers(self) -> Counter[str]:
        return Counter(reply.reason for sent in self.sent for reply in sent.answers)

    def _written(self, planned: Planned) -> Sent:
        document: dict[str, Any] = {"indicator": "DOWNLOADS", "reports": [self._report(said) for said in planned.said]}
        if planned.prepared is not None:
            prepared = self._now + timedelta(seconds=planned.at - planned.prepared)
            document["prepared"] = prepared.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        spoil(planned.kind, document)
        # Spaces make each body different, and mean nothing.
        body = json.dumps(document).encode() + b" " * planned.number
        return Sent(planned, body, document)

    def _report(self, said: Any) -> dict[str, Any]:
        period = periods.start_of(said.frequency, self._now)
        for _ in range(said.back):
            period = periods.start_of(said.frequency, period - timedelta(seconds=1))
        report: dict[str, Any] = {
            "frequency": said.frequency,
            "period": periods.label(said.frequency, period),
            "status": said.status,
        }
        if said.withdrawn:
            return {**report, "withdrawn": True}
        cells = [{"country": country, "network": network, "value": value} for country, network, value in said.cells]
        return {**report, "observations": cells}

    def _send(self, sent: Sent, copy: int) -> None:
        rng = random.Random(f"{self._plan.seed} {sent.planned.number} {copy}")
        sender = self._senders[sent.planned.agency]
        while True:
            reply = sender.submit(rng.choice(sender.hosts), sent.body, sent.planned.key)
            with self._lock:
                sent.answers.append(reply)
            if self._is_final(sent, reply) or time.monotonic() > self._gives_up:
                return
            with self._lock:
                self.retries += 1
            time.sleep(rng.uniform(0.2, 1.0))

    def _is_final(self, sent: Sent, reply: Reply) -> bool:
        """Without a key, an agency does not repeat a submission that may be stored."""
        if 200 <= reply.status < 500 and reply.status != TOO_MANY_REQUESTS:
            return True
        return sent.planned.key is None and reply.status != REFUSED

"""`make notify`: is everything told, once, while workers, a mail server and a receiver of webhooks die and hang?

For each seed a cluster of two workers and a beat sends to a real mail server and a real receiver of webhooks. Both draw
what happens to each message (`tests.chaos.mailbox`). Coordinators close findings meanwhile, and faults are drawn from
the seed. Exits with 1 if anything was wrong.
"""

import json
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any
from uuid import UUID

from config.embedded.process import free_port
from tests import cluster, receiver
from tests.chaos import arguments, ground
from tests.chaos.ground import Ground, Newcomer
from tests.cluster import Cluster, Part
from tests.cluster.part import NotInTime, spawn, until

#: Seconds after an event, or after the other servers are well again, within which everybody is told.
TOLD_WITHIN = 60.0
#: Events a second.
_RATE = 0.8
_HOMES = ("NO", "SE", "DK")
_COORDINATORS = "coordinators@example.org"


Arrival = dict[str, Any]


@dataclass
class Result:
    """The result of a seed. It passed if nothing is wrong."""

    seed: int
    events: int = 0
    messages: int = 0
    arrivals: int = 0
    repeated: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """A finding that a coordinator closed."""

    finding: int
    agency: str
    at: float


@dataclass(frozen=True)
class Stage:
    """All processes of a trial."""

    running: Cluster
    mail: Part
    webhook: Part
    folder: Path

    @property
    def others(self) -> tuple[Part, Part]:
        return self.mail, self.webhook

    def arrived(self) -> list[Arrival]:
        file = self.folder / "arrived.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


# --- a seed ----------------------------------------------------------------------------------------------------------


def run(seed: int, made: Ground, folder: Path, *, seconds: float) -> Result:
    result, rng = Result(seed), random.Random(seed)
    with _stage(seed, made, folder) as stage, ground.disconnected():
        _register(stage.webhook.port)
        breaking = threading.Thread(target=_break, args=(stage, rng, seconds, result), daemon=True)
        breaking.start()
        events = _close_findings(random.Random(f"{seed} events"), seconds)
        breaking.join()
        healed = _heal(stage)
        try:
            until(_all_sent, "all messages are sent", within=TOLD_WITHIN + 30)
        except NotInTime as late:
            result.wrong.append(str(late))
        _check(events, healed, stage.arrived(), result)
    return result


@contextmanager
def _stage(seed: int, made: Ground, folder: Path) -> Iterator[Stage]:
    made.copy(folder)
    receiver.authority(folder, "127.0.0.1")
    with ExitStack() as stack:
        servers = stack.enter_context(cluster.servers(folder, ports=made.ports))
        mail, webhook = _other("mail", folder, seed), _other("webhook", folder, seed)
        for part in (mail, webhook):
            stack.callback(part.start().stop)
        settings = _settings(folder, mail.port)
        running = stack.enter_context(cluster.hosts(servers, web=0, workers=2, beats=1, **settings))
        yield Stage(running, mail, webhook, folder)


def _other(kind: str, folder: Path, seed: int) -> Part:
    """A server of somebody else, which misbehaves."""
    port, log = free_port(), folder / f"{kind}.log"
    command = [sys.executable, "-m", "tests.chaos.mailbox", kind, str(port), str(folder), str(seed)]
    start = partial(spawn, command, log=log, environment=dict(os.environ))
    return Part(kind, start, port=port, log=log, ready=_listens)


def _listens(part: Part) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", part.port)) == 0


def _settings(folder: Path, mail_port: int) -> dict[str, str]:
    return {
        "WEBHOOK_KEYS": "0f" * 32,
        "WEBHOOK_NETWORKS": "127.0.0.1",
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail_port),
        "EMAIL_TLS": "none",
        "EMAIL_FROM": "service@example.org",
        "SITE_URL": "https://federation.example.org",
    }


def _register(webhook_port: int) -> None:
    """Give the coordinators a mailbox, and each agency a mailbox and a webhook."""
    from countries import registry
    from countries.models import Agency, Recipient, Webhook

    registry.save(Recipient(mailbox=_COORDINATORS), by="chaos")
    for agency in Agency.objects.filter(code__endswith="-CHAOS"):
        registry.save(Recipient(agency=agency, mailbox=_mailbox(agency.code)), by="chaos")
        # The desk takes only names of hosts.
        Webhook.objects.create(agency=agency, url=f"https://127.0.0.1:{webhook_port}/{agency.code}")


def _mailbox(agency: str) -> str:
    return f"{agency.lower()}@example.org"


def _heal(stage: Stage) -> float:
    """End all faults, and return when all servers are well again."""
    (stage.folder / "well").touch()
    for part in (*stage.others, *stage.running.parts):
        part.signal(SIGCONT)
        part.start()
    for part in (*stage.others, *stage.running.parts):
        part.await_ready()
    return time.time()


# --- what happens ----------------------------------------------------------------------------------------------------


def _close_findings(rng: random.Random, seconds: float) -> list[Event]:
    """Close findings of agencies at random times, as the desk does."""
    from django.db import transaction

    from countries.models import Agency, Indicator
    from federation.models.findings import Finding
    from federation.notifications import record

    agencies = list(Agency.objects.filter(code__endswith="-CHAOS"))
    indicator, began, events = Indicator.objects.get(code="DOWNLOADS"), time.monotonic(), []
    for number, at in enumerate(sorted(rng.uniform(0, seconds) for _ in range(round(seconds * _RATE)))):
        time.sleep(max(0.0, began + at - time.monotonic()))
        agency, now = rng.choice(agencies), datetime.now(UTC)
        period = datetime(2026, 11, 1 + number % 28, number // 28, tzinfo=UTC)
        with transaction.atomic():
            finding = Finding.objects.create(
                rule="R103", agency=agency, indicator=indicator, frequency="H", period=period, last_period=period,
                state="resolved", resolution="coordinator", opened=now, changed=now, resolved=now, facts={},
            )  # fmt: skip
            record.resolved([finding], now=now)
        events.append(Event(finding.pk, agency.code, time.time()))
    return events


def _break(stage: Stage, rng: random.Random, seconds: float, result: Result) -> None:
    """Faults at random times. All end before the time is over, except that the other servers still misbehave."""
    began = time.monotonic()
    for at in sorted(rng.uniform(0, seconds * 0.9) for _ in range(round(seconds / 2))):
        time.sleep(max(0.0, began + at - time.monotonic()))
        kind, lasts, draw = rng.choice(list(FAULTS)), rng.uniform(0.5, 4), rng.random()
        result.faults[kind] += 1
        FAULTS[kind](stage, lasts, draw)


def _chosen(parts: Sequence[Part], draw: float) -> Part:
    return parts[int(draw * len(parts))]


def _kill_worker(stage: Stage, _: float, draw: float) -> None:
    _chosen(stage.running.workers, draw).kill()


def _kill_process_of_worker(stage: Stage, _: float, draw: float) -> None:
    if children := _chosen(stage.running.workers, draw).children:
        children[int(draw * 1000) % len(children)].kill()


def _kill_beat(stage: Stage, _: float, draw: float) -> None:
    _chosen(stage.running.beats, draw).kill()


def _kill_other(stage: Stage, _: float, draw: float) -> None:
    _chosen(stage.others, draw).kill()


def _stop_other(stage: Stage, lasts: float, draw: float) -> None:
    part = _chosen(stage.others, draw)
    part.stop()
    time.sleep(lasts)
    part.start()


def _freeze_other(stage: Stage, lasts: float, draw: float) -> None:
    part = _chosen(stage.others, draw)
    part.signal(SIGSTOP)
    time.sleep(lasts)
    part.signal(SIGCONT)


FAULTS: dict[str, Callable[[Stage, float, float], None]] = {
    "kill a worker": _kill_worker,
    "kill a process of a worker": _kill_process_of_worker,
    "kill beat": _kill_beat,
    "kill a server of others": _kill_other,
    "stop a server of others": _stop_other,
    "freeze a server of others": _freeze_other,
}


# --- what is true afterwards -----------------------------------------------------------------------------------------


def _all_sent() -> bool:
    from federation.models.notifications import Message, Notification

    waiting = Notification.objects.filter(in_mail=False) | Notification.objects.filter(in_webhooks=False)
    return not waiting.exists() and not Message.objects.exclude(state="sent").exists()


def _check(events: Sequence[Event], healed: float, arrived: Sequence[Arrival], result: Result) -> None:
    result.events, result.arrivals = len(events), len(arrived)
    first: dict[tuple[str, int], float] = {}
    carriers: dict[tuple[str, int], set[str]] = defaultdict(set)
    for one in sorted(arrived, key=lambda one: float(one["at"])):
        for finding in _findings(one):
            first.setdefault((_place(one), finding), one["at"])
            carriers[_place(one), finding].add(_id(one))
    for event in events:
        for place in (event.agency, _mailbox(event.agency), _COORDINATORS):
            key, what = (place, event.finding), f"{place} and finding {event.finding}"
            if key not in first:
                result.wrong.append(f"lost: {what}")
                continue
            took = first[key] - max(event.at, healed)
            result.slowest = max(result.slowest, took)
            if took > TOLD_WITHIN:
                result.wrong.append(f"late by {took:.0f} s: {what}")
            if len(carriers[key]) > 1:
                result.wrong.append(f"doubled: {what}")
    result.wrong += _unmarked(arrived, result)


def _unmarked(arrived: Sequence[Arrival], result: Result) -> Iterator[str]:
    """At most one arrival of a message is not marked. It may come last: a frozen server takes an old one late."""
    copies: dict[str, list[bool]] = defaultdict(list)
    for one in arrived:
        copies[_id(one)].append(_is_marked(one))
    result.messages = len(copies)
    for name, marks in copies.items():
        result.repeated += len(marks) > 1
        if marks.count(False) > 1:
            yield f"repeated without a mark: {name}, {len(marks)} times"


def _id(arrival: Arrival) -> str:
    """The id of a message. In a mail it stands before the host name."""
    return str(arrival["id"]).strip("<>").partition("@")[0]


def _place(arrival: Arrival) -> str:
    """The mailbox, or the agency of the webhook."""
    if arrival["by"] == "mail":
        [mailbox] = arrival["to"]
        return str(mailbox)
    agencies = {one["agency"] for one in json.loads(arrival["body"])["notifications"]}
    [agency] = agencies
    return str(agency)


def _findings(arrival: Arrival) -> list[int]:
    """The findings that a message is about. A mail joins several in one line, so the stored message names them."""
    from federation.models.notifications import Notification

    if arrival["by"] == "mail":
        rows = Notification.objects.filter(messages=UUID(_id(arrival)))
    else:
        rows = Notification.objects.filter(pk__in=[one["id"] for one in json.loads(arrival["body"])["notifications"]])
    return [details["finding"] for details in rows.values_list("details", flat=True)]


def _is_marked(arrival: Arrival) -> bool:
    head = {name.lower(): value for name, value in arrival["head"].items()}
    return head.get("possibly-repeated") == "true" or "x-possibly-repeated" in head


# --- the program -----------------------------------------------------------------------------------------------------


def main() -> None:
    asked = arguments.read("tests.chaos.notify", __doc__, seconds=25, of="events and faults")
    folder = Path(tempfile.mkdtemp(prefix="police2peer-notify-"))
    folder.chmod(0o711)
    say(f"Making the ground in {folder}")
    made = ground.make(folder / "ground", [Newcomer(home, None) for home in _HOMES], prepared=asked.prepared)
    seeds = [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    results = []
    for seed in seeds:
        results.append(run(seed, made, folder / f"seed-{seed}", seconds=asked.seconds))
        _show(results[-1])
    if any(result.wrong for result in results):
        sys.exit(f"The logs are in {folder}")
    shutil.rmtree(folder, ignore_errors=True)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _show(one: Result) -> None:
    faults = ", ".join(f"{count} × {kind}" for kind, count in one.faults.most_common())
    say(
        f"seed {one.seed}: {one.events} events, {one.messages} messages, {one.arrivals} arrivals, "
        f"{one.repeated} repeated, slowest {one.slowest:.1f} s, {len(one.wrong)} wrong; {faults}"
    )
    for wrong in one.wrong:
        say(f"  WRONG: {wrong}")


if __name__ == "__main__":
    main()

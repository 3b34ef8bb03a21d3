"""The plan of a seed: what the agencies send and when, and which faults come when."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

AGENCIES = 12
#: Submissions a second, of all agencies together.
RATE = 8
#: How many past periods of a frequency are reported: few, so that several reports are about one period.
_BACK = {"N": 40, "H": 30, "D": 40, "M": 3}
_NETWORKS = ("BITTORRENT", "EDONKEY", "GNUTELLA", "HYPHANET", "_U")
_COUNTRIES = ("NO", "SE", "DE", "FR", "PL", "CY", "US", "XK", "_U")
#: A total up to this is never implausible. Nothing may be held, because nobody is there to decide.
_LARGEST_CELL, _MOST_CELLS = 12, 4


class Said(NamedTuple):
    """A report of a period: so many periods before the one that is running at the start."""

    frequency: str
    back: int
    cells: tuple[tuple[str, str, int], ...]
    status: str
    withdrawn: bool


@dataclass(frozen=True)
class Planned:
    """A submission to be sent `at` so many seconds from the start.

    `kind` is `good`, or what is wrong with it. One with a `key` is sent again until it is answered. `copies` are sent
    at once, to any of the hosts. `prepared` is in seconds before the sending; none leaves it to the server.
    """

    number: int
    at: float
    agency: int
    said: tuple[Said, ...]
    prepared: float | None
    key: str | None
    copies: int
    kind: str


@dataclass(frozen=True)
class Fault:
    """A fault `at` so many seconds from the start; `lasts` is 0 for what is over at once."""

    at: float
    kind: str
    lasts: float
    #: Chooses the process, and how strong the fault is.
    draw: float


#: How long each kind of fault lasts, at least and at most.
KINDS: Mapping[str, tuple[float, float]] = {
    "kill a worker": (0, 0),
    "kill a process of a worker": (0, 0),
    "kill a web server": (0, 0),
    "kill a process of a web server": (0, 0),
    "kill beat": (0, 0),
    "kill PostgreSQL": (0, 0),
    "kill a backend of PostgreSQL": (0, 0),
    "end a session of PostgreSQL": (0, 0),
    "restart PostgreSQL": (0, 0),
    "kill the broker": (0, 0),
    "empty the broker": (0, 0),
    "stop the broker": (1, 5),
    "freeze the broker": (1, 5),
    "fill the broker's disk": (2, 6),
    "step the clock of a worker": (3, 10),
    "step the clock of beat": (3, 10),
    "slow the database": (2, 6),
    "stall the database": (0.5, 3),
    "cut the database's connections": (0, 0),
}


_MEANWHILE = ((0.4, "kill a process of a worker"), (0.6, "end a session of PostgreSQL"), (0.8, "kill a worker"))


@dataclass(frozen=True)
class Plan:
    """All submissions and faults."""

    seed: int
    seconds: float
    submissions: Sequence[Planned]
    faults: Sequence[Fault]

    def told(self) -> Iterator[str]:
        """Return the plan in lines that a person can read."""
        sent = Counter(one.kind for one in self.submissions)
        kinds = ", ".join(f"{count} {kind}" for kind, count in sent.most_common())
        yield f"seed {self.seed}: {len(self.submissions)} submissions in {self.seconds:g} s ({kinds})"
        for fault in self.faults:
            lasts = f" for {fault.lasts:.1f} s" if fault.lasts else ""
            yield f"  {fault.at:5.1f} s  {fault.kind}{lasts}"


def draw(seed: int, *, seconds: float, rate: float = RATE, kinds: Sequence[str] = tuple(KINDS)) -> Plan:
    """Return the plan of a seed: the same for the same seed and duration."""
    sending, breaking = random.Random(f"{seed} submissions"), random.Random(f"{seed} faults")
    return Plan(
        seed,
        seconds,
        _submissions(sending, seconds=seconds, count=round(seconds * rate)),
        _faults(breaking, seconds=seconds, kinds=kinds),
    )


def _faults(rng: random.Random, *, seconds: float, kinds: Sequence[str]) -> list[Fault]:
    """Each kind once if there is time, and some again. No fault begins in the last seconds, so that all end."""
    count = max(2, round(seconds / 2))
    chosen = [*rng.sample(kinds, min(count, len(kinds)))]
    chosen += rng.choices(kinds, k=count - len(chosen))
    begins, ends = seconds * 0.05, max(seconds * 0.5, seconds - 7)
    faults = []
    for kind in chosen:
        lasts = min(rng.uniform(*KINDS[kind]), seconds / 3)
        at = rng.uniform(begins, ends)
        faults.append(Fault(at, kind, lasts, rng.random()))
        # While the database is slow, every process is busy: the worst time to kill one.
        if kind == "slow the database":
            faults += [Fault(at + lasts * share, other, 0, rng.random()) for share, other in _MEANWHILE]
    return sorted(faults, key=lambda fault: fault.at)


def _submissions(rng: random.Random, *, seconds: float, count: int) -> list[Planned]:
    found: list[Planned] = []
    while len(found) < count:
        at, agency = rng.uniform(0, seconds), rng.randrange(AGENCIES)
        one = _submission(rng, len(found), at, agency)
        found.append(one)
        if rng.random() < 0.08:
            # Another submission of the same periods at the same time: one is current, and neither is lost.
            found.append(_submission(rng, len(found), at, agency, periods=[said[:2] for said in one.said]))
    return sorted(found, key=lambda one: one.at)


def _submission(
    rng: random.Random,
    number: int,
    at: float,
    agency: int,
    *,
    periods: Sequence[tuple[str, int]] | None = None,
) -> Planned:
    kind = rng.choices(["good", *_WRONG], weights=[20, 1, 1, 1, 1])[0]
    if periods is None:
        frequency = rng.choices("NHDM", weights=[6, 4, 2, 1])[0]
        backs = rng.sample(range(1, _BACK[frequency] + 1), min(rng.choice((1, 1, 2, 3, 8)), _BACK[frequency]))
        periods = [(frequency, back) for back in backs]
    key = None if rng.random() < 0.2 else f"{rng.getrandbits(64):016x}"
    return Planned(
        number,
        at,
        agency,
        tuple(_report(rng, *period) for period in periods),
        # Prepared at any of many moments, and often enough later than what comes after it.
        prepared=None if rng.random() < 0.3 else rng.choice([0.0, 1.0, 30.0, 600.0]) + rng.random(),
        key=key,
        copies=rng.choice((2, 3)) if key and rng.random() < 0.15 else 1,
        kind=kind,
    )


def _report(rng: random.Random, frequency: str, back: int) -> Said:
    withdrawn = rng.random() < 0.1
    places = [(country, network) for country in _COUNTRIES for network in _NETWORKS]
    chosen = [] if withdrawn else rng.sample(places, rng.randint(0, _MOST_CELLS))
    cells = tuple((*place, rng.randint(0, _LARGEST_CELL)) for place in chosen)
    return Said(frequency, back, cells, rng.choice("AAP"), withdrawn)


def _negative(document: dict[str, Any]) -> None:
    document["reports"][0] = _refused_cell(document["reports"][0], value=-1)


def _unknown_country(document: dict[str, Any]) -> None:
    document["reports"][0] = _refused_cell(document["reports"][0], country="QQ")


def _named_twice(document: dict[str, Any]) -> None:
    document["reports"].append(document["reports"][0])


def _in_the_future(document: dict[str, Any]) -> None:
    document["reports"][0] = {**document["reports"][0], "frequency": "M", "period": "2999-01"}


def _refused_cell(report: dict[str, Any], **wrong: object) -> dict[str, Any]:
    cell = {"country": "NO", "network": "BITTORRENT", "value": 1, **wrong}
    kept = {name: value for name, value in report.items() if name != "withdrawn"}
    return {**kept, "observations": [cell]}


#: The faults that a submission may have, and how to make them.
_WRONG: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "negative": _negative,
    "unknown country": _unknown_country,
    "named twice": _named_twice,
    "in the future": _in_the_future,
}


def spoil(kind: str, document: dict[str, Any]) -> None:
    """Make the fault of a submission's kind."""
    if kind in _WRONG:
        _WRONG[kind](document)

"""Questions to the public view, read a second time: periods, lists of codes, instants, and what a header accepts."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from tests.oracles.payloads import COUNTRIES, NETWORKS, UNREADABLE, WRONG, Refusal

GROUPS = {"_T": 1, "EUROPE": 150, "EU27_2020": 2020}
REQUIRED = ("indicator", "frequency")
OPTIONAL = ("start", "end", "country", "network", "panel", "as_of", "format", "cursor")


def period(frequency: str, text: str) -> datetime | None:
    """Return the start of a period of any frequency, or nothing."""
    if frequency in ("N", "H"):
        clock = r"(\d\d)" if frequency == "N" else "(00)"
        form = rf"(\d{{4}})-(\d\d)-(\d\d)T(\d\d):{clock}(?::00(?:\.0+)?)?(?:Z|\+00:00)?"
    else:
        form = {"D": r"(\d{4})-(\d\d)-(\d\d)", "W": r"(\d{4})-W(\d\d)", "M": r"(\d{4})-(\d\d)", "A": r"(\d{4})"}[
            frequency
        ]
    found = re.fullmatch(form, text, re.ASCII)
    if found is None:
        return None
    numbers = [int(number) for number in found.groups()]
    try:
        if frequency == "W":
            return datetime.strptime(f"{found[1]}-{found[2]}-1", "%G-%V-%u").replace(tzinfo=UTC)
        year, month, day, hour, minute = [*numbers, *(1, 1, 1, 0, 0)[len(numbers) :]]
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def instant(text: str) -> datetime:
    """Return an instant with ``Z``, to the second and finer or only to the minute."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?Z", text, re.ASCII)
    if found is None:
        raise Refusal(WRONG)
    year, month, day, hour, minute = map(int, found.groups()[:5])
    try:
        return datetime(year, month, day, hour, minute, int(found[6] or 0), int(f"{found[7] or 0:0<6}"), tzinfo=UTC)
    except ValueError:
        raise Refusal(WRONG) from None


def chosen(text: str, single: dict[str, int], more: dict[str, int]) -> tuple[int, ...]:
    """Return the numbers of codes with commas between, each once, in order."""
    if text == "*":
        return tuple(single.values())
    known = single | more
    found: list[int] = []
    for code in text.split(","):
        if code not in known:
            raise Refusal(WRONG)
        if known[code] not in found:
            found.append(known[code])
    return tuple(found)


def read(query: str) -> tuple[Any, ...]:
    """Return what a query asks for: frequency, first and last period, countries, networks, panel, and as seen when."""
    pairs = parse_qsl(query, keep_blank_values=True)
    names = [name for name, _ in pairs]
    if set(names) - {*REQUIRED, *OPTIONAL} or len(set(names)) < len(names):
        raise Refusal(UNREADABLE)
    given = {name: value for name, value in pairs if value}
    if set(REQUIRED) - set(given):
        raise Refusal(UNREADABLE)
    if given["frequency"] not in tuple("NHDWMA"):
        raise Refusal(WRONG)
    start, end = (period(given["frequency"], given[name]) if name in given else None for name in ("start", "end"))
    if any(name in given and found is None for name, found in (("start", start), ("end", end))):
        raise Refusal(WRONG)
    if start and end and end < start:
        raise Refusal(WRONG)
    countries = chosen(given.get("country", "EUROPE"), COUNTRIES, GROUPS)
    networks = chosen(given.get("network", "_T"), NETWORKS, {"_T": 0})
    if given.get("panel", "12") not in ("12", "24", "36"):
        raise Refusal(WRONG)
    panel = int(given["panel"]) if "panel" in given else None
    seen = instant(given["as_of"]) if "as_of" in given else None
    return given["frequency"], start, end, countries, networks, panel, seen


_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})((?:\s*;\s*{_TOKEN}={_TOKEN})*)", re.ASCII)


def quality(accept: str, kind: str) -> float | None:
    """Return how much a plain Accept header likes a media type; nothing if the header is not plain."""
    best: tuple[int, float] = (0, 0.0)
    for part in accept.split(","):
        found = _RANGE.fullmatch(part.strip(" "))
        if found is None or any(not name.startswith("q=") for name in re.split(r"\s*;\s*", found[3])[1:]):
            return None
        weights = re.findall(r"q=([^\s;]+)", found[3])
        if len(weights) > 1 or any(not re.fullmatch(r"0(\.\d{0,3})?|1(\.0{0,3})?", one) for one in weights):
            return None
        named = f"{found[1]}/{found[2]}".lower()
        rank = {kind: 3, kind.split("/", maxsplit=1)[0] + "/*": 2, "*/*": 1}.get(named, 0)
        if rank == best[0] and rank:
            return None
        if rank > best[0]:
            best = (rank, float(weights[0]) if weights else 1.0)
    return best[1]


def packing(accepted: str) -> str | None:
    """Return how to pack for a plain Accept-Encoding: zstd, gzip or not at all; nothing if it is not plain."""
    taken: dict[str, float] = {}
    for part in accepted.split(","):
        found = re.fullmatch(r"([a-z*]+)(?: *; *q=(0(?:\.\d{1,3})?|1(?:\.0{1,3})?))?", part.strip(" "), re.ASCII)
        if found is None or found[1] in taken:
            return None
        taken[found[1]] = float(found[2] or 1)
    zstd, gzip, plain = (taken.get(name, taken.get("*", 0)) for name in ("zstd", "gzip", "identity"))
    if plain > max(zstd, gzip) or not max(zstd, gzip):
        return ""
    return "zstd" if zstd >= gzip else "gzip"

"""Submissions as JSON and answers, read a second time: with Python's own reader, all at once.

It says which reports a body holds, or with which statuses it may be refused. It shares no code with what it judges.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from p2p_core import traces

_DATA = Path(traces.__file__).with_name("data")
_NETWORKS = ("BITTORRENT", "EDONKEY", "GNUTELLA", "GNUTELLA2", "ARES", "DIRECTCONNECT", "HYPHANET", "OTHER", "_U")


def _country_numbers() -> dict[str, int]:
    lines = (_DATA / "countries.csv").read_text(encoding="utf-8").splitlines()
    at = {name: place for place, name in enumerate(lines[0].split(","))}
    return {row.split(",")[at["code"]]: int(row.split(",")[at["number"]]) for row in lines[1:]}


COUNTRIES = _country_numbers()
NETWORKS = {code: number for number, code in enumerate(_NETWORKS, start=1)}
UNREADABLE, TOO_MUCH, WRONG = 400, 413, 422
BILLION = 10**9


class Refusal(Exception):  # noqa: N818  a verdict
    """The body is to be refused, with one of these statuses."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(statuses)
        self.statuses = frozenset(statuses)


class Terms(NamedTuple):
    """What a reading depends on besides the body."""

    now: datetime
    indicators: Mapping[str, int]
    observations: int
    reports: int
    agency: str = ""


class Reading(NamedTuple):
    """What a body says: when it was prepared, how many observations it names, and its reports."""

    prepared: datetime
    observations: int
    reports: list[tuple[Any, ...]]


class Twice(ValueError):  # noqa: N818  what is wrong
    """An object names a member twice."""


class _Huge(int):
    """A number of too many digits to be read."""


def period(frequency: str, text: str) -> datetime | None:
    """Return the start of a period that agencies may name, or nothing."""
    forms = {
        "N": r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::00(?:\.0+)?)?(?:Z|\+00:00)?",
        "H": r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(00)(?::00(?:\.0+)?)?(?:Z|\+00:00)?",
        "D": r"(\d{4})-(\d\d)-(\d\d)",
        "M": r"(\d{4})-(\d\d)",
    }
    if frequency not in forms:
        return None
    found = re.fullmatch(forms[frequency], text, re.ASCII)
    if found is None:
        return None
    year, month, day, hour, minute = (
        [*map(int, found.groups()), 1, 0, 0][:5] if frequency == "M" else ([*map(int, found.groups()), 0, 0][:5])
    )
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def ended(frequency: str, start: datetime, now: datetime) -> bool:
    """Say whether a period is one that an agency may report now."""
    if not datetime(2017, 1, 1, tzinfo=UTC) <= start <= now:
        return False
    if frequency == "M":
        last = (start + timedelta(days=31)).replace(day=1)
    else:
        last = start + {"N": timedelta(minutes=1), "H": timedelta(hours=1), "D": timedelta(days=1)}[frequency]
    return last <= now + timedelta(seconds=60)


def instant(text: Any) -> datetime | None:
    """Return an instant that is written in UTC, or nothing."""
    form = r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)"
    found = re.fullmatch(form, text, re.ASCII) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, int(f"{found[7] or 0:0<6}"[:6]), tzinfo=UTC)
    except ValueError:
        return None


def prepared(text: Any, now: datetime) -> datetime:
    """Return when a submission was prepared."""
    at = instant(text)
    if at is None or at > now + timedelta(minutes=5):
        raise Refusal(WRONG)
    return min(at, now)


# --- JSON ------------------------------------------------------------------------------------------------------------


def load(body: bytes) -> Any:
    """Return the value of a JSON text as RFC 8259 has it: no NaN, no member twice, no half of a surrogate pair."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except Twice:
        # A repeated member within an unknown member is reported as unknown.
        raise Refusal(UNREADABLE, WRONG) from None
    except (ValueError, RecursionError):
        raise Refusal(UNREADABLE) from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise Twice
    return dict(pairs)


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _whole(digits: str) -> int:
    return int(digits) if len(digits) < 1000 else _Huge(-BILLION if digits.startswith("-") else 10 * BILLION)


def read_json(body: bytes, terms: Terms) -> Reading:
    """Return what a JSON submission says."""
    if b"\0" in body:
        raise Refusal(UNREADABLE)
    sent = load(body)
    know(isinstance(sent, dict) and set(sent) - {"prepared"} == {"indicator", "reports"})
    know(isinstance(sent["reports"], list) and bool(sent["reports"]))
    counted = [_count(report) for report in sent["reports"]]
    if sum(counted) > terms.observations:
        raise Refusal(TOO_MUCH)
    know(isinstance(sent["indicator"], str) and sent["indicator"] in terms.indicators)
    at = prepared(sent["prepared"], terms.now) if "prepared" in sent else terms.now
    reports = [_report(report, terms.indicators[sent["indicator"]], terms.now) for report in sent["reports"]]
    know(len({report[:3] for report in reports}) == len(reports))
    if len(reports) > terms.reports:
        raise Refusal(TOO_MUCH)
    return Reading(at, sum(counted), reports)


def know(so: object) -> None:
    """Refuse the body unless this is true."""
    if not so:
        raise Refusal(WRONG)


def _count(report: Any) -> int:
    observations = report.get("observations") if isinstance(report, dict) else None
    return len(observations) if isinstance(observations, list) else 0


def _report(sent: Any, indicator: int, now: datetime) -> tuple[Any, ...]:
    know(isinstance(sent, dict) and {"frequency", "period"} <= set(sent))
    know(set(sent) <= {"frequency", "period", "status", "withdrawn", "observations"})
    know(isinstance(sent["frequency"], str) and isinstance(sent["period"], str))
    start = period(sent["frequency"], sent["period"])
    if start is None or not ended(sent["frequency"], start, now):
        raise Refusal(WRONG)
    status, withdrawn = sent.get("status", "A"), sent.get("withdrawn", False)
    know(status in ("A", "P") and isinstance(withdrawn, bool))
    know(withdrawn != ("observations" in sent))
    know(isinstance(sent.get("observations", []), list))
    cells = [_observation(one) for one in sent.get("observations", [])]
    return indicator, sent["frequency"], start, status, withdrawn, canonical(cells)


def _observation(sent: Any) -> tuple[int, int, int]:
    know(isinstance(sent, dict) and set(sent) == {"country", "network", "value"})
    country, network, value = sent["country"], sent["network"], sent["value"]
    know(isinstance(country, str) and isinstance(network, str) and country in COUNTRIES and network in NETWORKS)
    know(isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BILLION)
    return COUNTRIES[country], NETWORKS[network], value


def canonical(cells: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return cells as they are kept: in order, without zeros; refuse one that is named twice."""
    know(len({cell[:2] for cell in cells}) == len(cells))
    return sorted(cell for cell in cells if cell[2])


# --- answers to findings ---------------------------------------------------------------------------------------------


def read_answer(body: bytes) -> tuple[str, str]:
    """Return the answer and the remark of a body."""
    if b"\0" in body:
        raise Refusal(UNREADABLE)
    sent = load(body)
    know(isinstance(sent, dict) and "answer" in sent and set(sent) <= {"answer", "remark"})
    know(sent["answer"] in ("confirmed", "will_resubmit", "cannot_fix"))
    remark = sent.get("remark", "x")
    know(isinstance(remark, str))
    if "\0" in remark:
        raise Refusal(WRONG)
    know(remark.strip() and len(remark) <= 1000 and not traces.is_trace(remark))
    return sent["answer"], sent.get("remark", "")

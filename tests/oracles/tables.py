"""Submissions as CSV, read a second time: with Python's own reader, all at once, cell by cell.

It says which reports a body holds, or with which statuses it may be refused. It shares no code with what it judges.
"""

import csv
import io
import re
from typing import Any

from p2p_core import traces
from tests.oracles.payloads import (
    COUNTRIES,
    NETWORKS,
    TOO_MUCH,
    UNREADABLE,
    WRONG,
    Reading,
    Refusal,
    Terms,
    canonical,
    ended,
    know,
    period,
)

_NEEDED = {"INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE"}
_COMPUTED = {"COVERAGE", "AGENCIES_REPORTING", "AGENCIES_EXPECTED", "COUNTED_FROM", "VALID_FROM"}
_COMPUTED |= {"AGENCIES_AWAITED", "AWAITED_UNTIL"}
_COMPONENTS = _NEEDED | _COMPUTED | {"OBS_STATUS", "CONF_STATUS"}
_ALLOWED = _COMPONENTS | {"ACTION", "DATAFLOW", "STRUCTURE", "STRUCTURE_ID"}
_IGNORED = {"STRUCTURE_NAME", "SERIES_KEY", "OBS_KEY"}
_FRONT = {"STRUCTURE", "STRUCTURE_ID", "ACTION", *_IGNORED}
_AGREEMENT_WORDS = ("dataprovision", "provisionagreement")

#: A row: each column's text.
Row = dict[str, str]


def read_csv(body: bytes, terms: Terms) -> Reading:
    """Return what a CSV submission says."""
    if b"\0" in body:
        raise Refusal(UNREADABLE)
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text)))
    except (UnicodeDecodeError, csv.Error):
        # A header of no use is refused before the rows are read.
        raise Refusal(UNREADABLE, WRONG) from None
    header, rows = (lines[0] if lines else []), [line for line in lines[1:] if line]
    if len(header) < 2 or header[0].strip()[:1] in ("{", "["):
        raise Refusal(UNREADABLE)
    columns = _columns(header)
    if any(len(row) != len(header) for row in rows):
        raise Refusal(UNREADABLE)
    know(rows)
    drafts: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        _add(drafts, _texts(columns, row), terms)
    return _reading(drafts, terms)


def _delimiter(text: str) -> str:
    """Return the comma or semicolon that ends the first name of the first line."""
    line = re.split("[\r\n]", text[:900], maxsplit=1)[0]
    if line.startswith('"'):
        closed = line.find('"', 1)
        return line[closed + 1 : closed + 2] if line[closed + 1 : closed + 2] in (",", ";") and closed > 0 else ","
    if line.startswith("STRUCTURE[") and line[11:12] == "]" and line[12:13] in (",", ";"):
        return line[12]
    quote = line.find('"') if '"' in line else len(line)
    marks = [mark for mark in line[:quote] if mark in ",;"]
    return marks[0] if marks else ","


def _columns(header: list[str]) -> list[str | None]:
    """Return the column of each place: with a colon if names may stand behind codes, none if it is not read."""
    names = ["STRUCTURE" if re.fullmatch(r"STRUCTURE\[.\]", name) else name for name in header]
    columns = _without_names(names)
    codes = [_code(name) for name in columns if name is not None]
    if len(set(codes)) < len(codes):
        raise Refusal(UNREADABLE)
    know(set(codes) <= _ALLOWED | _IGNORED and set(codes) >= _NEEDED)
    know(("STRUCTURE" in codes) == ("STRUCTURE_ID" in codes))
    know(not any(traces.is_trace(name) for name in names))
    return [
        None if name is None or _code(name) in _IGNORED else _code(name) + (":" if ": " in name else "")
        for name in columns
    ]


def _code(name: str) -> str:
    return name.partition(": ")[0]


def _without_names(names: list[str]) -> list[str | None]:
    """Take out the columns in which the names of SDMX-CSV 2 stand by themselves."""
    at = 0
    while names[0] == "STRUCTURE" and at < len(names) and names[at] in _FRONT:
        at += 1
    pairs = [names[place : place + 2] for place in range(at, len(names), 2)]
    if at and all(len(pair) == 2 and pair[0] in _COMPONENTS and pair[1] not in _ALLOWED for pair in pairs):
        return [*names[:at], *(name for pair in pairs for name in (pair[0], None))]
    return list(names)


def _texts(columns: list[str | None], row: list[str]) -> Row:
    found = {}
    for column, text in zip(columns, row, strict=True):
        if column is None:
            know(not traces.is_trace(text))
            continue
        labelled = column.endswith(":") or column in ("DATAFLOW", "STRUCTURE_ID")
        code, _, name = text.partition(": ") if labelled else (text, "", "")
        know(not traces.is_trace(name))
        found[column.rstrip(":")] = "" if text == "None: None" and column.endswith(":") else code
    return found


def _add(drafts: dict[tuple[Any, ...], list[Any]], row: Row, terms: Terms) -> None:
    action = row.get("ACTION", "")
    know(action in ("", "I", "A", "R", "D"))
    know(row["INDICATOR"] in terms.indicators)
    written = row["TIME_PERIOD"]
    if row["FREQ"] == "M" and re.fullmatch(r"\d{4}-M\d\d", written, re.ASCII):
        written = written.replace("M", "")
    start = period(row["FREQ"], written)
    if start is None or not ended(row["FREQ"], start, terms.now):
        raise Refusal(WRONG)
    nothing = {"", "NaN", "#N/A", *("-" if action == "D" else "")}
    status = row.get("OBS_STATUS", "")
    know(status in nothing | {"A", "P"} and row.get("CONF_STATUS", "") in nothing | {"F"})
    know(all(row.get(column, "") in nothing for column in _COMPUTED))
    _check_structure(row, terms.agency)
    key = (terms.indicators[row["INDICATOR"]], row["FREQ"], start)
    said = ("P" if status == "P" else "A", action == "D", row["COUNTRY"], row["NETWORK"], row["OBS_VALUE"])
    drafts.setdefault(key, []).append(said)


def _check_structure(row: Row, agency: str) -> None:
    agreement = f"P2PEU:PA_{agency}(1.0.0)"
    ours = {"dataflow": "P2PEU:P2P(1.0.0)", "datastructure": "P2PEU:DSD_P2P(1.0.0)"}
    ours |= dict.fromkeys(_AGREEMENT_WORDS, agreement)
    if "STRUCTURE" in row:
        know(row["STRUCTURE"] in ours and row["STRUCTURE_ID"] == ours[row["STRUCTURE"]])
    know(row.get("DATAFLOW", agreement) in ours.values())


def _reading(drafts: dict[tuple[Any, ...], list[Any]], terms: Terms) -> Reading:
    reports, count = [], 0
    for key, rows in drafts.items():
        parts: list[list[Any]] = [[]]
        for row in rows:
            if row[1]:
                know(row[2] in ("", "*", "#N/A") and row[3] in ("", "*", "#N/A"))
                know(row[4] in ("", "-", "NaN", "#N/A"))
                parts.append([])
            else:
                parts[-1].append(row)
        told = [_cells(part) for part in parts]
        count += sum(map(len, told))
        status = parts[-1][0][0] if parts[-1] else rows[-1][0]
        reports.append((*key, status, not parts[-1], canonical(told[-1])))
    if count > terms.observations or len(reports) > terms.reports:
        raise Refusal(TOO_MUCH)
    return Reading(terms.now, count, reports)


def _cells(rows: list[Any]) -> list[tuple[int, int, int]]:
    """Return the cells of rows between two withdrawals."""
    know(len({row[0] for row in rows}) <= 1)
    places = [row[2:] for row in rows]
    if len(places) == 1 and places[0][:2] == ("_T", "_T") and re.fullmatch(r"0+(\.0+)?", places[0][2], re.ASCII):
        return []
    for country, network, text in places:
        know(country in COUNTRIES and network in NETWORKS)
        # As the columns have always been read: zeros in front, and a minus before nothing but zeros, change nothing.
        know(re.fullmatch(r"(0*[0-9]{1,10}|-0+)(\.0+)?", text, re.ASCII))
        # This may be a thousand.
        know(not re.fullmatch(r"[1-9][0-9]{0,2}\.000", text, re.ASCII))
        know(_whole(text) <= 10**9)
    cells = [(COUNTRIES[country], NETWORKS[network], _whole(text)) for country, network, text in places]
    canonical(cells)
    return cells


def _whole(text: str) -> int:
    return int(text.partition(".")[0][-11:].lstrip("-"))

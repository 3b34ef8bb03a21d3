"""Valid documents: random reports, written as JSON or CSV in all allowed ways."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from tests.oracles.payloads import COUNTRIES, NETWORKS

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AGENCY = "NO-KRIPOS"
INDICATORS = {"DOWNLOADS": 1, "HELP_VISITS": 2}

_COUNTRIES = tuple(COUNTRIES)
_NETWORKS = tuple(NETWORKS)
_FEW = ("NO", "SE", "DE", "_U", "XK")


class Report(NamedTuple):
    """A report that breaks no rule."""

    frequency: str
    period: str
    status: str
    withdrawn: bool
    cells: list[tuple[str, str, int]]


def reports(rng: Random) -> list[Report]:
    """Make up some reports, each of another period."""
    made: dict[tuple[str, str], Report] = {}
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        frequency = rng.choice("NHHHDM")
        label = _label(rng, frequency)
        withdrawn = rng.random() < 0.15
        cells = [] if withdrawn else _cells(rng)
        made[frequency, label] = Report(frequency, label, rng.choice("AAP"), withdrawn, cells)
    return list(made.values())


def _label(rng: Random, frequency: str) -> str:
    """Name a period that has ended."""
    ago = rng.choice((1, 1, 2, 3, 5, 24, 100, rng.randrange(1, 5000)))
    if frequency == "N":
        return f"{NOW - timedelta(minutes=ago):%Y-%m-%dT%H:%M}"
    if frequency == "H":
        return f"{NOW - timedelta(hours=ago):%Y-%m-%dT%H:00}"
    if frequency == "D":
        return f"{NOW - timedelta(days=min(ago, 3600)):%Y-%m-%d}"
    # None before 2017.
    months = NOW.year * 12 + NOW.month - 1 - min(ago, 118)
    return f"{months // 12:04}-{months % 12 + 1:02}"


def _cells(rng: Random) -> list[tuple[str, str, int]]:
    size = rng.choice((0, 1, 1, 2, 3, 4)) if rng.random() < 0.98 else rng.randrange(40, 120)
    places = {
        (rng.choice(_FEW if rng.random() < 0.5 else _COUNTRIES), rng.choice(_NETWORKS)): _value(rng)
        for _ in range(size)
    }
    return [(*place, value) for place, value in places.items()]


def _value(rng: Random) -> int:
    return rng.choice((0, 1, 17, 250, 10**9, rng.randrange(10**9)))


# --- JSON ------------------------------------------------------------------------------------------------------------


def json_tokens(rng: Random, indicator: str, sent: Sequence[Report], prepared: str | None) -> list[str]:
    """Write a submission as the tokens of a JSON text."""
    style = _JsonStyle(rng)
    members = [('"indicator"', [style.text(indicator)]), ('"reports"', style.array([style.report(r) for r in sent]))]
    if prepared is not None:
        members.append(('"prepared"', [style.text(prepared)]))
    return [*style.blank(), *style.object(members), *style.blank()]


class _JsonStyle:
    """How one document is written: with how much white space, in which order, with which escapes."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.spaced = rng.random() < 0.3
        self.shuffled = rng.random() < 0.3
        self.escaped = rng.random() < 0.1

    def blank(self) -> list[str]:
        return [self.rng.choice((" ", "\n", "\t", "\r\n", "  "))] if self.spaced else []

    def text(self, text: str) -> str:
        if self.escaped and text:
            at = self.rng.randrange(len(text))
            return f'"{text[:at]}\\u{ord(text[at]):04x}{text[at + 1 :]}"'
        return f'"{text}"'

    def object(self, members: list[tuple[str, list[str]]]) -> list[str]:
        if self.shuffled:
            self.rng.shuffle(members)
        tokens = ["{"]
        for name, value in members:
            tokens += [*self.blank(), name, ":", *self.blank(), *value, ","]
        tokens[-1] = "}"
        return tokens

    def array(self, items: list[list[str]]) -> list[str]:
        tokens = ["["]
        for item in items:
            tokens += [*item, ",", *self.blank()]
        return [*(tokens[: len(tokens) - 1 - (tokens[-1] != ",")] if items else tokens), "]"]

    def report(self, report: Report) -> list[str]:
        members = [('"frequency"', [self.text(report.frequency)]), ('"period"', [self.text(report.period)])]
        if report.status == "P" or self.rng.random() < 0.5:
            members.append(('"status"', [self.text(report.status)]))
        if report.withdrawn:
            members.append(('"withdrawn"', ["true"]))
        else:
            members.append(('"observations"', self.array([self.observation(cell) for cell in report.cells])))
            if self.rng.random() < 0.1:
                members.append(('"withdrawn"', ["false"]))
        return self.object(members)

    def observation(self, cell: tuple[str, str, int]) -> list[str]:
        country, network, value = cell
        members = [('"country"', [self.text(country)]), ('"network"', [self.text(network)]), ('"value"', [str(value)])]
        return self.object(members)


# --- CSV -------------------------------------------------------------------------------------------------------------

COLUMNS = ("INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE", "OBS_STATUS", "ACTION")


def csv_table(rng: Random, indicator: str, sent: Sequence[Report]) -> list[list[str]]:
    """Write a submission as a header and rows; the rows of reports may be mixed, after the first of each."""
    table = [list(COLUMNS)]
    for report in sent:
        head = [indicator, report.frequency, report.period]
        status = report.status if report.status == "P" or rng.random() < 0.5 else ""
        if report.withdrawn:
            table.append([*head, "", "", "", status, "D"])
        elif report.cells:
            table += [[*head, country, network, str(value), status, ""] for country, network, value in report.cells]
        else:
            table.append([*head, "_T", "_T", "0", status, ""])
    return table


def rearranged(rng: Random, table: list[list[str]], agency: str = "") -> list[list[str]]:
    """Return the same table with other columns, in another order; an agency's own may name its agreement."""
    columns = list(range(len(COLUMNS)))
    if rng.random() < 0.4:
        rng.shuffle(columns)
    elif rng.random() < 0.2:
        # Where a row begins with a number, no one sees that some of it is gone.
        columns.sort(key=lambda at: at != 5)
    unneeded = [at for at in (6, 7) if not any(row[at] not in ("", "A") for row in table[1:]) and rng.random() < 0.5]
    found = [[row[at] for at in columns if at not in unneeded] for row in table]
    return _as_sdmx(rng, found, agency) if rng.random() < 0.2 else found


_STRUCTURES = (
    (("STRUCTURE", "STRUCTURE_ID"), ("dataflow", "P2PEU:P2P(1.0.0)")),
    (("STRUCTURE[|]", "STRUCTURE_ID"), ("datastructure", "P2PEU:DSD_P2P(1.0.0)")),
    (("DATAFLOW",), ("P2PEU:P2P(1.0.0)",)),
)


def _as_sdmx(rng: Random, table: list[list[str]], agency: str) -> list[list[str]]:
    """Return a table as tools of SDMX write it: with what it belongs to, spare columns, and names or none."""
    agreement = (("STRUCTURE", "STRUCTURE_ID", "SERIES_KEY"), ("dataprovision", f"P2PEU:PA_{agency}(1.0.0)", "H.NO"))
    header, cells = rng.choice((*_STRUCTURES, agreement) if agency else _STRUCTURES)
    spare = [("CONF_STATUS", "COVERAGE"), ("F", "")] if rng.random() < 0.5 else [(), ()]
    titles = [[*table[0], *spare[0]], *([*row, *spare[1]] for row in table[1:])]
    # A column for each name there is in version 2 only, where ACTION stands before the pairs.
    pairs = header[0] != "DATAFLOW" and "ACTION" not in titles[0]
    names = rng.choice(("id", "id", "both", "name" if pairs else "id"))
    named = [_named(row, names, "a name") for row in titles]
    return [[*(header if not at else cells), *row] for at, row in enumerate(named)]


def _named(row: list[str], names: str, name: str) -> list[str]:
    if names == "both":
        return [f"{text}: {name}" for text in row]
    return [text for code in row for text in (code, name)] if names == "name" else row


def csv_text(rng: Random, table: list[list[str]]) -> str:
    """Write a table with one of the line ends, with quotes or without, with a byte order mark or without."""
    end = rng.choice(("\n", "\n", "\r\n", "\r\n", "\r"))
    quoting = rng.choice((0.0, 0.0, 0.0, 0.1, 1.0))
    mark = rng.choice(",,,,;")
    lines = [mark.join(_cell(rng, text, quoting) for text in row) for row in table]
    body = end.join(lines) + (end if rng.random() < 0.8 else "")
    return "\ufeff" + body if rng.random() < 0.1 else body


def _cell(rng: Random, text: str, quoting: float) -> str:
    needed = "," in text or ";" in text or '"' in text or "\n" in text or "\r" in text
    if needed or (quoting and rng.random() < quoting):
        return '"' + text.replace('"', '""') + '"'
    return text

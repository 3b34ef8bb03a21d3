"""The code lists of countries, country groups and networks, their names, and the numbers that stand for them."""

import csv
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).with_name("data")

TOTAL: Final = "_T"
UNKNOWN: Final = "_U"

# The forms of codes that coordinators give.
INDICATOR_CODE: Final = r"^[A-Z][A-Z0-9_]*$"
AGENCY_CODE: Final = r"^[A-Z]{2}-[A-Z0-9][A-Z0-9-]*$"


def _rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


_ROWS: Final = _rows("countries.csv")
_NETWORKS: Final = _rows("networks.csv")

# Single countries, by code: ISO 3166-1 numeric, with XK and _U from the ranges that ISO leaves to its users.
COUNTRIES: Final[dict[str, int]] = {
    row["code"]: int(row["number"]) for row in sorted(_ROWS, key=lambda row: row["code"])
}

# In UN M49, the world has the number 1 and Europe 150. EU27_2020 has no number there, so its number is its year. Each
# group contains those after it.
GROUPS: Final[dict[str, int]] = {TOTAL: 1, "EUROPE": 150, "EU27_2020": 2020}


def _flagged(column: str) -> frozenset[str]:
    return frozenset(row["code"] for row in _ROWS if row[column] == "1")


# In M49, Cyprus belongs to Asia, and XK does not exist. Police cooperation in Europe includes both.
GROUP_MEMBERS: Final[dict[str, frozenset[str]]] = {
    TOTAL: frozenset(COUNTRIES),
    "EUROPE": _flagged("m49_europe") | {"CY", "XK"},
    "EU27_2020": _flagged("eu27_2020"),
}

# Single networks, by code. A number is never given to another network, because stored arrays contain the numbers.
NETWORKS: Final[dict[str, int]] = {row["code"]: int(row["number"]) for row in _NETWORKS}

COUNTRY_CODES: Final[dict[int, str]] = {number: code for code, number in (COUNTRIES | GROUPS).items()}
NETWORK_CODES: Final[dict[int, str]] = {0: TOTAL} | {number: code for code, number in NETWORKS.items()}

COUNTRY_NAMES: Final[dict[str, str]] = {row["code"]: row["name"] for row in _ROWS}
NETWORK_NAMES: Final[dict[str, str]] = {row["code"]: row["name"] for row in _NETWORKS}

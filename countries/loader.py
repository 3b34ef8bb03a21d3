"""Loads the reference data that comes with the project, file by file. Loading again changes nothing.

Its files are in ``data`` here and in the core. In each place ``sources.json`` says of each file where it comes from, as
of which date, and under which licence.
"""

import csv
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from django.db import transaction

from countries import registry
from countries.models import Country, HelpService, Indicator, IndicatorTranslation, Network, Population
from countries.registry import Columns, Loaded
from p2p_core import codes

DATA: Final = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data file comes from."""

    what: str
    source: str
    date: str
    licence: str


def sources() -> dict[str, Source]:
    """The source of each data file, by its name."""
    files = [json.loads((folder / "sources.json").read_text(encoding="utf-8")) for folder in (codes.DATA, DATA)]
    return {name: Source(**about) for file in files for name, about in file.items()}


@transaction.atomic
def load(*, by: str, overwrite: bool = False) -> dict[str, Loaded]:
    """Loads every file. Codes are facts and always follow their file; other rows that a coordinator changed are kept,
    unless ``overwrite`` says to bring them back to what the file says."""
    about = sources()
    return {
        file: registry.load(
            model, rows(), key=key, overwrite=fact or overwrite, by=by, reason=f"{file} of {about[file].date}"
        )
        for file, model, key, rows, fact in (
            ("countries.csv", Country, ("number",), _countries, True),
            ("networks.csv", Network, ("number",), _networks, True),
            ("indicators.json", Indicator, ("code",), _indicators, False),
            ("indicator_translations.json", IndicatorTranslation, ("indicator_id", "language"), _translations, False),
            ("population.csv", Population, ("country_id", "year"), _population, False),
            ("help_services.json", HelpService, ("code",), _help_services, False),
        )
    }


def _text(file: str) -> str:
    return (DATA / file).read_text(encoding="utf-8")


def _rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(file).splitlines()))


def _countries() -> list[Columns]:
    return [{"number": number, "code": code} for code, number in codes.COUNTRIES.items()]


def _networks() -> list[Columns]:
    return [
        {"number": number, "code": code, "name": codes.NETWORK_NAMES[code]} for code, number in codes.NETWORKS.items()
    ]


def _indicators() -> list[Columns]:
    rows: list[Columns] = json.loads(_text("indicators.json"))
    return rows


def _translations() -> list[Columns]:
    numbers = dict(Indicator.objects.values_list("code", "number"))
    rows: list[Columns] = json.loads(_text("indicator_translations.json"))
    return [{"indicator_id": numbers[row.pop("indicator")], **row} for row in rows]


def _population() -> list[Columns]:
    return [
        {
            "country_id": codes.COUNTRIES[row["country"]],
            "year": int(row["year"]),
            "inhabitants": int(row["inhabitants"]),
            "source": row["source"],
        }
        for row in _rows("population.csv")
    ]


def _help_services() -> list[Columns]:
    services: list[Columns] = json.loads(_text("help_services.json"))
    for service in services:
        country = service.pop("country")
        service["country_id"] = codes.COUNTRIES[country] if country else None
        service["checked"] = date.fromisoformat(service["checked"]) if service["checked"] else None
    return services


def texts() -> list[str]:
    """Return what the public pages show of the files in the reader's own language."""
    return [service["description"] for service in _help_services()]

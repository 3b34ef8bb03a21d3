"""Loads the reference data that comes with the project, file by file. Loading again changes nothing.

``data/sources.json`` says of each file where it comes from, as of which date, and under which licence.
"""

import csv
import json
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from countries import registry
from countries.codes import COUNTRIES, DATA, NETWORKS
from countries.models import Country, HelpService, Indicator, IndicatorTranslation, Network, Population
from countries.registry import Columns, Loaded


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data file comes from."""

    what: str
    source: str
    date: str
    licence: str


def sources() -> dict[str, Source]:
    """The source of each data file, by its name."""
    return {name: Source(**about) for name, about in json.loads(_text("sources.json")).items()}


@transaction.atomic
def load(*, by: str, overwrite: bool = False) -> dict[str, Loaded]:
    """Loads every file. Codes are facts and always follow their file; other rows that a coordinator changed are kept,
    unless ``overwrite`` says to bring them back to what the file says."""
    about = sources()

    def bring(file: str, rows: list[Columns], key: tuple[str, ...], *, fact: bool = False) -> Loaded:
        reason = f"{file} of {about[file].date}"
        return registry.load(_MODELS[file], rows, key=key, overwrite=fact or overwrite, by=by, reason=reason)

    return {
        "countries.csv": bring("countries.csv", _countries(), ("number",), fact=True),
        "networks.csv": bring("networks.csv", _networks(), ("number",), fact=True),
        "indicators.json": bring("indicators.json", json.loads(_text("indicators.json")), ("code",)),
        "indicator_translations.json": bring(
            "indicator_translations.json", _translations(), ("indicator_id", "language")
        ),
        "population.csv": bring("population.csv", _population(), ("country_id", "year")),
        "help_services.json": bring("help_services.json", _help_services(), ("code",)),
    }


_MODELS = {
    "countries.csv": Country,
    "networks.csv": Network,
    "indicators.json": Indicator,
    "indicator_translations.json": IndicatorTranslation,
    "population.csv": Population,
    "help_services.json": HelpService,
}


def _text(file: str) -> str:
    return (DATA / file).read_text(encoding="utf-8")


def _rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(file).splitlines()))


def _countries() -> list[Columns]:
    return [{"number": number, "code": code} for code, number in COUNTRIES.items()]


def _networks() -> list[Columns]:
    return [{"number": NETWORKS[row["code"]], **row} for row in _rows("networks.csv")]


def _translations() -> list[Columns]:
    numbers = dict(Indicator.objects.values_list("code", "number"))
    rows: list[Columns] = json.loads(_text("indicator_translations.json"))
    return [{"indicator_id": numbers[row.pop("indicator")], **row} for row in rows]


def _population() -> list[Columns]:
    return [
        {
            "country_id": COUNTRIES[row["country"]],
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
        service["country_id"] = COUNTRIES[country] if country else None
        service["checked"] = date.fromisoformat(service["checked"]) if service["checked"] else None
    return services


def texts() -> list[str]:
    """Return what the public pages show of the files in the reader's own language."""
    return [service["description"] for service in _help_services()]

"""Loads the reference data that comes with the project, file by file. Loading the same files again changes nothing.

The files are in the folder ``data`` of this app and of the core. In each folder, ``sources.json`` says for each file
where it comes from, its date, and its licence.
"""

import csv
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Model

from countries import registry
from countries.models import Country, HelpService, Indicator, IndicatorTranslation, Network, Population
from countries.registry import Columns, Loaded
from p2p_core import codes

DATA: Final = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where the data of a file come from."""

    what: str
    source: str
    date: str
    licence: str


def sources() -> dict[str, DataSource]:
    """The source of each data file, by its name."""
    files = [json.loads((folder / "sources.json").read_text(encoding="utf-8")) for folder in (codes.DATA, DATA)]
    return {name: DataSource(**about) for file in files for name, about in file.items()}


@transaction.atomic
def load(*, by: str, overwrite: bool = False) -> dict[str, Loaded]:
    """Load every file. Return what was done, by file.

    Codes always get the values of their file. Other rows that a coordinator changed are kept, unless ``overwrite``.
    """
    about, loaded = sources(), {}

    def write(file: str, model: type[Model], rows: list[Columns], *key: str, overwrite: bool = overwrite) -> None:
        reason = f"{file} of {about[file].date}"
        loaded[file] = registry.load(model, rows, key=key, overwrite=overwrite, by=by, reason=reason)

    countries: list[Columns] = [{"number": number, "code": code} for code, number in codes.COUNTRIES.items()]
    write("countries.csv", Country, countries, "number", overwrite=True)
    networks: list[Columns] = [
        {"number": number, "code": code, "name": codes.NETWORK_NAMES[code]} for code, number in codes.NETWORKS.items()
    ]
    write("networks.csv", Network, networks, "number", overwrite=True)

    write("indicators.json", Indicator, _json("indicators.json"), "code")
    numbers = dict(Indicator.objects.values_list("code", "number"))
    translations = [
        {"indicator_id": numbers[row.pop("indicator")], **row} for row in _json("indicator_translations.json")
    ]
    write("indicator_translations.json", IndicatorTranslation, translations, "indicator_id", "language")

    population: list[Columns] = [
        {
            "country_id": codes.COUNTRIES[row["country"]],
            "year": int(row["year"]),
            "inhabitants": int(row["inhabitants"]),
            "source": row["source"],
        }
        for row in csv.DictReader((DATA / "population.csv").read_text(encoding="utf-8").splitlines())
    ]
    write("population.csv", Population, population, "country_id", "year")
    registry.set_up_details(by=by, reason=f"by population.csv of {about['population.csv'].date}")

    services = _json("help_services.json")
    for service in services:
        country = service.pop("country")
        service["country_id"] = codes.COUNTRIES[country] if country else None
        service["checked"] = date.fromisoformat(service["checked"]) if service["checked"] else None
    write("help_services.json", HelpService, services, "code")
    return loaded


def texts() -> list[str]:
    """The texts in the files that public pages translate into the reader's language."""
    return [service["description"] for service in _json("help_services.json")]


def _json(file: str) -> list[Columns]:
    rows: list[Columns] = json.loads((DATA / file).read_text(encoding="utf-8"))
    return rows

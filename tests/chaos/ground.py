"""What every seed begins with: a migrated database with agencies that have credentials, made once and copied."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import django

from config.embedded.process import free_port
from tests import cluster
from tests.chaos.plan import AGENCIES

#: The last one is the probe's.
_HOMES = ("NO", "SE", "DK", "FI", "DE", "NL", "FR", "ES", "IT", "PL", "PT", "BE", "IS")
assert len(_HOMES) == AGENCIES + 1
#: What an agency owes: frequency, days back, minutes until it is late. Some owe nothing.
_OWED = {0: ("N", 1, 5), 1: ("H", 3, 60), 2: ("D", 40, 1440)}
_BY = "chaos"


@dataclass(frozen=True)
class Ground:
    """A folder to copy, the agencies in it by number, their credentials, and the ports that each copy has."""

    folder: Path
    agencies: Sequence[int]
    credentials: Sequence[tuple[str, str]]
    ports: tuple[int, int]

    def copy(self, folder: Path) -> None:
        """Lay it out anew. Hard copies: the server writes into them."""
        folder.mkdir()
        for name in ("postgres", "keys"):
            # Followed where it is a link, as the data of another user are; owners and modes are kept.
            subprocess.run(["cp", "-aH", self.folder / name, folder / name], check=True)


def make(folder: Path) -> Ground:
    """Migrate a database, bring the agencies in, and leave it stopped. This process becomes one of the federation's."""
    ports = free_port(), free_port()
    with cluster.servers(folder, ports=ports) as servers:
        servers.manage("migrate", "--verbosity", "0")
        servers.manage("load_reference")
        os.environ.update(servers.environment)
        django.setup()
        agencies, credentials = _bring_in()
    return Ground(folder, agencies, credentials, ports)


def _bring_in() -> tuple[list[int], list[tuple[str, str]]]:
    from django.db import connection

    from countries import credentials, registry
    from federation import clock

    agencies, issued = [], []
    for number, home in enumerate(_HOMES):
        agency = registry.create_agency(code=f"{home}-CHAOS", country=home, name=f"Chaos {number}", by=_BY)
        owed = _OWED.get(number % 4)
        if owed and number < AGENCIES:
            frequency, days, minutes = owed
            first = clock.now().date() - timedelta(days=days)
            registry.add_schedule(
                agency=agency,
                indicator="DOWNLOADS",
                frequency=frequency,
                valid_from=first,
                deadline_minutes=minutes,
                by=_BY,
            )
        credential = credentials.issue(agency=agency, by=_BY, now=clock.now())
        agencies.append(agency.pk)
        issued.append((credential.client_id, credential.client_secret))
    connection.close()
    return agencies, issued


@contextmanager
def disconnected() -> Iterator[None]:
    """Have no connection of this process outlive the block."""
    from django.db import connection

    try:
        yield
    finally:
        connection.close()

"""The start of every seed: a migrated database with agencies and their credentials, made once and copied."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import django

from config.embedded.process import free_port
from tests import cluster
from tests.chaos.plan import AGENCIES

_BY = "chaos"


class Newcomer(NamedTuple):
    """An agency by its country, and what it owes: a frequency, since how many days, and minutes until it is late."""

    home: str
    owes: tuple[str, int, int] | None


_OWED = (("N", 1, 5), ("H", 3, 60), ("D", 40, 1440), None)
_HOMES = ("NO", "SE", "DK", "FI", "DE", "NL", "FR", "ES", "IT", "PL", "PT", "BE")
#: Those of the plan, and the probe, which owes nothing.
CAST = [*(Newcomer(home, _OWED[number % 4]) for number, home in enumerate(_HOMES)), Newcomer("IS", None)]
assert len(CAST) == AGENCIES + 1


@dataclass(frozen=True)
class Ground:
    """A folder to copy, the agencies in it by number, their credentials, and the ports that each copy has."""

    folder: Path
    agencies: Sequence[int]
    credentials: Sequence[tuple[str, str]]
    ports: tuple[int, int]

    def copy(self, folder: Path) -> None:
        """Copy it into another folder."""
        _copy(self.folder, folder)


def make(folder: Path, newcomers: Sequence[Newcomer] = CAST, *, prepared: Path | None = None) -> Ground:
    """Migrate a database, bring agencies in, and leave it stopped. This process becomes one of the federation's.

    `prepared` is a data directory that is migrated already, to begin with.
    """
    ports = free_port(), free_port()
    if prepared is not None:
        _copy(prepared, folder)
    with cluster.servers(folder, ports=ports) as servers:
        servers.manage("migrate", "--verbosity", "0", "--with-reference")
        os.environ.update(servers.environment)
        django.setup()
        agencies, credentials = _bring_in(newcomers)
    return Ground(folder, agencies, credentials, ports)


def _copy(source: Path, folder: Path) -> None:
    folder.mkdir()
    for name in ("postgres", "keys"):
        # Links are followed, because the data of another user are behind a link. Owners and modes are kept.
        subprocess.run(["cp", "-aH", source / name, folder / name], check=True)


def _bring_in(newcomers: Sequence[Newcomer]) -> tuple[list[int], list[tuple[str, str]]]:
    from django.db import connection

    from countries import registry
    from countries.accounts import credentials
    from countries.models import Detail
    from federation.database import clock

    # Minutes of all countries are watched.
    Detail.objects.update(step="N", network_step="D")
    agencies, issued, now = [], [], clock.now()
    for home, owes in newcomers:
        agency = registry.create_agency(code=f"{home}-CHAOS", country=home, name=f"Chaos {home}", by=_BY)
        if owes is not None:
            frequency, days, minutes = owes
            registry.add_schedule(
                agency=agency,
                indicator="DOWNLOADS",
                frequency=frequency,
                valid_from=now.date() - timedelta(days=days),
                deadline_minutes=minutes,
                by=_BY,
            )
        credential = credentials.issue(agency=agency, by=_BY, now=now)
        agencies.append(agency.pk)
        issued.append((credential.client_id, credential.client_secret))
    connection.close()
    return agencies, issued


@contextmanager
def disconnected() -> Iterator[None]:
    """Close all connections of this process at the end of the block."""
    from django.db import connection

    try:
        yield
    finally:
        connection.close()

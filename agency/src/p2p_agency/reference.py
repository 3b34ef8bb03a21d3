"""Facts of the federation that are stored for use offline: the indicators, and the agency's own public set-up."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from p2p_agency.client import Client
from p2p_agency.errors import AgencyError, SetUpError
from p2p_agency.settings import Settings, write_private
from p2p_core.workbooks.values import Clock

_NAME: Final = "reference.json"
_REFRESH: Final = "Run: p2p-agency status"


class Reference(msgspec.Struct, frozen=True):
    """Public facts of the federation on the UTC day ``read_on``. ``time_zone`` is empty if there is no set-up."""

    read_on: date
    #: The name of each indicator, by its code.
    indicators: Mapping[str, str]
    time_zone: str = ""
    local_days: bool = False

    @property
    def clock(self) -> Clock:
        """How times in workbooks are read."""
        try:
            return Clock(ZoneInfo(self.time_zone) if self.time_zone else UTC, self.local_days)
        except (LookupError, ValueError, OSError):
            raise SetUpError(
                f"This machine does not know the time zone {self.time_zone}, which your set-up names. "
                "Install the time zones of your system (tzdata). If the name is wrong, tell your coordinator."
            ) from None

    def __str__(self) -> str:
        if not self.time_zone:
            return (
                f"On {self.read_on} the federation had no set-up of your agency, so workbooks are read in UTC. Ask "
                "your coordinator to record your time zone. Then run: p2p-agency status"
            )
        days = f"allows days and months of {self.time_zone}" if self.local_days else "allows no local days"
        return (
            f"Workbooks are read in the time of {self.time_zone}: your public set-up says so, and {days} "
            f"(read on {self.read_on})."
        )


def load(settings: Settings) -> Reference:
    """Read the file beside the settings."""
    file = settings.path.with_name(_NAME)
    try:
        return msgspec.json.decode(file.read_bytes(), type=Reference)
    except FileNotFoundError:
        raise SetUpError(f"The file {file} does not exist. {_REFRESH}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SetUpError(f"{file} cannot be read: {error}. {_REFRESH}") from None


def refresh(settings: Settings, client: Client) -> Reference:
    """Read it from the federation, and store it beside the settings."""
    today = datetime.now(UTC).date()
    indicators = {one["code"]: one["name"] for one in client.pages("indicators/", "indicators")}
    reference = Reference(today, indicators)
    for agency in client.pages("agencies/", "agencies"):
        if agency["code"] == settings.agency:
            # The earliest set-up comes first. The newest set-up that is already in force counts.
            for setup in agency["setups"]:
                if setup["valid_from"] <= today.isoformat():
                    reference = Reference(today, indicators, setup["time_zone"], setup["local_days"])
    write_private(settings.path.with_name(_NAME), msgspec.json.encode(reference))
    return reference


def refresh_if_possible(settings: Settings, client: Client) -> None:
    """Read it from the federation. If the federation is away, the last one is used."""
    with suppress(AgencyError):
        refresh(settings, client)

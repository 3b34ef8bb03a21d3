"""The invented past beside the numbers: set-ups of agencies, a campaign, a break in a series."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from countries import registry
from countries.models import Agency, Annotation, Setup
from federation.management.cast import HISTORY, UNITS
from federation.management.registration import BY, REASON

_CAMPAIGN, _CHANGE, _OUTAGE = 75, 140, 61


def write(*, first_day: datetime) -> None:
    """Write it into the registry, unless it is there. Days are counted back from the first day of the demo."""
    if Annotation.objects.filter(agency__invented=True).exists():
        return
    agencies = {agency.code: agency for agency in Agency.objects.filter(invented=True)}
    for setup in _setups(agencies, first_day):
        registry.save(setup, by=BY, reason=REASON)
    for annotation in _annotations(agencies, first_day):
        registry.save(annotation, by=BY, reason=REASON)


def _setups(agencies: dict[str, Agency], first_day: datetime) -> Iterator[Setup]:
    for unit in UNITS:
        yield Setup(
            agency=agencies[unit.code],
            valid_from=(first_day - HISTORY).date(),
            computers=max(2, round(unit.level / 400)),
            networks=["BITTORRENT", "EDONKEY", "GNUTELLA"],
            geo_database="An invented database",
            geo_version=f"{first_day:%Y}.1",
        )


def _annotations(agencies: dict[str, Agency], first_day: datetime) -> Iterator[Annotation]:
    yield Annotation(
        kind="campaign",
        text="Campaign week of the Norwegian unit (invented)",
        agency=agencies["NO-DEMO"],
        start=first_day - timedelta(days=_CAMPAIGN),
        end=first_day - timedelta(days=_CAMPAIGN - 7),
    )
    yield Annotation(
        kind="change",
        text="New counting software at the British unit (invented)",
        agency=agencies["GB-DEMO"],
        start=first_day - timedelta(days=_CHANGE),
        is_break=True,
    )
    yield Annotation(
        kind="outage",
        text="Nine days without power in the Spanish unit's machine room (invented)",
        agency=agencies["ES-DEMO"],
        start=first_day - timedelta(days=_OUTAGE),
        end=first_day - timedelta(days=_OUTAGE - 9),
    )

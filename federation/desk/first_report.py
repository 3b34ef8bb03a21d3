"""The commands with which an agency tries its credential and a first report. They never contain a secret."""

import shlex
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from federation.overview import AgencyOverview
from p2p_core import periods
from p2p_core.periods import Frequency

_HEADER: Final = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"
#: If the agency has no set-up or no schedule yet, the example is about these.
_NETWORK, _INDICATOR, _FREQUENCY = "BITTORRENT", "DOWNLOADS", Frequency.HOUR


class Commands(NamedTuple):
    """Texts to copy: connect, the file with the report, send it as a dry run; and a token and a dry run by curl."""

    connect: str
    report: str
    send: str
    token: str
    curl: str


def connect(client_id: str, *, address: str) -> str:
    """The command that stores the address and the credential. It asks for the secret."""
    return f"p2p-agency init --address {shlex.quote(address.rstrip('/'))} --id {shlex.quote(client_id)}"


def commands(known: AgencyOverview, *, address: str, now: datetime) -> Commands | None:
    """The commands for the newest credential, with a report of the last period that has ended."""
    if not known.credentials:
        return None
    base, client_id = address.rstrip("/"), known.credentials[0].client_id
    token_url, url = shlex.quote(f"{base}/oauth/token/"), shlex.quote(f"{base}/api/v1/submissions/?dry_run=true")
    return Commands(
        connect=connect(client_id, address=base),
        report=_report(known, now),
        send="p2p-agency send --dry-run report.csv",
        token=f"TOKEN=$(curl -sS -u {shlex.quote(client_id)} {token_url} -d grant_type=client_credentials \\\n"
        """    | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')""",
        curl=f'curl -sS {url} -H "Authorization: Bearer $TOKEN" \\\n'
        "    -H 'Content-Type: text/csv' --data-binary @report.csv",
    )


def _report(known: AgencyOverview, now: datetime) -> str:
    scheduled = next(((one.indicator.code, Frequency(one.frequency)) for one in known.schedules), None)
    indicator, frequency = scheduled or (_INDICATOR, _FREQUENCY)
    # The clock of the agency may be a little behind.
    ended = periods.previous(frequency, periods.start_of(frequency, now - timedelta(minutes=2)))
    network = known.setups[0].networks[0] if known.setups and known.setups[0].networks else _NETWORK
    row = (indicator, frequency, periods.label(frequency, ended), known.agency.country.code, network, "0")
    return f"{_HEADER}\n{','.join(row)}"

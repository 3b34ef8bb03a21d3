"""Which media types a submission may have."""

from typing import Final

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from api.problems import Problem
from p2p_core.flow import SDMX_CSV

#: SDMX-CSV in any version and with any labels: the header of the file decides how it is read.
VERSIONS: Final = ("1.0.0", "2.0.0", "2.1.0")
_KINDS: Final = {
    "application/json": "json",
    "text/csv": "csv",
    SDMX_CSV: "csv",
}
_CHARACTERS: Final = ("utf-8", "utf8", "us-ascii")
_ACCEPT: Final = ", ".join(["application/json", "text/csv", *(f"{SDMX_CSV};version={version}" for version in VERSIONS)])
_OTHER_SDMX: Final = "Of SDMX, send data as SDMX-CSV 1.0.0, 2.0.0 or 2.1.0, in UTF-8."


def kind_of(request: HttpRequest) -> str:
    """Return ``json`` or ``csv``; refuse other media types, and character sets other than UTF-8."""
    try:
        name, parameters = parse_header_parameters(request.headers.get("Content-Type", ""))
    except (ValueError, TypeError):
        name, parameters = "", {}
    kind = _KINDS.get(name.lower())
    other = name.lower() == SDMX_CSV and parameters.get("version", VERSIONS[0]) not in VERSIONS
    if kind is None or other or parameters.get("charset", "utf-8").lower() not in _CHARACTERS:
        detail = _OTHER_SDMX if name.lower().startswith("application/vnd.sdmx.") else ""
        raise Problem("unsupported_media_type", detail=detail, headers={"Accept": _ACCEPT})
    return kind

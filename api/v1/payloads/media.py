"""Which media types a submission may have."""

from typing import Final

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from api.problems import Problem

#: SDMX-CSV under its own name is the same to us.
_KINDS: Final = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.sdmx.data+csv": "csv",
}
_CHARACTERS: Final = ("utf-8", "utf8", "us-ascii")
_ACCEPT: Final = "application/json, text/csv"


def kind_of(request: HttpRequest) -> str:
    """Return ``json`` or ``csv``; refuse other media types, and character sets other than UTF-8."""
    try:
        name, parameters = parse_header_parameters(request.headers.get("Content-Type", ""))
    except (ValueError, TypeError):
        name, parameters = "", {}
    kind = _KINDS.get(name.lower())
    if kind is None or parameters.get("charset", "utf-8").lower() not in _CHARACTERS:
        raise Problem("unsupported_media_type", headers={"Accept": _ACCEPT})
    return kind

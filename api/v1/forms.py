"""Patterns of periods, instants and codes for the OpenAPI document.

A pattern says what a value looks like. It cannot say that a day is in the calendar or that a period has ended.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Meta

from api.openapi import Schema
from p2p_core import codes

_YEAR: Final = "[0-9]{4}"
#: Years before 2017 cannot be reported.
_SINCE_2017: Final = "(201[7-9]|20[2-9][0-9]|2[1-9][0-9]{2}|[3-9][0-9]{3})"
_MONTH: Final = "-(0[1-9]|1[0-2])"
_DAY: Final = f"{_MONTH}-(0[1-9]|[12][0-9]|3[01])"
_HOUR: Final = "T([01][0-9]|2[0-3])"
_MINUTE: Final = ":[0-5][0-9]"
_UTC: Final = "(Z|[+]00:00)"
_REST: Final = f"(:00([.]0+)?)?{_UTC}?"
_TAIL: Final = {
    "N": f"{_DAY}{_HOUR}{_MINUTE}{_REST}",
    "H": f"{_DAY}{_HOUR}:00{_REST}",
    "D": _DAY,
    "W": "-W(0[1-9]|[1-4][0-9]|5[0-3])",
    "M": _MONTH,
    "A": "",
}

#: A period of any frequency, in a query.
PERIOD: Final = f"^{_YEAR}({'|'.join(_TAIL[frequency] for frequency in 'NDWM')})?$"
DAY: Final = f"^{_YEAR}{_DAY}$"
#: An instant as agencies write it, and as readers write `as_of`.
INSTANT: Final = f"^{_YEAR}{_DAY}{_HOUR}{_MINUTE}:[0-5][0-9]([.][0-9]{{1,9}})?{_UTC}$"
AS_OF: Final = f"^{_YEAR}{_DAY}{_HOUR}{_MINUTE}(:[0-5][0-9]([.][0-9]{{1,6}})?)?Z$"
IDEMPOTENCY_KEY: Final = "^[ -~]{1,255}$"
INDICATOR: Final = codes.INDICATOR_CODE
AGENCY: Final = codes.AGENCY_CODE
AGENCY_OR_ALL: Final = f"^(_T|{AGENCY[1:-1]})$"
#: Only the form of a rule's id, so that a new rule does not change the document.
RULES: Final = "^R[0-9]{3}(,R[0-9]{3})*$"
LANGUAGE: Final = "^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$"


def reportable_period(frequency: str) -> str:
    """The pattern of the periods that may be reported at a frequency."""
    return f"^{_SINCE_2017}{_TAIL[frequency]}$"


def one_of(known: Iterable[str], *, description: str | None = None) -> Meta:
    """Describe one of several words in the schema of a structure."""
    return Meta(description=description, pattern=f"^({'|'.join(known)})$")


def code_list(known: Iterable[str], *, star: bool = False) -> Schema:
    """The schema of known codes with commas between, or of ``*``."""
    code = "|".join(known)
    text = f"({code})(,({code}))*"
    return {"type": "string", "pattern": rf"^(\*|{text})$" if star else f"^{text}$"}


COUNTRIES: Final = code_list((*codes.COUNTRIES, *codes.GROUPS), star=True)
NETWORKS: Final = code_list((*codes.NETWORKS, codes.TOTAL), star=True)

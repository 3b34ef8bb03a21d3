"""Rules for single values of a report, the same for JSON and CSV. Each returns the value or raises an error."""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from p2p_core import instants, periods
from p2p_core.codes import COUNTRIES, GROUPS, NETWORKS, TOTAL
from p2p_core.payloads.faults import BrokenRuleError

MAX_VALUE: Final = 10**9
#: How far the clock of an agency may be ahead of the database's: a period counts as ended so long before its end.
SKEW: Final = timedelta(seconds=60)
#: A ``prepared`` that is at most this long after receipt is replaced by the time of receipt.
AHEAD: Final = timedelta(minutes=5)

_REPORTABLE: Final = frozenset(map(str, periods.REPORTABLE))
_FREQUENCIES: Final = frozenset(map(str, periods.Frequency))


def indicator(text: str, known: Mapping[str, int]) -> int:
    """The number of an indicator."""
    if text not in known:
        raise BrokenRuleError("unknown_indicator")
    return known[text]


def frequency(text: str) -> str:
    """A frequency that agencies report at."""
    if text in _REPORTABLE:
        return text
    raise BrokenRuleError("frequency_not_reportable" if text in _FREQUENCIES else "unknown_frequency")


def period(text: str, frequency: str, received: datetime) -> datetime:
    """The start of a period that has ended."""
    try:
        start = periods.parse(frequency, text)
    except periods.PeriodError as error:
        raise BrokenRuleError(error.code) from None
    if start < periods.EARLIEST:
        raise BrokenRuleError("period_too_early")
    if start > received or periods.end(frequency, start) > received + SKEW:
        raise BrokenRuleError("period_not_ended")
    return start


def status(text: str) -> str:
    """A report's status: final or provisional."""
    if text not in ("A", "P"):
        raise BrokenRuleError("bad_status")
    return text


def country(text: str) -> int:
    """The number of a single country."""
    if text not in COUNTRIES:
        raise BrokenRuleError("group_not_reportable" if text in GROUPS else "unknown_country")
    return COUNTRIES[text]


def network(text: str) -> int:
    """The number of a single network."""
    if text not in NETWORKS:
        raise BrokenRuleError("group_not_reportable" if text == TOTAL else "unknown_network")
    return NETWORKS[text]


def value(number: object) -> int:
    """A JSON number that is a count."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise BrokenRuleError("not_a_number")
    if isinstance(number, float) and math.isfinite(number):
        raise BrokenRuleError("fractional_value")
    if number < 0:
        raise BrokenRuleError("negative_value")
    if number > MAX_VALUE:
        raise BrokenRuleError("value_too_large")
    return int(number)


def written_value(text: str) -> int:
    """A count in a CSV cell. Tools that keep it as a float write ``17.0``."""
    if text in ("NaN", "#N/A"):
        raise BrokenRuleError("missing_value")
    whole = re.fullmatch(r"(-?[0-9]+)(?:[.]0+)?", text, re.ASCII)
    if re.fullmatch(r"-?[1-9][0-9]{0,2}[.]000", text, re.ASCII):
        # In German, 1.000 means a thousand. No tool writes the number one in this way.
        raise BrokenRuleError("fractional_value")
    if whole is None:
        # Half of Europe writes a fraction with a comma.
        numeric = re.fullmatch(r"-?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?", text, re.ASCII)
        raise BrokenRuleError("fractional_value" if numeric else "not_a_number")
    # Leading zeros are removed first, because Python refuses to read thousands of digits.
    negative, digits = text.startswith("-"), whole[1].lstrip("-0")
    if len(digits) > 10:
        raise BrokenRuleError("negative_value" if negative else "value_too_large")
    return value(int(digits or "0") * (-1 if negative else 1))


def instant(text: str) -> datetime:
    """An instant that is written in UTC."""
    try:
        found = instants.parse(text)
    except ValueError:
        raise BrokenRuleError("bad_prepared") from None
    if text[16] != ":" or (text[-1] != "Z" and text[-6] not in "+-"):
        raise BrokenRuleError("bad_prepared")
    if not text.endswith(("Z", "+00:00")):
        raise BrokenRuleError("not_utc")
    return found


def prepared(text: str, received: datetime) -> datetime:
    """When a submission was prepared, at the latest when it was received."""
    at = instant(text)
    if at > received + AHEAD:
        raise BrokenRuleError("prepared_in_future")
    return min(at, received)

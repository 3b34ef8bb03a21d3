"""Writes the values of cells as the texts that the rules of CSV read: counts without separators, periods in UTC.

A value that would need a guess stays as it is, or becomes a text that the rules refuse.
"""

import re
from collections.abc import Container, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from p2p_core import periods
from p2p_core.codes import COUNTRIES, COUNTRY_NAMES, NETWORK_NAMES, NETWORKS
from p2p_core.payloads.csv_header import NAMED
from p2p_core.payloads.faults import Advice
from p2p_core.periods import Frequency
from p2p_core.workbooks.sheets import Value

#: A date, and perhaps a time, in a form in which the order of day and month is certain.
_MOMENT: Final = re.compile(
    r"(?:(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)|(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.\s?(?P<y>\d{4}))"
    r"(?:[T ]+(?P<hour>\d\d?):(?P<minute>\d\d)(?::00(?:[.,]0+)?)?)?\s?(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_MONTH: Final = re.compile(r"(\d{4})-M?(\d\d)", re.ASCII)
#: A date whose order of day and month only its writer knows, or a date with a year of two digits.
_UNCERTAIN: Final = re.compile(r"\d\d?([./-])\s?\d\d?\1\s?(\d\d|\d{4})\b.*", re.ASCII)

#: A time, and perhaps a second one after a dash.
_RANGE: Final = re.compile(r"(.+\d\d?:\d\d)\s?[-\u2013\u2014]\s?\d\d?(?::\d\d)?", re.ASCII)

#: Codes of countries by what people write instead: small letters, a name, or a code that is not the one of ISO 3166-1.
_COUNTRIES_MEANT: Final = (
    {code.casefold(): code for code in COUNTRIES}
    | {name.casefold(): code for code, name in COUNTRY_NAMES.items()}
    | {"uk": "GB", "el": "GR"}
)
#: Codes of networks by what people write instead.
_NETWORKS_MEANT: Final = (
    {code.casefold(): code for code in NETWORKS}
    | {name.casefold(): code for code, name in NETWORK_NAMES.items()}
    | {"emule": "EDONKEY", "freenet": "HYPHANET"}
)

#: The frequencies of periods that are written with a time.
_TIMED: Final = (Frequency.MINUTE, Frequency.HOUR)
#: A period of each frequency, as people write it.
_EXAMPLES: Final[dict[str, str]] = {
    Frequency.MINUTE: "2026-11-24 09:00",
    Frequency.HOUR: "2026-11-24 09:00",
    Frequency.DAY: "2026-11-24",
    Frequency.MONTH: "2026-11",
}

#: No column accepts a text that begins so.
REFUSED: Final = "? "

_HALF_SECOND: Final = timedelta(microseconds=500_000)

#: Digits in groups of three that can only be one number.
_GROUPED: Final = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(-?\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+)(?:[.,]0{1,2})?",
        r"(-?\d{1,3}(?:\.\d{3})+),0{1,2}",
        r"(-?\d{1,3}(?:,\d{3})+)\.0{1,2}",
        r"(-?\d{1,3}(?:\.\d{3}){2,})",
        r"(-?\d{1,3}(?:,\d{3}){2,})",
        r"(-?\d+),0{1,2}",
    )
)
_ONE_MARK: Final = re.compile(r"-?\d{1,3}[.,]\d{3}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[^\d-]", re.ASCII)


class Text(NamedTuple):
    """The text of a cell. If the rules refuse it, ``hint`` says how to fix it, and ``code`` is that of the fault."""

    text: str
    hint: Advice | None = None
    code: str = ""


class Clock(NamedTuple):
    """How the times of a file are read.

    ``local_days`` allows days and months that are not those of UTC. ``is_csv`` says that a text in the form of the API
    is in UTC, as the API says of CSV.
    """

    zone: tzinfo = UTC
    local_days: bool = False
    is_csv: bool = False


def plain(value: Value) -> Text:
    """A value that is neither a period nor a count."""
    if isinstance(value, bool):
        return Text(str(value).upper())
    if isinstance(value, float):
        return Text(str(int(value)) if value.is_integer() else repr(value))
    return Text(value.strip() if isinstance(value, str) else str(value))


def count(value: Value) -> Text:
    """A count. A number with one separator and three digits after it is refused: it could be a fraction."""
    if isinstance(value, date | time | timedelta):
        hint = Advice(
            "The spreadsheet made a date of this number. Format the cell as a number, and write the count again."
        )
        return Text(str(value), hint)
    text = plain(value).text
    for pattern in _GROUPED:
        if found := pattern.fullmatch(text):
            return Text(_SEPARATORS.sub("", found[1]))
    if _ONE_MARK.fullmatch(text):
        digits = _SEPARATORS.sub("", text)
        hint = Advice(
            "It is not certain whether this is {digits} or a fraction. Write whole numbers without separators.",
            digits=digits,
        )
        return Text(text, hint)
    return Text(text)


def country(value: Value) -> Text:
    """A country. If it is no code, the hint says which one was probably meant."""
    return _named(value, COUNTRIES, _COUNTRIES_MEANT)


def network(value: Value) -> Text:
    """A network. If it is no code, the hint says which one was probably meant."""
    return _named(value, NETWORKS, _NETWORKS_MEANT)


def _named(value: Value, codes: Container[str], meant: Mapping[str, str]) -> Text:
    found = plain(value)
    code = None if found.text in codes else meant.get(found.text.casefold())
    hint = Advice("Probably {code} is meant. If so, write this code.", code=code) if code else None
    return found._replace(hint=hint)


def period(value: Value, frequency: str, clock: Clock, *, shows_day: bool = False) -> Text:
    """A period of this frequency. ``shows_day`` says that the cell shows no hours if it has a date."""
    if frequency not in periods.REPORTABLE:
        return plain(value)
    if isinstance(value, date):
        return _of_date(value, frequency, clock, shows_day=shows_day)
    if isinstance(value, str):
        return _of_text(value.strip(), frequency, clock)
    if isinstance(value, time | timedelta):
        hint = Advice("This cell has a time without a date. Write both: 2026-11-24 09:00.")
        return Text(str(value), hint if frequency in _TIMED else None)
    hint = Advice("This is a number, not a date. Format the cell as a date and time, or write the date again.")
    return Text(plain(value).text, hint)


def is_day_alone(value: Value, *, shows_day: bool) -> bool:
    """Whether nothing says that midnight is meant. ``shows_day`` says that the cell shows no hours."""
    at_midnight = value.time() == time() if isinstance(value, datetime) else isinstance(value, date)
    return shows_day and at_midnight


def accepts_days(clock: Clock, year: int) -> bool:
    """Whether at least some days of a year are accepted. Those of Lisbon are in winter. No day of Oslo is."""
    days = (datetime(year, month, 2) for month in range(1, 13))  # noqa: DTZ001  they are local
    return not all(_local_day(day, Frequency.DAY, clock).hint for day in days)


def rounded(moment: datetime) -> datetime:
    """Rounded to seconds. The last half second of the calendar cannot be rounded up."""
    return (min(moment, datetime.max - _HALF_SECOND) + _HALF_SECOND).replace(microsecond=0)  # noqa: DTZ901  it is local


def period_of_csv(text: str) -> str:
    """The text with which a workbook has the same period: in CSV, a time in the form of the API is in UTC."""
    code, named, name = text.partition(NAMED)
    try:
        start = periods.parse(Frequency.MINUTE, code.strip())
    except periods.PeriodError as error:
        # CSV may not have a time with another offset. A workbook may, if it is that of the zone.
        return f"{REFUSED}{text}" if error.code == "not_utc" else text
    return f"{periods.label(Frequency.MINUTE, start)}Z{named}{name}"


def _of_date(value: date, frequency: str, clock: Clock, *, shows_day: bool) -> Text:
    if frequency in _TIMED and is_day_alone(value, shows_day=shows_day):
        hint = Advice("This cell has a date without a time. Write both: {day} 09:00.", day=f"{value:%Y-%m-%d}")
        return Text(f"{value:%Y-%m-%d}", hint)
    moment = rounded(value) if isinstance(value, datetime) else datetime.combine(value, time())
    return _local(moment, frequency, clock)


def _of_text(text: str, frequency: str, clock: Clock) -> Text:
    month = _MONTH.fullmatch(text)
    if clock.is_csv and (month or _is_of_the_api(text, frequency)):
        return Text(text)
    if month and frequency == Frequency.MONTH:
        return _read(month[1], month[2], "1", "", clock, frequency) or Text(text)
    if found := _MOMENT.fullmatch(text):
        return _of_moment(text, found, frequency, clock)
    if _UNCERTAIN.fullmatch(text):
        hint = Advice(
            "The order of day and month is not certain. Write {example}, or format the cell so.",
            example=_EXAMPLES[frequency],
        )
        return Text(text, hint)
    return Text(text, _hint_of_range(text))


def _of_moment(text: str, found: re.Match[str], frequency: str, clock: Clock) -> Text:
    day = found["year"] or found["y"], found["month"] or found["m"], found["day"] or found["d"]
    hour = f"{found['hour']}:{found['minute']}" if found["hour"] else ""
    if bool(hour) == (frequency in (Frequency.DAY, Frequency.MONTH)):
        return Text(text)
    if found["zone"]:
        return _with_zone(text, day, hour, found["zone"], clock.zone)
    return _read(*day, hour, clock, frequency) or Text(text)


def _is_of_the_api(text: str, frequency: str) -> bool:
    try:
        periods.parse(frequency, text)
    except periods.PeriodError as error:
        return error.code != "bad_period"
    return True


def _moment(year: str, month: str, day: str, hour: str) -> datetime | None:
    try:
        hours, _, minutes = (hour or "0:0").partition(":")
        return datetime(int(year), int(month), int(day), int(hours), int(minutes))  # noqa: DTZ001  it is local
    except ValueError:
        return None


def _read(year: str, month: str, day: str, hour: str, clock: Clock, frequency: str) -> Text | None:
    moment = _moment(year, month, day, hour)
    return None if moment is None else _local(moment, frequency, clock)


def _with_zone(text: str, day: tuple[str, str, str], hour: str, offset: str, zone: tzinfo) -> Text:
    """A time that says its distance from UTC.

    This must be 0, or that of the zone at this time. So a range such as 09:00-10:00 is never read as another time.
    """
    moment = _moment(*day, hour)
    if moment is None or not hour:
        return Text(text)
    if offset in ("Z", "+00:00"):
        return Text(periods.label(Frequency.MINUTE, moment))
    try:
        instant = datetime.fromisoformat(f"{moment.isoformat()}{offset}")
        if instant.astimezone(zone).utcoffset() == instant.utcoffset():
            return Text(periods.label(Frequency.MINUTE, instant.astimezone(UTC)))
    except (OverflowError, ValueError):
        pass
    hint = Advice(
        "At this time, {zone} is not {offset} from UTC. Write the local time without this, or the time in UTC with Z: "
        "2026-11-24T08:00Z.",
        zone=str(zone), offset=offset,
    )  # fmt: skip
    return Text(text, _hint_of_range(text) or hint)


def _hint_of_range(text: str) -> Advice | None:
    found = _RANGE.fullmatch(text)
    return Advice("This looks like a range. Write only the beginning: {start}.", start=found[1]) if found else None


def _local(moment: datetime, frequency: str, clock: Clock) -> Text:
    """A period that begins at this local time."""
    try:
        if frequency in (Frequency.DAY, Frequency.MONTH):
            return _local_day(moment, frequency, clock)
        return _local_hour(moment, clock)
    except (OverflowError, ValueError):
        # At the ends of the calendar.
        return Text(f"{moment:%Y-%m-%d %H:%M}")


def _local_hour(moment: datetime, clock: Clock) -> Text:
    first, second = (moment.replace(tzinfo=clock.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    written = f"{moment:%Y-%m-%d %H:%M}"
    if first == second:
        # Seconds would be cut off silently.
        return Text(first.isoformat(timespec="seconds")[:19] if moment.second else periods.label("N", first))
    if first.astimezone(clock.zone).replace(tzinfo=None) != moment:
        hint = Advice(
            "There was no {time} on this day in {zone}: the clocks were put forward. Correct it.",
            time=f"{moment:%H:%M}", zone=str(clock.zone),
        )  # fmt: skip
        return Text(written, hint)
    hint = Advice(
        "The clocks were put back, so {time} came twice on this day in {zone}. Write {first} for the first time and "
        "{second} for the second.",
        time=f"{moment:%H:%M}", zone=str(clock.zone), first=f"{first:%Y-%m-%dT%H:%MZ}",
        second=f"{second:%Y-%m-%dT%H:%MZ}",
    )  # fmt: skip
    return Text(written, hint, "not_utc")


def _local_day(moment: datetime, frequency: str, clock: Clock) -> Text:
    label = periods.label(frequency, moment.replace(tzinfo=UTC))
    if moment != periods.start_of(frequency, moment):
        return Text(f"{moment:%Y-%m-%d %H:%M}", Advice("Write only this: {label}.", label=label))
    ends = periods.end(frequency, moment.replace(tzinfo=UTC)).replace(tzinfo=None)
    is_of_utc = not any(edge.replace(tzinfo=clock.zone).utcoffset() for edge in (moment, ends))
    if clock.local_days or is_of_utc:
        return Text(label)
    hint = Advice(
        "This day or month in {zone} does not begin and end as in UTC, and the federation counts in UTC. Report hours: "
        "they are converted. Or ask a coordinator to allow local days for your agency.",
        zone=str(clock.zone),
    )
    return Text(f"{label} local", hint, "not_utc")

"""Makes submissions from the reports of a file: in JSON, each for one indicator, in order of time, within limits."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from p2p_agency import files, messages, reference
from p2p_agency.errors import RefusedError
from p2p_agency.files import Content, Context
from p2p_agency.reference import Reference
from p2p_agency.settings import Settings
from p2p_agency.words import amount
from p2p_core import instants, periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES
from p2p_core.payloads.checks import AHEAD
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewReport

#: Far below the limits of the federation, so that a broken connection costs little, and progress can be seen.
_OBSERVATIONS: Final = 100_000
_REPORTS: Final = 10_000

_encode: Final = msgspec.json.Encoder().encode


class Made(NamedTuple):
    """The bodies of several files, warnings about them, and how local times were read, if there were any."""

    bodies: Iterator[bytes]
    warnings: Sequence[str]
    local: Reference | None


def of_files(paths: Sequence[Path], settings: Settings, now: Callable[[], datetime], *, again: bool = False) -> Made:
    """The bodies of all these files. If some have faults, the error has the faults of each of them.

    ``now`` returns the time of the federation. With ``again``, the bodies are prepared at this time, and not when the
    files were saved.
    """
    if not paths:
        return Made(iter(()), (), None)
    facts = reference.load(settings)
    known = files.context_of(facts, settings.agency)
    found, refused = dict[Path, Content](), []
    for path in dict.fromkeys(paths):
        try:
            found[path] = _read(path, known, now, again=again)
        except PayloadError as refusal:
            refused += messages.of_faults(refusal, path, settings.address)
        except RefusedError as refusal:
            refused.append(str(refusal))
    if refused:
        whole = ["None of the files was sent. Correct the faults, and send all of them again."]
        raise RefusedError("\n".join(refused + whole * (len(paths) > 1)))
    codes = _codes(known)
    made = [write(content.reports, codes, content.prepared) for content in found.values()]
    warnings = list(_doubles(found, codes)) if len(found) > 1 else []
    is_local = any(content.kind == "workbook" for content in found.values())
    return Made(chain(*made), warnings, facts if is_local else None)


def of_file(path: Path, settings: Settings, now: Callable[[], datetime]) -> Iterator[bytes]:
    """The bodies of a file. Unless the file is saved again, they are always the same."""
    known = files.context_of(reference.load(settings), settings.agency)
    content = _read(path, known, now)
    return write(content.reports, _codes(known), content.prepared)


def _codes(known: Context) -> dict[int, str]:
    return {number: code for code, number in known.indicators.items()}


def _read(path: Path, known: Context, now: Callable[[], datetime], *, again: bool = False) -> Content:
    began = now()
    content = files.read(path, known, began)
    if again:
        return content._replace(prepared=now())
    # If it waited until the federation accepts it, it would replace a file that corrects it and was saved meanwhile.
    if content.prepared > began + AHEAD:
        raise RefusedError(
            f"{files.shown(Path(path.name))} was last saved in the future: on {content.prepared:%Y-%m-%d, %H:%M} UTC. "
            f"Now it is {began:%Y-%m-%d, %H:%M} UTC. Correct the clock of the machine that saves it, and save it "
            "again. To send it as your newest report without saving it, run: p2p-agency send --again FILE"
        )
    return content


def _doubles(found: Mapping[Path, Content], codes: Mapping[int, str]) -> Iterator[str]:
    """Warn of reports that several files have: the federation uses the one that was prepared last."""
    having: dict[tuple[int, str, datetime], list[Path]] = {}
    for path, content in sorted(found.items(), key=lambda item: instants.write(item[1].prepared)):
        for report in content.reports:
            having.setdefault((report.indicator, report.frequency, report.period), []).append(path)
    shared: dict[tuple[int, str, tuple[Path, ...]], list[datetime]] = {}
    for (indicator, frequency, period), paths in having.items():
        if len(paths) > 1:
            shared.setdefault((indicator, frequency, tuple(paths)), []).append(period)
    for (indicator, frequency, these), some in shared.items():
        first, last = (periods.label(frequency, period) for period in (min(some), max(some)))
        span = first if first == last else f"{amount(len(some), 'period')} from {first} to {last}"
        names = [files.shown(path) for path in these]
        yield (
            f"Warning: {', '.join(names[:-1])} and {names[-1]} have reports for the same periods of "
            f"{codes[indicator]} {frequency}: {span}. The federation "
            f"uses only the reports of {names[-1]} for them, because they were prepared last."
        )


def of_withdrawals(indicator: str, frequency: str, labels: Sequence[str], prepared: datetime) -> Iterator[bytes]:
    """The bodies that withdraw the reports for these periods, if those were prepared before this time."""
    for first in range(0, len(labels), _REPORTS):
        reports = [
            {"frequency": frequency, "period": label, "withdrawn": True} for label in labels[first : first + _REPORTS]
        ]
        yield _encode({"indicator": indicator, "prepared": instants.write(prepared), "reports": reports})


def write(reports: Iterable[NewReport], indicators: Mapping[int, str], prepared: datetime) -> Iterator[bytes]:
    """The same reports and the same ``prepared`` give the same bodies."""
    in_order = sorted(reports, key=lambda report: (report.indicator, report.period, report.frequency))
    for indicator, group in groupby(in_order, key=lambda report: report.indicator):
        for piece in _pieces(group):
            yield _encode(
                {
                    "indicator": indicators[indicator],
                    "prepared": instants.write(prepared),
                    "reports": [_document(report) for report in piece],
                }
            )


def _pieces(reports: Iterable[NewReport]) -> Iterator[Sequence[NewReport]]:
    piece: list[NewReport] = []
    observations = 0
    for report in reports:
        if piece and (len(piece) == _REPORTS or observations + len(report.values) > _OBSERVATIONS):
            yield piece
            piece, observations = [], 0
        piece.append(report)
        observations += len(report.values)
    if piece:
        yield piece


def _document(report: NewReport) -> dict[str, Any]:
    head = {
        "frequency": report.frequency,
        "period": periods.label(report.frequency, report.period),
        "status": report.status,
    }
    if report.withdrawn:
        return {**head, "withdrawn": True}
    cells = zip(report.countries.tolist(), report.networks.tolist(), report.values.tolist(), strict=True)
    return {
        **head,
        "observations": [
            {"country": COUNTRY_CODES[country], "network": NETWORK_CODES[network], "value": value}
            for country, network, value in cells
        ],
    }

"""The combined view in one file with names and an explanation: as a workbook, or as a dataset of JSON-stat.

Such a file is written at once, so its size is limited, and large files take turns.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.utils import translation

from api import formats, negotiation
from api.formats import AnswerPage, Metadata, RangeMeta, jsonstat, xlsx
from api.formats.cells import Names
from api.formats.explanation import Explanation
from api.negotiation import JSON_STAT, XLSX
from api.problems import Problem
from api.throttling import costs
from api.v1 import languages, questions
from api.v1.questions import ALL, LiveQuestion, Question
from countries.reference import Reference
from federation import published
from federation.published import Selection
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES, TOTAL

TYPES: Final = (XLSX, JSON_STAT)
#: The most cells, and how many observations a cell costs. A cell of a workbook takes so much longer to write.
_LIMITS: Final = {XLSX: (xlsx.MAX_ROWS, 40), JSON_STAT: (jsonstat.MAX_CELLS, 1)}
#: The most countries or networks in the name of a file: a chart of the pages has no more.
_MOST_NAMED: Final = 6
#: The ends of the names under which files are saved.
_ENDS: Final = {XLSX: ".xlsx", JSON_STAT: ".json"}


@contextmanager
def take_turn(media_type: str, cells: int) -> Iterator[None]:
    """Refuse a file that would be too large, and charge for the others."""
    most, cost = _LIMITS[media_type]
    if cells > most:
        detail = f"This form of the answer has at most {most:,} numbers, and you asked for {cells:,}. Ask for fewer "
        detail += "series or a shorter time, or use format=csv."
        raise Problem("too_much_data", detail=detail)
    with costs.take_turn(cells * cost):
        yield


def cube(selection: Selection, reference: Reference) -> Selection:
    """The selection with each of its countries in each of its networks, as a cube needs them."""
    some = published.series(selection, reference) if selection.open else []
    if not some:
        return selection
    countries, networks = (tuple(dict.fromkeys(column)) for column in zip(*(one[:2] for one in some), strict=True))
    return replace(selection, countries=countries, networks=networks, open=False)


def write(pages: Iterator[AnswerPage], metadata: Metadata, question: Question, media_type: str, language: str) -> bytes:
    """Write the pages of an answer. Names are in a language of CLDR, texts in the nearest language of the pages."""
    texts = languages.of_texts(language)
    indicator = question.indicator.in_language(texts)
    with translation.override(texts):
        names = Names.of(language, question.reference)
        explanation = Explanation(
            indicator,
            questions.notes(indicator, question.reference),
            metadata,
            _address(question, metadata.meta, media_type),
            str(settings.PUBLISHER_NAME),
        )
        if media_type == XLSX:
            return xlsx.write(pages, explanation, names)
        return jsonstat.write(next(pages), explanation, names)


def headers(question: Question, metadata: Metadata, media_type: str, language: str) -> dict[str, str]:
    meta = metadata.meta
    name = _name(question, meta)
    return {
        "Content-Type": media_type,
        "Content-Language": language,
        "Content-Disposition": f'attachment; filename="{name}{_ENDS[media_type]}"',
        **formats.view_headers(meta.version, meta.known_at, invented=question.reference.invented),
    }


def _name(question: Question, meta: RangeMeta) -> str:
    """What a file is saved as: what was asked for, so that files of different numbers do not replace each other."""
    selection, given = question.selection, question.given
    countries = [COUNTRY_CODES[number] for number in selection.countries]
    networks = [NETWORK_CODES[number] for number in selection.networks]
    parts = ["police2peer", meta.indicator, meta.frequency]
    parts.append("all-countries" if given.get("country") == ALL else _codes_or_hash(countries, "countries"))
    if networks != [TOTAL]:
        # Countries and networks share the codes _T and _U.
        parts.append("by-network" if given.get("network") == ALL else f"in-{_codes_or_hash(networks, 'networks')}")
    if selection.panel:
        parts.append(f"panel-{selection.panel}")
    parts += [meta.start, meta.end]
    if meta.version:
        parts.append(f"v{meta.version}")
    return "-".join(parts).replace(":", "")


def _codes_or_hash(codes: Sequence[str], noun: str) -> str:
    """A few codes, or else how many there are and a short hash, so that other codes give another name."""
    if len(codes) <= _MOST_NAMED:
        return "-".join(codes)
    return f"{len(codes)}-{noun}-{sha256(','.join(codes).encode()).hexdigest()[:8]}"


def _address(question: Question, meta: RangeMeta, media_type: str) -> str:
    """The address of the same numbers. Minutes cannot be read again, so theirs has no ``as_of``.

    The address of the last hour has no parameters for its range either, so it always leads to the newest numbers.
    """
    given = {name: value for name, value in question.given.items() if name != "cursor"}
    given["format"] = negotiation.NAMES[media_type]
    if not isinstance(question, LiveQuestion):
        given |= {"start": meta.start, "end": meta.end}
    if (seen := meta.as_of or meta.known_at) and meta.frequency != "N":
        given["as_of"] = seen
    return f"{question.address}?{urlencode(given, safe=',*:')}"

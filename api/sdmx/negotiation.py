"""Which format to answer in: by `format`, as a link can say it, or by Accept, in which media types have versions."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from django.http import HttpRequest

from api.problems import Problem
from api.sdmx import queries
from p2p_core.flow import Format

_VERSION: Final = re.compile(r';\s*version\s*=\s*"?([\w.]+)"?', re.IGNORECASE)
_QUALITY: Final = re.compile(r";\s*q\s*=\s*([01](?:\.\d*)?|\.\d+)\s*(?:;|$)", re.IGNORECASE)
#: What SDMX-CSV could have beside ids, or instead of them. Only its defaults are offered.
_EXTRAS: Final = re.compile(
    r';\s*(?:labels\s*=(?!\s*"?id\b)|timeformat\s*=(?!\s*"?original\b)|keys?\s*=(?!\s*"?none\b))', re.IGNORECASE
)
#: How precise a range is: any type, any of one main type, a plain type, one of SDMX, one of SDMX with its version.
_ANY, _HALF, _PLAIN, _NAMED, _VERSIONED = range(1, 6)


def agreed(request: HttpRequest, formats: tuple[Format, ...], given: Mapping[str, str]) -> Format:
    """Return the format that is asked for, or the first if any will do."""
    if "format" in given:
        word = queries.word(given, "format", [one.word for one in formats], "")
        return next(one for one in formats if one.word == word)
    accept = request.headers.get("Accept") or "*/*"
    found = _preferred(accept, formats)
    if found is None:
        listed = ", ".join(one.content_type for one in formats)
        extras = ", with no other labels than id, timeFormat than original and keys than none"
        raise Problem("not_acceptable", detail=f"Accept one of {listed}{extras if _EXTRAS.search(accept) else ''}.")
    return found


# The header is the client's, so the number of kept ones is bounded.
@lru_cache(maxsize=256)
def _preferred(accept: str, formats: tuple[Format, ...]) -> Format | None:
    ranges = [part.strip().lower() for part in accept.split(",") if part.strip()]
    quality, place = max((_quality(one, ranges), -place) for place, one in enumerate(formats))
    return formats[-place] if quality > 0 else None


def _quality(form: Format, ranges: Iterable[str]) -> float:
    """Return the quality that the most precise range gives a format, which may be 0."""
    found = [(_precision(form, one), float((_QUALITY.search(one) or [0, 1])[1])) for one in ranges]
    precision, quality = max(found, default=(0, 0.0))
    return quality if precision else 0.0


def _precision(form: Format, one: str) -> int:
    kind = one.partition(";")[0].strip()
    if kind == form.media_type:
        if _EXTRAS.search(one):
            return 0
        version = _VERSION.search(one)
        if version is None:
            return _NAMED
        return _VERSIONED if version[1] in form.versions else 0
    general = {"*/*": _ANY, f"{form.media_type.partition('/')[0]}/*": _HALF} | dict.fromkeys(form.plain, _PLAIN)
    return general.get(kind, 0)

"""Which format to answer in: by `format`, as a link can say it, or by Accept, in which media types have versions."""

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest
from django.http.request import MediaType

from api.negotiation import best
from api.problems import Problem
from api.sdmx import queries
from p2p_core.flow import SDMX_CSV, Format

#: What SDMX-CSV could have beside ids, or instead of them. Only its defaults are offered.
_DEFAULTS: Final = {"labels": "id", "timeformat": "original", "keys": "none", "key": "none"}
#: How precise a range is: any type, any of one main type, a plain type, one of SDMX, one of SDMX with its version.
_ANY, _HALF, _PLAIN, _NAMED, _VERSIONED = range(1, 6)


def agreed(request: HttpRequest, formats: tuple[Format, ...], given: Mapping[str, str]) -> Format:
    """The format that is asked for, or the first if any will do."""
    if "format" in given:
        word = queries.word(given, "format", [one.word for one in formats], "")
        return next(one for one in formats if one.word == word)
    found = best(request.headers.get("Accept") or "*/*", formats, _precision)
    if found is None:
        listed = ", ".join(one.content_type for one in formats)
        has_csv = any(one.media_type == SDMX_CSV for one in formats)
        extras = ", with no other labels than id, timeFormat than original and keys than none" if has_csv else ""
        raise Problem("not_acceptable", detail=f"Accept one of {listed}{extras}.")
    return found


def _precision(form: Format, one: MediaType) -> int:
    kind = f"{one.main_type}/{one.sub_type}"
    if kind == form.media_type:
        if any(str(one.params.get(name, default)).lower() != default for name, default in _DEFAULTS.items()):
            return 0
        version = one.params.get("version")
        if version is None:
            return _NAMED
        return _VERSIONED if str(version) in form.versions else 0
    general = {"*/*": _ANY, f"{form.media_type.partition('/')[0]}/*": _HALF} | dict.fromkeys(form.plain, _PLAIN)
    return general.get(kind, 0)

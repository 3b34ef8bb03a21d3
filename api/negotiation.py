"""Chooses the form of an answer: the media type by ``format`` or Accept, the compression by Accept-Encoding."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

from django.http import HttpRequest
from django.http.request import MediaType
from rest_framework.negotiation import DefaultContentNegotiation

from api.parameters import list_values
from api.problems import Problem

T = TypeVar("T")

JSON: Final = "application/json"
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Nobody has registered a media type for JSON-stat. RFC 6838 leaves names that begin with `x.` to everybody.
JSON_STAT: Final = "application/x.json-stat+json"
#: The values of the parameter `format`.
WORDS: Final = {"json": JSON, "csv": CSV, "xlsx": XLSX, "jsonstat": JSON_STAT}
NAMES: Final = {media_type: word for word, media_type in WORDS.items()}
#: The media types of the combined view. The middleware that looks for cached answers uses the same ones.
DATA: Final = tuple(WORDS.values())
#: If several are equally good, the first one is used.
_ENCODINGS: Final = ("zstd", "gzip", "identity")
_WEIGHT: Final = re.compile(r"\s*q\s*=\s*(1(?:\.0*)?|0(?:\.\d*)?)\s*", re.ASCII | re.IGNORECASE)


def best(accept: str, offered: Iterable[T], precision: Callable[[T, MediaType], int]) -> T | None:
    """The offer that Accept prefers, the first if several are equal. None if no offer fits or Accept cannot be read.

    ``precision`` says how closely a media range names an offer; 0 is not at all. For each offer the range that names it
    most closely counts, even if that range refuses it.
    """
    try:
        ranges = [MediaType(part) for part in accept.split(",") if part.strip()]
    except (ValueError, TypeError):
        return None
    found, highest = None, (0.0, 0)
    for offer in offered:
        closeness, quality = max(((precision(offer, one), float(one.quality)) for one in ranges), default=(0, 0.0))
        if closeness and quality and (quality, closeness) > highest:
            found, highest = offer, (quality, closeness)
    return found


def media_type(request: HttpRequest, offered: tuple[str, ...] = DATA) -> str:
    """The media type that Accept prefers; an empty text if none fits."""
    return _media_type(request.META.get("HTTP_ACCEPT", "*/*"), offered)


# Clients choose the header, so the number of remembered choices is limited.
@lru_cache(maxsize=256)
def _media_type(accept: str, offered: tuple[str, ...]) -> str:
    return best(accept, offered, lambda offer, one: one.specificity + 1 if one.match(offer) else 0) or ""


def json_only(request: HttpRequest) -> str:
    """JSON's media type; raises the problem if Accept does not take it."""
    if not media_type(request, (JSON,)):
        raise Problem("not_acceptable", detail=f"Expected in Accept: {JSON}.")
    return JSON


def data_format(word: str | None, preferred: str, words: Mapping[str, str] = WORDS) -> str:
    """The media type that the parameter ``format`` names, or else the preferred one. ``words`` are its values."""
    if word is not None and word not in words:
        raise Problem("bad_parameter", detail=list_values("format", words), parameter="format")
    found = words[word] if word else preferred
    if not found:
        raise Problem("not_acceptable", detail=f"Expected in Accept: {', '.join(words.values())}.")
    return found


@lru_cache(maxsize=256)
def encoding(accepted: str) -> str:
    """The encoding to use for an Accept-Encoding; empty for none."""
    weights = {}
    for part in accepted.split(","):
        name, _, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter)
        # An encoding whose weight cannot be read is not used.
        weights[name.strip().lower()] = float(weight[1]) if weight else float(not parameter)
    liked = {name: weights.get(name, weights.get("*", 0.0)) for name in _ENCODINGS}
    best = max(liked, key=lambda name: liked[name])
    return best if liked[best] and best != "identity" else ""


class Negotiation(DefaultContentNegotiation):
    """DRF's negotiation. It does not catch the errors of Python's reader of parameters for an odd Accept, so we do."""

    def select_renderer(self, *arguments: Any, **more: Any) -> Any:
        try:
            return super().select_renderer(*arguments, **more)
        except TypeError:
            raise Problem("not_acceptable") from None

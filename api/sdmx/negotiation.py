"""In which form to answer: by Accept, in which SDMX names its media types with versions."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from django.http import HttpRequest

from api.problems import Problem

_VERSION: Final = re.compile(r';\s*version\s*=\s*"?([\w.]+)"?', re.IGNORECASE)
_QUALITY: Final = re.compile(r";\s*q\s*=\s*([01](?:\.\d*)?|\.\d+)\s*(?:;|$)", re.IGNORECASE)
#: What SDMX-CSV could have beside ids, or in their place. All that can be had is what it has by default.
_EXTRAS: Final = re.compile(
    r';\s*(?:labels\s*=(?!\s*"?id\b)|timeformat\s*=(?!\s*"?original\b)|keys?\s*=(?!\s*"?none\b))', re.IGNORECASE
)
#: How much a range says: any type, any of the first half, a plain type, one of SDMX, one of SDMX with its version.
_ANY, _HALF, _PLAIN, _NAMED, _VERSIONED = range(1, 6)


class Offer(NamedTuple):
    """A form in which to answer. The first of its versions is its own; the others mean the same."""

    form: str
    media_type: str
    versions: tuple[str, ...]
    #: What it can be called without naming SDMX.
    plain: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        return f"{self.media_type};version={self.versions[0]}"


def agreed(request: HttpRequest, offers: tuple[Offer, ...], given: Mapping[str, str]) -> Offer:
    """Return the offer that ``format`` names, as a link can, or else the one that Accept likes best.

    The first if it does not care; refuse if it likes none.
    """
    if "format" in given:
        return _named(given["format"], offers)
    accept = request.headers.get("Accept") or "*/*"
    found = _liked(accept, offers)
    if found is None:
        listed = ", ".join(offer.content_type for offer in offers)
        extras = ", with no other labels than id, timeFormat than original and keys than none"
        raise Problem("not_acceptable", detail=f"Accept one of {listed}{extras if _EXTRAS.search(accept) else ''}.")
    return found


def _named(form: str, offers: tuple[Offer, ...]) -> Offer:
    for offer in offers:
        if offer.form == form:
            return offer
    forms = ", ".join(offer.form for offer in offers)
    raise Problem("bad_parameter", detail=f"The formats are {forms}.", parameter="format")


# The header is the caller's, so the number of kept ones is bounded.
@lru_cache(maxsize=256)
def _liked(accept: str, offers: tuple[Offer, ...]) -> Offer | None:
    ranges = [part.strip().lower() for part in accept.split(",") if part.strip()]
    liking = [(_quality(offer, ranges), -place) for place, offer in enumerate(offers)]
    quality, place = max(liking)
    return offers[-place] if quality > 0 else None


def _quality(offer: Offer, ranges: Iterable[str]) -> float:
    """Return how much an offer is liked: what is said of it most closely counts, also if that refuses it."""
    said = [(_closeness(offer, one), _read_quality(one)) for one in ranges]
    closeness, quality = max(said, default=(0, 0.0))
    return quality if closeness else 0.0


def _closeness(offer: Offer, one: str) -> int:
    kind = one.partition(";")[0].strip()
    if kind == offer.media_type:
        if _EXTRAS.search(one):
            return 0
        version = _VERSION.search(one)
        if version is None:
            return _NAMED
        return _VERSIONED if version[1] in offer.versions else 0
    general = {"*/*": _ANY, f"{offer.media_type.partition('/')[0]}/*": _HALF} | dict.fromkeys(offer.plain, _PLAIN)
    return general.get(kind, 0)


def _read_quality(one: str) -> float:
    found = _QUALITY.search(one)
    return float(found[1]) if found else 1.0

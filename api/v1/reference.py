"""Reference data for everyone: countries, networks, indicators, agencies, and where to find help."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from babel import Locale, UnknownLocaleError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation.trans_real import parse_accept_lang_header

from api import caching, formats, parameters
from api.caching import PublicView, Rendered, Stamp
from api.formats import JSON
from api.problems import Problem
from countries import codes, queries

#: Counted up when the form of these answers changes, so that no cache takes an old one for a new one.
_FORM = 1
_ENGLISH = "en"


class ReferenceMeta(msgspec.Struct):
    """Which version of the reference data this is."""

    version: int


class CountriesMeta(msgspec.Struct):
    """Which version of the reference data this is, and in which language."""

    version: int
    language: str


class Country(msgspec.Struct):
    """A single country, or ``_U`` for those who could not be located."""

    code: str
    number: int
    name: str
    groups: tuple[str, ...]


class CountryGroup(msgspec.Struct):
    """A group of countries, or ``_T`` for all of them with ``_U``."""

    code: str
    name: str
    members: tuple[str, ...]


class Countries(msgspec.Struct):
    """All countries and groups that an observation can name. Names come from CLDR."""

    meta: CountriesMeta
    countries: list[Country]
    groups: list[CountryGroup]


class Network(msgspec.Struct):
    """A peer-to-peer network, or ``_U`` where it is not known."""

    code: str
    name: str


class Networks(msgspec.Struct):
    """All networks that an observation can name; ``_T`` is their total."""

    meta: ReferenceMeta
    networks: list[Network]


class Indicator(msgspec.Struct):
    """What is counted, and what the number is not."""

    code: str
    name: str
    description: str
    notes: tuple[str, ...]


class Indicators(msgspec.Struct):
    """All that is counted."""

    meta: ReferenceMeta
    indicators: list[Indicator]


class Agency(msgspec.Struct):
    """A police unit that submits, or did."""

    code: str
    country: str
    name: str
    active: bool
    invented: bool


class Agencies(msgspec.Struct):
    """All agencies, those no longer active too: what they reported stays."""

    meta: ReferenceMeta
    agencies: list[Agency]


class HelpService(msgspec.Struct):
    """Where to find help. Without a country it is for people everywhere."""

    code: str
    name: str
    languages: tuple[str, ...]
    country: str | None
    address: str
    phone: str | None
    description: str
    checked: str | None


class HelpServices(msgspec.Struct):
    """Help services, those of the country asked for before those for everyone."""

    meta: ReferenceMeta
    help_services: list[HelpService]


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """A list out of the reference data; it hangs on their version alone."""

    written: Callable[[int], object]
    language: str = ""

    def stamp(self) -> Stamp:
        return self._stamp(queries.reference_version())

    def render(self) -> Rendered:
        version = queries.reference_version()
        headers = {"Content-Type": JSON}
        if self.language:
            headers["Content-Language"] = self.language
        return Rendered(self._stamp(version), formats.encode(self.written(version)), headers)

    def _stamp(self, version: int) -> Stamp:
        return Stamp(f"{version}.{self.language}{_FORM}", caching.REFERENCE)


class CountriesView(PublicView):
    """`GET /api/v1/countries/`"""

    vary = "Accept, Accept-Encoding, Accept-Language"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        accepted = _accepted_language(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))

        def ask() -> ReferenceList:
            given = parameters.read(request, optional=("language",))
            language = _known_language(given["language"]) if "language" in given else accepted
            if language is None:
                raise Problem("unknown_language", parameter="language")
            return ReferenceList(lambda version: _countries(version, language), language)

        return self.respond(request, formats.json_only(request) + accepted, ask)


class ListView(PublicView):
    """A list without parameters."""

    @staticmethod
    def written(version: int) -> object:
        """Return the list under a version of the reference data."""
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def ask() -> ReferenceList:
            parameters.read(request)
            return ReferenceList(self.written)

        return self.respond(request, formats.json_only(request), ask)


class NetworksView(ListView):
    """`GET /api/v1/networks/`"""

    @staticmethod
    def written(version: int) -> object:
        return Networks(ReferenceMeta(version), [Network(row.code, row.name) for row in queries.networks()])


class IndicatorsView(ListView):
    """`GET /api/v1/indicators/`"""

    @staticmethod
    def written(version: int) -> object:
        rows = [Indicator(row.code, row.name, row.description, row.notes) for row in queries.indicators()]
        return Indicators(ReferenceMeta(version), rows)


class AgenciesView(ListView):
    """`GET /api/v1/agencies/`"""

    @staticmethod
    def written(version: int) -> object:
        rows = [Agency(row.code, row.country, row.name, row.active, row.invented) for row in queries.agencies()]
        return Agencies(ReferenceMeta(version), rows)


class HelpServicesView(PublicView):
    """`GET /api/v1/help-services/`"""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def ask() -> ReferenceList:
            given = parameters.read(request, optional=("country", "language"))
            country, language = given.get("country"), given.get("language")
            if country is not None and country not in codes.COUNTRIES:
                raise Problem("unknown_country", parameter="country")
            if language is not None and _known_language(language) is None:
                raise Problem("unknown_language", parameter="language")
            return ReferenceList(lambda version: _help_services(version, country, language))

        return self.respond(request, formats.json_only(request), ask)


def _countries(version: int, language: str) -> Countries:
    return Countries(
        meta=CountriesMeta(version, language),
        countries=[Country(row.code, row.number, row.name, row.groups) for row in queries.countries(language)],
        groups=[CountryGroup(row.code, row.name, row.members) for row in queries.groups(language)],
    )


def _help_services(version: int, country: str | None, language: str | None) -> HelpServices:
    rows = [
        HelpService(
            code=row.code,
            name=row.name,
            languages=row.languages,
            country=row.country,
            address=row.address,
            phone=row.phone or None,
            description=row.description,
            checked=row.checked.isoformat() if row.checked else None,
        )
        for row in queries.help_services(country=country, language=language)
    ]
    return HelpServices(ReferenceMeta(version), rows)


# The header is the caller's, so the number of kept ones is bounded.
@lru_cache(maxsize=256)
def _accepted_language(header: str) -> str:
    """Return the first language of ``Accept-Language`` that CLDR knows, or English."""
    wanted = (_known_language(tag) for tag, _ in parse_accept_lang_header(header.lower()))
    return next((language for language in wanted if language), _ENGLISH)


@lru_cache(maxsize=256)
def _known_language(tag: str) -> str | None:
    """Return the language tag as CLDR writes it, if CLDR knows the language."""
    try:
        return str(Locale.parse(tag.replace("_", "-"), sep="-")).replace("_", "-")
    except (ValueError, TypeError, UnknownLocaleError):
        return None

"""Reference data for everyone: countries, networks, indicators, agencies, and where to find help."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats, negotiation, openapi, parameters
from api.caching import PublicView, Representation, Validator
from api.negotiation import JSON
from api.problems import Problem
from api.v1 import forms, languages
from countries import queries
from countries.queries import Country, CountryGroup
from countries.reference import COUNTINGS, HelpService, Reference, services_for
from p2p_core import codes


class ReferenceMeta(msgspec.Struct):
    """Which version of the reference data this is."""

    version: int


class CountriesMeta(msgspec.Struct):
    """Which version of the reference data this is, and in which language."""

    version: int
    language: str


class Countries(msgspec.Struct):
    """All countries and groups that an observation can name. Names come from CLDR."""

    meta: CountriesMeta
    countries: list[Country]
    groups: list[CountryGroup]


class NetworkDocument(msgspec.Struct):
    """A peer-to-peer network, or ``_U`` where it is not known."""

    code: str
    name: str


class Networks(msgspec.Struct):
    """All networks that an observation can name; ``_T`` is their total."""

    meta: ReferenceMeta
    networks: list[NetworkDocument]


class IndicatorDocument(msgspec.Struct):
    """What is counted, and what the number is not."""

    code: str
    name: str
    description: str
    notes: tuple[str, ...]


class Indicators(msgspec.Struct):
    """All indicators."""

    meta: ReferenceMeta
    indicators: list[IndicatorDocument]


class SetupDocument(msgspec.Struct):
    """What an agency counts with, and how, from a day on.

    ``counting``: ``shares`` counts each download by the share of the file that the agency sent, ``sent`` each file that
    the agency sent whole, ``seen`` each peer that the agency saw complete, and ``own`` is a way of its own.
    ``local_days``: its days may begin at midnight in its ``time_zone`` instead of UTC. ``location_source`` is the table
    that places IP addresses in countries.
    """

    valid_from: date
    networks: tuple[str, ...]
    counting: Annotated[str, forms.one_of(COUNTINGS)]
    time_zone: str
    local_days: bool
    location_source: str
    location_date: date


class AgencyDocument(msgspec.Struct):
    """A police unit that submits, or did. Its set-ups come with the earliest first.

    ``contact``: the address of a page or of a mailbox, empty if none is known. ``since``: the first day for which the
    agency owes reports, null if it owes none yet.
    """

    code: str
    country: str
    name: str
    active: bool
    invented: bool
    contact: str
    since: date | None
    setups: list[SetupDocument]


class Agencies(msgspec.Struct):
    """All agencies, those no longer active too: what they reported stays."""

    meta: ReferenceMeta
    agencies: list[AgencyDocument]


class HelpServices(msgspec.Struct):
    """Help services, those of the country asked for before those for everyone."""

    meta: ReferenceMeta
    help_services: list[HelpService]


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """A list of reference data; it depends on their version only."""

    write: Callable[[Reference], object]
    language: str = ""

    def validator(self) -> Validator:
        return self._validator(Reference.current())

    def render(self) -> Representation:
        reference = Reference.current()
        headers = {"Content-Type": JSON}
        if self.language:
            headers["Content-Language"] = self.language
        return Representation(self._validator(reference), formats.encode(self.write(reference)), headers)

    def _validator(self, reference: Reference) -> Validator:
        return Validator(f"{reference.version}.{self.language}", caching.REFERENCE)


class CountriesView(PublicView):
    """What `country` can be in an observation. Names come from CLDR."""

    vary = "Accept, Accept-Encoding, Accept-Language"

    @openapi.public(
        "list_countries",
        "Countries and groups, with their names in a language",
        answer=Countries,
        takes=[
            openapi.parameter(
                "language", "A language that CLDR knows; overrides Accept-Language", example="nb", form=forms.LANGUAGE
            )
        ],
        example={
            "meta": {"version": 31, "language": "nb"},
            "countries": [{"code": "NO", "number": 578, "name": "Norge", "groups": ["_T", "EUROPE"]}],
            "groups": [{"code": "EU27_2020", "name": "Den europeiske union", "members": ["AT", "BE", "BG"]}],
        },
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        accepted = languages.accepted(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))

        def read() -> ReferenceList:
            given = parameters.read(request, optional=("language",))
            language = languages.named(given, accepted)

            def write(reference: Reference) -> Countries:
                meta = CountriesMeta(reference.version, language)
                return Countries(meta, queries.countries(language), queries.groups(language))

            return ReferenceList(write, language)

        return self.respond(request, negotiation.json_only(request) + accepted, read)


class ListView(PublicView):
    """A list without parameters."""

    def answer(self, request: HttpRequest, write: Callable[[Reference], object]) -> HttpResponseBase:
        def read() -> ReferenceList:
            parameters.read(request)
            return ReferenceList(write)

        return self.respond(request, negotiation.json_only(request), read)


class NetworksView(ListView):
    """What `network` can be in an observation."""

    @openapi.public(
        "list_networks",
        "Peer-to-peer networks",
        answer=Networks,
        example={"meta": {"version": 31}, "networks": [{"code": "BITTORRENT", "name": "BitTorrent"}]},
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def write(reference: Reference) -> Networks:
            rows = msgspec.convert(reference.networks, list[NetworkDocument], from_attributes=True)
            return Networks(ReferenceMeta(reference.version), rows)

        return self.answer(request, write)


class IndicatorsView(ListView):
    """What `indicator` can be."""

    @openapi.public(
        "list_indicators",
        "What is counted, and what the number is not",
        answer=Indicators,
        example={
            "meta": {"version": 31},
            "indicators": [
                {
                    "code": "DOWNLOADS",
                    "name": "Downloads",
                    "description": "Completed downloads of police files.",
                    "notes": ["A download is not a person and not an offence."],
                }
            ],
        },
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def write(reference: Reference) -> Indicators:
            rows = msgspec.convert(reference.indicators, list[IndicatorDocument], from_attributes=True)
            return Indicators(ReferenceMeta(reference.version), rows)

        return self.answer(request, write)


class AgenciesView(ListView):
    """The agencies. An agency that has left is still listed, because its reports are still used."""

    @openapi.public(
        "list_agencies",
        "Agencies that submit, or did",
        answer=Agencies,
        example={
            "meta": {"version": 31},
            "agencies": [
                {
                    "code": "NO-KRIPOS",
                    "country": "NO",
                    "name": "Kripos",
                    "active": True,
                    "invented": False,
                    "contact": "https://example.org/contact",
                    "since": "2026-01-01",
                    "setups": [
                        {
                            "valid_from": "2026-01-01",
                            "networks": ["BITTORRENT"],
                            "counting": "shares",
                            "time_zone": "Europe/Oslo",
                            "local_days": False,
                            "location_source": "iptocc",
                            "location_date": "2025-12-01",
                        }
                    ],
                }
            ],
        },
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def write(reference: Reference) -> Agencies:
            rows = msgspec.convert(reference.agencies, list[AgencyDocument], from_attributes=True)
            return Agencies(ReferenceMeta(reference.version), rows)

        return self.answer(request, write)


class HelpServicesView(PublicView):
    """Those of the country asked for come first, then those for people everywhere."""

    @openapi.public(
        "list_help_services",
        "Where to find help: the services of a country and those for everyone",
        answer=HelpServices,
        takes=[
            openapi.parameter("country", "A single country", example="NO", among=tuple(codes.COUNTRIES)),
            openapi.parameter("language", "Only services that speak this language", example="nb", form=forms.LANGUAGE),
        ],
        example={
            "meta": {"version": 31},
            "help_services": [
                {
                    "code": "det-finnes-hjelp",
                    "name": "Det finnes hjelp",
                    "languages": ["nb"],
                    "country": "NO",
                    "address": "https://detfinneshjelp.no/",
                    "phone": None,
                    "description": "Treatment for people who worry about their sexual thoughts about children.",
                    "checked": None,
                }
            ],
        },
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> ReferenceList:
            given = parameters.read(request, optional=("country", "language"))
            country, language = given.get("country"), given.get("language")
            if country is not None and country not in codes.COUNTRIES:
                raise Problem("unknown_country", parameter="country")
            if language is not None and languages.known(language) is None:
                raise Problem("unknown_language", parameter="language")

            def write(reference: Reference) -> HelpServices:
                rows = services_for(reference.help_services, country=country, language=language)
                return HelpServices(ReferenceMeta(reference.version), rows)

            return ReferenceList(write)

        return self.respond(request, negotiation.json_only(request), read)

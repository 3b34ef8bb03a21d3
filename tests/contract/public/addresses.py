"""Every route: for whom it is, and addresses of those that are for everybody."""

from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from api.caching import PublicView
from api.site.base import PageView

#: For whom the other routes are. One that is in no line and no public view fails here.
AGENCIES = {"submissions", "submission", "findings", "finding", "finding-answer", "figures", "token"}
OPERATORS = {"healthz", "readyz", "metrics"}
OTHERS = AGENCIES | OPERATORS
#: The pages of an agency, which need its session.
AGENCY_PAGES = {
    "board", "findings", "finding", "submissions", "submission", "send", "template", "set-up", "sign-in", "sign-out",
    "second-factor", "second-factor-again", "invitation", "switch-off",
}  # fmt: skip

ARGUMENTS = {
    "finding": {"id": 1},
    "finding-answer": {"id": 1},
    "submission": {"id": UUID(int=1)},
    "invitation": {"uidb64": "MQ", "token": "x"},
    "switch-off": {"token": "x"},
}

SPAN = "start=2026-11-01&end=2026-11-12"
DAYS = f"indicator=DOWNLOADS&frequency=D&{SPAN}"
#: Addresses of each public route, with what makes a difference to what is read.
PUBLIC = {
    "aggregates": [
        f"/api/v1/aggregates/?{DAYS}",
        f"/api/v1/aggregates/?{DAYS}&format=csv&country=*&network=*",
        f"/api/v1/aggregates/?{DAYS}&format=xlsx&country=*",
        f"/api/v1/aggregates/?{DAYS}&format=jsonstat&country=*&network=*",
        "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D",
        f"/api/v1/aggregates/?{DAYS}&as_of=2026-11-20T00:00Z",
        "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=M&start=2026-01&end=2026-11&panel=12",
    ],
    "live": ["/api/v1/aggregates/live/"],
    "windows": ["/api/v1/aggregates/windows/?indicator=DOWNLOADS&window=P7D"],
    "coverage": [f"/api/v1/coverage/?{DAYS}", "/coverage/"],
    "corrections": [
        "/api/v1/corrections/?indicator=DOWNLOADS&frequency=D",
        "/corrections/?country=all&since=2026-11-20",
        "/nb/corrections/",
    ],
    "effects": [
        "/api/v1/effects/",
        "/api/v1/effects/?indicator=DOWNLOADS&word=found,running&format=csv",
        "/api/v1/effects/?as_of=2026-11-20T00:00Z",
        "/effects/",
        "/nb/effects/?as_of=2026-11-20",
    ],
    # Nothing is registered here. Tests of their own are about an intervention.
    "effect": [],
    "audit-head": ["/api/v1/audit/head/"],
    "countries": ["/api/v1/countries/"],
    "networks": ["/api/v1/networks/"],
    "indicators": ["/api/v1/indicators/"],
    "annotations": ["/api/v1/annotations/?indicator=DOWNLOADS"],
    "agencies": ["/api/v1/agencies/"],
    "rules": ["/api/v1/rules/"],
    "help-services": ["/api/v1/help-services/?country=NO"],
    "webhook-keys": ["/api/v1/webhook-keys/"],
    "schema": ["/api/schema/"],
    # Roots, and the address of all countries, redirect to a page.
    "all-countries": [],
    "sdmx": [],
    "root": [],
    "data-2.1": ["/sdmx/2.1/data/P2P", "/sdmx/2.1/data/P2P?updatedAfter=2026-11-20T00:00:00Z"],
    "data-3.0": ["/sdmx/3.0/data/dataflow/P2PEU/P2P", "/sdmx/3.0/data/dataflow/P2PEU/P2P_VINTAGE?format=csv"],
    "availability-2.1": ["/sdmx/2.1/availableconstraint/P2P?references=all"],
    "availability-3.0": ["/sdmx/3.0/availability/dataflow/P2PEU/P2P"],
    "schema-2.1": ["/sdmx/2.1/schema/dataflow/P2PEU/P2P"],
    "schema-3.0": ["/sdmx/3.0/schema/dataflow/P2PEU/P2P"],
    "structures-2.1": ["/sdmx/2.1/structure"],
    "structures-3.0": ["/sdmx/3.0/structure"],
    "catalog": ["/catalog"],
    "catalog-ttl": ["/catalog.ttl"],
    "catalog-jsonld": ["/catalog.jsonld"],
    "catalog-rdf": ["/catalog.rdf"],
    # Nobody has written files here. Tests of their own are about files.
    "manifest": [],
    "file": [],
    "map": ["/", "/de/?window=day&day=2026-11-01"],
    "country": [
        "/countries/no/",
        f"/countries/no/?{SPAN}",
        "/countries/no/?compare=se&network=*",
        "/countries/no/?panel=12&frequency=M",
    ],
    "country-chart": [f"/countries/no/chart.svg?{SPAN}"],
    "help": ["/help/?country=NO", "/nb/help/"],
    "about": ["/about/"],
    "method": ["/method/"],
    "participants": ["/participants/", "/fi/participants/"],
    "accessibility": ["/accessibility/"],
    "privacy": ["/privacy/"],
    "data": ["/data/"],
    "docs": ["/api/docs/"],
    "front": ["/docs/"],
    "search": ["/docs/search/?q=rounding"],
    "picture": ["/docs/how-to/pictures/template.png"],
    "script": ["/docs/how-to/recompute_effect.py"],
    "document": ["/docs/reference/errors/", "/docs/how-to/"],
    "robots": ["/robots.txt"],
    "sitemap": ["/sitemap.xml"],
    "embed-map": ["/embed/map/"],
    "embed-country": ["/embed/country/no/"],
}


def routes(patterns=None):
    """The name and the view of every route outside the admin."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns) if one.namespace != "admin" else ()
        elif isinstance(one, URLPattern):
            yield one.name, getattr(one.callback, "view_class", getattr(one.callback, "cls", None))


def public_routes():
    """The names of those that everybody may read."""
    return {name for name, view in routes() if issubclass(view, PublicView | PageView)}


def others():
    """The names of those that are not for everybody, and an address of each."""
    for name in sorted(OTHERS):
        space = "v1:" if name in AGENCIES - {"token"} else ""
        yield name, reverse(f"{space}{name}", kwargs=ARGUMENTS.get(name, {}))


def agency_pages():
    """The names of the pages of an agency, and an address of each."""
    for name in sorted(AGENCY_PAGES):
        yield name, reverse(f"agency:{name}", kwargs=ARGUMENTS.get(name, {}))

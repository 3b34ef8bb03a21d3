"""A tag names one answer: equal tags mean equal bytes, for any difference between two requests, and `Vary` says why."""

import gzip
import re
from datetime import timedelta
from itertools import product

import pytest
from django.conf import settings as configured
from django.utils import timezone

from api import caching
from api.site.base import PageView
from countries import registry
from countries.models import Indicator, Intervention
from federation.database import clock
from tests.contract.public import interventions
from tests.contract.public.addresses import PUBLIC, routes
from tests.contract.public.press import Press
from tests.factories import (
    AgencyFactory,
    AnnotationFactory,
    CountryFactory,
    HelpServiceFactory,
    IndicatorFactory,
    NetworkFactory,
)
from tests.integration.processes import ROOT

pytestmark = pytest.mark.django_db
PAGES = {name for name, view in routes() if issubclass(view, PageView)}
#: The routes with the largest answers, and forms of answers that other routes have too.
LONG = {"data-2.1", "availability-2.1", "catalog", "catalog-ttl", "catalog-rdf"}
#: What a request can differ in beside its address, by the word of `Vary` for it.
HEADERS = {
    "Accept": ["*/*", "text/csv", "application/json", "text/html", "text/turtle", "application/vnd.sdmx.data+json"],
    "Accept-Language": ["nb", "de-AT,en;q=0.5", "sv, fi;q=0.9", "xx"],
    "Accept-Encoding": ["gzip"],
}
#: With which requests each answer is read again after a change: all others read the same numbers and names.
AGAIN = [{}, {"headers": {"Accept": "text/csv"}}, {"headers": {"Accept-Language": "nb"}}]
#: With which headers the further addresses of a route are read: the same code chooses the form of all its answers.
FURTHER = {name: values[:2] for name, values in HEADERS.items()}
#: What must make no difference at all.
PRIVATE = {
    "Cookie": "sessionid=7; django_language=de",
    "User-Agent": "Telephone",
    "X-Forwarded-For": "192.0.2.9",
}


def days():
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    recent = [(today - timedelta(days=ago)).date().isoformat() for ago in range(1, 4)]
    return [*(f"2026-11-{day:02}" for day in range(1, 13)), *recent]


@pytest.fixture(scope="module")
def press(module_db):
    """Something of everything that is public."""
    IndicatorFactory.create(notes=["A download is not a person and not an offence."])
    press = Press()
    for code in ("NO-A", "SE-B"):
        AgencyFactory.create(code=code)
    for language, country in (("nb", "NO"), ("de", "DE"), ("en", "GB"), ("sv", "SE")):
        HelpServiceFactory.create(
            name=f"Help in {language}", languages=[language], country=CountryFactory.create(code=country)
        )
    AnnotationFactory.create()
    NetworkFactory.create(number=4, code="ARES", name="Ares")
    press.publish("D", {day: {"NO": 120, "NO/ARES": 100, "EUROPE": 120} for day in dict.fromkeys(days())})
    press.publish("M", {"2026-01": {"NO": 500, "EUROPE": 500}})
    press.compare(12, "M", ("2026-01", "2026-10"), [1], {"2026-01": {"NO": 50, "EUROPE": 50}})
    press.publish("H", {f"{days()[-1]}T23:00": {"NO": 120, "EUROPE": 120}})
    # It starts while a month passes.
    monday = timezone.now().date() + timedelta(days=14 - timezone.now().weekday())
    interventions.intervention(start=monday, draw=interventions.draw())
    return press


@pytest.fixture
def world(press, monkeypatch, settings):
    """Steps, each of which changes something of it."""
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)

    def passes(step):
        now = timezone.now() + step
        monkeypatch.setattr(timezone, "now", lambda: now)
        monkeypatch.setattr(clock, "now", lambda: now)

    def another_number():
        press.publish("D", {day: {"NO": 600, "NO/ARES": 100, "EUROPE": 600} for day in days()[-3:]})

    def another_name():
        indicator = Indicator.objects.get()
        indicator.name = "Counted"
        registry.save(indicator, by="a test")

    def another_estimate():
        interventions.estimate(press, Intervention.objects.get(), interventions.counts())

    return [
        lambda: None,
        lambda: passes(timedelta(minutes=1)),
        lambda: passes(timedelta(days=31)),
        lambda: interventions.seal(Intervention.objects.get(), timezone.now()),
        another_number,
        another_estimate,
        another_name,
    ]


@pytest.fixture
def read(client):
    def ask(address, **request):
        answer = client.get(address, **request)
        body = b"".join(answer) if answer.streaming else answer.content
        return answer, gzip.decompress(body) if answer.get("Content-Encoding") == "gzip" else body

    return ask


def requests():
    yield {}
    yield {"secure": True}
    yield {"headers": {"Host": "other.example"}}
    for name, values in HEADERS.items():
        yield from ({"headers": {name: value}} for value in values)


def questions(route):
    """Yield an address of a route with each request, another one with a few, the rest once, and a page's languages."""
    first, *rest = PUBLIC[route]
    yield from ((first, request) for request in requests())
    yield from product(rest[:1], AGAIN)
    yield from product(rest[1:], [{}])
    if route in PAGES:
        yield from ((f"/{code}{PUBLIC[route][0]}", {}) for code, _ in configured.LANGUAGES[1:])


def questions_again(route):
    """Yield what is read after a change: an address of a route in its forms, and another one."""
    yield from product(PUBLIC[route][:1], AGAIN)
    yield from product(PUBLIC[route][1:2], [{}])


@pytest.mark.parametrize(
    "route",
    [pytest.param(name, marks=[pytest.mark.verify] * (name in {*PAGES, *LONG})) for name in PUBLIC if PUBLIC[name]],
)
def test_equal_tags_are_equal_bytes(world, read, route):
    seen = {}
    for at, change in enumerate(world):
        change()
        # As another process would: it reads and writes all of it again.
        caching.response_cache.clear()
        for address, request in questions_again(route) if at else questions(route):
            answer, body = read(address, **request)
            if answer.status_code != 200:
                continue
            was = seen.setdefault(answer["ETag"], (body, address, request, at))
            assert was[0] == body, (answer["ETag"], was[1:], (address, request, at))
    assert seen


@pytest.mark.verify
@pytest.mark.parametrize("route", [name for name in PUBLIC if PUBLIC[name]])
def test_vary_names_what_the_answer_depends_on_and_no_tag_of_another_answer_gets_304(world, read, route, monkeypatch):
    # The minutes that the map shows move with the clock, and its tag with them.
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    for address in PUBLIC[route]:
        plain, body = read(address)
        for name, values in (HEADERS if address == PUBLIC[route][0] else FURTHER).items():
            for value in values:
                answer, whole = read(address, headers={name: value, "If-None-Match": plain["ETag"]})
                if answer.status_code == 304:
                    answer, whole = read(address, headers={name: value})
                    assert whole == body, (address, name, value)
                elif (answer.status_code, whole) != (200, body):
                    assert name in plain["Vary"].split(", "), (address, name, value)
                assert answer["Vary"] == plain["Vary"]
        answer, same = read(address, headers=PRIVATE, REMOTE_ADDR="192.0.2.8")
        assert (answer["ETag"], same) == (plain["ETag"], body), address


def test_reference_says_of_every_public_route_what_its_tag_depends_on():
    table = (ROOT / "docs/reference/caching.md").read_text().partition("## Each answer")[2].partition("## Behind")[0]
    listed = {name for line in table.splitlines() for name in re.findall(r"`([\w.-]+)`", line.partition(" | ")[0])}
    assert PUBLIC.keys() - listed == set()

"""Whole requests that are almost right, to every address, and those that once failed."""

import os
import sys
from random import Random

import pytest

from tests.fuzz import running, surface
from tests.fuzz.population import populate

SEED = 20261125
#: `make fuzz` asks more.
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "100"))


@pytest.fixture
def judge(db, settings):
    settings.RATES = dict.fromkeys(settings.RATES, 1_000_000)
    return surface.Judge(populate())


def test_no_request_is_an_accident(judge):
    seen = set()
    for number in range(REQUESTS):
        content = surface.make(Random(f"{SEED} {number}"))
        with running.limited():
            try:
                seen.add(judge(content, Random(number)))
            except AssertionError as error:
                raise AssertionError(f"{SEED} {number}: {error}: {content[:2000]!r}") from error
    assert {"200", "400", "401", "403", "404", "405", "406", "422"} <= seen


def ask(judge, method, path, role="nobody", body=b"", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return judge.ask(surface.Asking(method, path, role, headers, body))


DAYS = "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-30"


EXTREMES = [
    (f"{DAYS}&country={','.join(['NO', 'SE'] * 5000)}", 200),
    (f"{DAYS}&country={','.join(str(number) for number in range(10_000))}", 422),
    (f"{DAYS}&" + "&".join(f"p{number}=1" for number in range(2000)), 400),
    (f"{DAYS}&country=NO&country=NO", 400),
    (f"{DAYS}&as_of=0001-01-01T00:00:00Z", 200),
    (f"{DAYS}&as_of=9999-12-31T23:59:59.999999Z", 422),
    (f"{DAYS}&cursor=%00", 400),
    (DAYS.replace("2026-11-01", "0001-01-01").replace("2026-11-30", "9999-12-31"), 200),
    (DAYS.replace("2026-11-01", "2026-11"), 422),
    (DAYS.replace("2026-11-01", "%EF%BC%92%EF%BC%90%EF%BC%92%EF%BC%96-11-01"), 422),
    (DAYS.replace("2026-11-01", "+2026-11-01"), 422),
    (DAYS.replace("frequency=D", "frequency=A").replace("2026-11-01", "0001").replace("2026-11-30", "9999"), 200),
    (DAYS.replace("DOWNLOADS", "%00"), 422),
    ("/api/v1/annotations/?agency=%00", 422),
    ("/api/v1/annotations/?start=9999-12-31&end=9999-12-31", 200),
    ("/?indicator=%00", 200),
    ("/countries/no/?as_of=0001-01-01T00:00:00Z", 200),
    ("/countries/no/?as_of=0001-01-01", 200),
    ("/countries/no/?start=9999-12-31&end=9999-12-31", 200),
    ("/countries/no/?start=0001-01-01&end=0001-01-01", 200),
    ("/countries/no/?frequency=M&as_of=0001-01-31", 200),
    ("/countries/no/chart.svg?frequency=M&as_of=0001-01-01&end=2026-10", 200),
    ("/?window=day&day=0001-01-01", 200),
    ("/?window=day&day=9999-12-31", 200),
]
EXTREMES_OF_AN_AGENCY = [
    ("/api/v1/figures/?indicator=%00&frequency=D&start=2026-11-01&end=2026-11-02", 422),
    ("/api/v1/figures/?indicator=DOWNLOADS&frequency=D&start=0001-01-01&end=9999-12-31", 200),
    ("/api/v1/findings/?indicator=%00", 422),
    ("/api/v1/findings/99999999999999999999999999/", 404),
    ("/api/v1/submissions/?since=9999-12-31T23:59:59.999999Z&before=0001-01-01T00:00:00Z", 200),
]


def test_extremes(judge):
    answered = {path: ask(judge, "GET", path).status_code for path, _ in EXTREMES}
    assert answered == dict(EXTREMES)


def test_extremes_of_an_agency(judge):
    answered = {path: ask(judge, "GET", path, "agency").status_code for path, _ in EXTREMES_OF_AN_AGENCY}
    assert answered == dict(EXTREMES_OF_AN_AGENCY)


#: Parameters that Python cannot read. From 3.13 on, it can read the second.
UNREADABLE = ["charset*=no-such'en'%41", *(["q*;q*1*=x"] if sys.version_info < (3, 13) else [])]


@pytest.mark.parametrize("parameters", UNREADABLE)
def test_content_type_that_cannot_be_read_is_of_no_type(judge, parameters):
    odd = {"Content_Type": f"application/json; {parameters}"}
    assert ask(judge, "POST", "/api/v1/submissions/", "agency", b"{}", **odd).status_code == 415
    assert ask(judge, "GET", "/api/v1/networks/", **odd).status_code == 200


@pytest.mark.parametrize("parameters", UNREADABLE)
def test_accept_that_cannot_be_read_fits_nothing(judge, parameters):
    for path in ("/api/v1/networks/", "/api/v1/submissions/", "/healthz"):
        assert ask(judge, "GET", path, "agency", Accept=f"*/*; {parameters}").status_code == 406
    assert ask(judge, "GET", "/", Accept=f"text/html; {parameters}").status_code == 200

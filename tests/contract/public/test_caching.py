"""Caching: an ETag depends on the answer's state; 304 and HEAD; every cache may keep public answers."""

import gzip
import json
import sys

import pytest

from api import caching
from countries import reference
from federation import published
from tests.contract.public.press import NOBODY
from tests.factories import IndicatorFactory

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PUBLIC = [
    "aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-30",
    "aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-30&format=csv",
    "aggregates/live/",
    "aggregates/windows/?indicator=DOWNLOADS&window=P7D",
    "coverage/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-30",
    "countries/",
    "networks/",
    "indicators/",
    "agencies/",
    "effects/",
    "audit/head/",
    "help-services/",
    "webhook-keys/",
]


@pytest.fixture
def clock(monkeypatch):
    """The process's clock, to be moved on by hand."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(caching, "monotonic", lambda: Clock.now)
    return Clock


@pytest.fixture
def no_cells(monkeypatch):
    """From now on, reading cells or coverage fails."""

    def forbid():
        for name in ("read", "standings", "window"):
            monkeypatch.setattr(published, name, None)

    return forbid


@pytest.mark.parametrize("path", PUBLIC)
def test_public_answers_may_be_kept_and_read_by_anyone(press, client, path):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200
    assert answer["ETag"].startswith('W/"')
    assert answer["Cache-Control"].startswith("public, max-age=")
    assert {"Accept", "Accept-Encoding"} <= set(answer["Vary"].split(", "))
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize("path", PUBLIC)
def test_etag_is_answered_with_304(press, client, path):
    answer = client.get(f"/api/v1/{path}")
    again = client.get(f"/api/v1/{path}", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin"):
        assert again[name] == answer[name]
    # A cache that keeps the answer would take another type for the type of the answer.
    assert "Content-Type" not in again


@pytest.mark.parametrize("path", PUBLIC)
def test_head_says_what_get_would(press, client, path):
    answer = client.get(f"/api/v1/{path}")
    head = client.head(f"/api/v1/{path}")
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(answer.headers)


@pytest.mark.parametrize("path", PUBLIC)
def test_other_origins_may_ask_first(press, client, path):
    answer = client.options(f"/api/v1/{path}", headers={"origin": "https://example.org"})
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "GET" in answer["Access-Control-Allow-Methods"]
    assert "If-None-Match" in answer["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("form", ["{0}", '"x", {0}', '{0}, W/"y"', "*", '"{1}"', " {0}"])
def test_if_none_match_is_read_as_a_list(press, read, form):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    etag = read()["ETag"]
    wanted = form.format(etag, etag.removeprefix('W/"').removesuffix('"'))
    assert read(headers={"if-none-match": wanted}).status_code == 304


@pytest.mark.parametrize("wanted", ['"x"', 'W/"0.0.json1"', "nonsense", "", '"*"'])
def test_if_none_match_of_something_else_gets_the_answer(press, read, wanted):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert read(headers={"if-none-match": wanted}).status_code == 200


def test_304_touches_no_cells_even_where_nothing_is_held(press, read, no_cells):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    etag, coverage_etag = read()["ETag"], read("coverage")["ETag"]
    caching.response_cache.clear()
    no_cells()
    assert read(headers={"if-none-match": etag}).status_code == 304
    assert read("coverage", headers={"if-none-match": coverage_etag}).status_code == 304


def test_cached_answer_needs_no_query_for_200_ms(press, read, clock, django_assert_num_queries, no_cells):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    first = read()
    no_cells()
    clock.now += 0.199
    with django_assert_num_queries(0):
        assert read().content == first.content


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("method", ["get", "head"])
def test_cached_answer_equals_the_first_one(press, client, clock, path, method):
    first, again = (getattr(client, method)(f"/api/v1/{path}") for _ in range(2))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert dict(again.headers) == dict(first.headers)


def test_held_answer_needs_no_view(press, read, clock, monkeypatch):
    from api.v1.aggregates import AggregatesView

    press.publish("D", {"2026-11-01": {"NO": 5}})
    first = read()
    monkeypatch.setattr(AggregatesView, "dispatch", None)
    assert read().content == first.content
    assert read(headers={"if-none-match": first["ETag"]}).status_code == 304


def test_held_answer_is_refused_to_those_who_take_another_form(press, read, clock):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert read("coverage").status_code == 200
    assert read("coverage", headers={"accept": "text/csv"}).status_code == 406


def test_answer_is_new_once_200_ms_have_passed(press, read, clock):
    press.publish("D", {"2026-11-01": {"EUROPE": 5}})
    first = read()
    press.publish("D", {"2026-11-01": {"EUROPE": 10}})
    assert read()["ETag"] == first["ETag"]
    clock.now += 0.201
    second = read(headers={"if-none-match": first["ETag"]})
    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]
    assert second.json()["observations"][0]["value"] == 10


def test_held_answer_that_is_still_true_is_kept(press, read, clock, no_cells):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    first = read()
    press.publish("D", {"2026-12-01": {"NO": 5}})
    no_cells()
    clock.now += 1
    assert read().content == first.content


def test_etag_is_the_version_of_the_periods_asked_for(press, read, clock):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    etag = read()["ETag"]
    clock.now += 1
    press.publish("D", {"2026-10-31": {"NO": 5}, "2026-12-01": {"NO": 5}})
    press.publish("W", {"2026-W44": {"NO": 5}})
    assert read()["ETag"] == etag
    clock.now += 1
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    assert read()["ETag"] != etag


def test_etag_follows_reference_data(press, read, clock):
    from countries import registry
    from countries.models import Indicator

    press.publish("D", {"2026-11-01": {"NO": 5}})
    etag = read()["ETag"]
    clock.now += 1
    indicator = Indicator.objects.get()
    indicator.notes = ["Another note."]
    registry.save(indicator, by="a test")
    answer = read(headers={"if-none-match": etag})
    assert answer.status_code == 200
    assert answer["ETag"] != etag
    assert answer.json()["meta"]["notes"] == ["Another note."]


def test_forms_have_their_own_etags(press, read):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert len({read()["ETag"], read(format="csv")["ETag"], read("coverage")["ETag"]}) == 3


def test_forms_are_cached_separately(press, read):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert read(headers={"accept": "text/csv"})["Content-Type"].startswith("text/csv")
    assert read()["Content-Type"] == "application/json"


def test_hosts_are_cached_separately(press, client, settings, monkeypatch):
    from api.v1 import aggregates

    settings.ALLOWED_HOSTS = ["a.example", "b.example"]
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    press.publish("D", {"2026-11-01": {"EUROPE": 5}, "2026-11-02": {"EUROPE": 5}})
    for host in ("a.example", "b.example"):
        answer = client.get(f"/api/v1/{PUBLIC[0]}", headers={"host": host})
        assert answer.json()["next"].startswith(f"http://{host}/")


def test_long_bodies_are_packed_for_those_who_take_it(press, read):
    press.publish("D", {f"2026-11-{day:02}": {"EUROPE": 5} for day in range(1, 31)})
    plain, packed = read(), read(headers={"accept-encoding": "gzip, deflate, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert packed["ETag"] == plain["ETag"]
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 4
    assert gzip.decompress(packed.content) == plain.content
    assert read(headers={"accept-encoding": "gzip"}).content == packed.content


def test_zstd_is_taken_before_gzip(press, read):
    press.publish("D", {f"2026-11-{day:02}": {"EUROPE": 5} for day in range(1, 31)})
    plain, packed = read(), read(headers={"accept-encoding": "gzip, zstd"})
    assert packed["Content-Encoding"] == "zstd"
    assert zstd.decompress(packed.content) == plain.content
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 4
    # Each is held by itself.
    assert read(headers={"accept-encoding": "gzip, zstd;q=0"})["Content-Encoding"] == "gzip"
    assert read(headers={"accept-encoding": "zstd"}).content == packed.content


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0, br", "x-gzip-like", "zstd;q=0", "x-zstd"])
def test_those_who_do_not_take_gzip_get_none(press, read, accepted):
    press.publish("D", {f"2026-11-{day:02}": {"EUROPE": 5} for day in range(1, 31)})
    assert "Content-Encoding" not in read(headers={"accept-encoding": accepted})


def test_streams_are_packed_too(press, read, monkeypatch):
    from api.v1 import aggregates

    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    press.publish("D", {f"2026-11-{day:02}": {"EUROPE": 5} for day in range(1, 5)})
    plain = read(format="csv").getvalue()
    packed = read(format="csv", headers={"accept-encoding": "gzip"})
    assert packed.streaming
    assert gzip.decompress(packed.getvalue()) == plain
    assert zstd.decompress(read(format="csv", headers={"accept-encoding": "zstd"}).getvalue()) == plain
    head = read(format="csv", method="head")
    assert (head.status_code, head.getvalue(), head["Content-Type"]) == (200, b"", packed["Content-Type"])
    assert "Content-Length" not in head


def test_refusal_is_not_held(press, read):
    assert read(indicator="NEW").status_code == 422
    IndicatorFactory.create(number=2, code="NEW")
    reference.snapshots.clear()
    assert read(indicator="NEW").status_code == 200


def test_mistake_of_ours_is_a_problem_with_an_id(press, client, monkeypatch):
    monkeypatch.setattr(published, "read", None)
    client.raise_request_exception = False
    answer = client.get(f"/api/v1/{PUBLIC[0]}")
    assert answer.status_code == 500
    assert json.loads(answer.content)["code"] == "internal_error"

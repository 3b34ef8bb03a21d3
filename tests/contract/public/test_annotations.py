"""Annotations and breaks: at their own address, and beside the numbers that they are about."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from api import caching
from countries import registry
from countries.reference import Reference
from tests.contract.public.press import NOBODY
from tests.factories import AgencyFactory, AnnotationFactory, IndicatorFactory, InterventionFactory


def on(day, hour=0, month=11):
    return datetime(2026, month, day, hour, tzinfo=UTC)


def texts(answer):
    assert answer.status_code == 200, answer.content
    return [row["text"] for row in answer.json()["annotations"]]


@pytest.fixture
def several(press):
    kripos, noa = AgencyFactory.create(), AgencyFactory.create(code="SE-NOA")
    visits = IndicatorFactory.create(code="HELP_VISITS", number=2)
    AnnotationFactory.create(text="for all", start=on(12))
    AnnotationFactory.create(text="kripos", start=on(10), agency=kripos)
    AnnotationFactory.create(text="noa's visits", start=on(11), agency=noa, indicator=visits)


def test_annotation_has_the_documented_shape(press, read):
    AnnotationFactory.create(
        agency=AgencyFactory.create(), indicator=IndicatorFactory.create(), start=on(12, 8), end=on(13), is_break=True
    )
    listed = [
        {
            "kind": "change",
            "text": "The database of addresses was replaced.",
            "start": "2026-11-12T08:00:00.000Z",
            "end": "2026-11-13T00:00:00.000Z",
            "agency": "NO-KRIPOS",
            "indicator": "DOWNLOADS",
            "break": True,
        }
    ]
    assert read("annotations").json() == {"meta": {"version": 0}, "annotations": listed}
    assert read("aggregates").json()["annotations"] == listed


def test_what_holds_for_all_is_null_and_an_open_end_too(press, read):
    AnnotationFactory.create(start=on(12))
    (row,) = read("annotations").json()["annotations"]
    assert (row["agency"], row["indicator"], row["end"], row["break"]) == (None, None, None, False)


def test_registered_intervention_is_an_annotation_until_its_weeks_end(press, read):
    AgencyFactory.create()
    IndicatorFactory.create(code="HELP_VISITS", number=2)
    InterventionFactory.create(
        title="More files", countries=["NO", "SE"], start=date(2026, 11, 9), weeks_after=4, registered=on(8)
    )
    listed = [
        {
            "kind": "intervention",
            "text": "More files (NO, SE)",
            "start": "2026-11-09T00:00:00.000Z",
            "end": "2026-12-07T00:00:00.000Z",
            "agency": None,
            "indicator": "DOWNLOADS",
            "break": False,
        }
    ]
    assert read("annotations").json()["annotations"] == listed
    for day, found in (("2026-11-08", []), ("2026-11-09", listed), ("2026-12-06", listed), ("2026-12-07", [])):
        days = {"start": day, "end": day}
        assert read("aggregates", **days).json()["annotations"] == found, day
        assert read("annotations", **days, agency="NO-KRIPOS").json()["annotations"] == found, day
        assert read("annotations", **days, indicator="HELP_VISITS").json()["annotations"] == [], day


def test_interventions_and_annotations_are_in_one_order(press, read):
    InterventionFactory.create(title="Second", start=date(2026, 11, 9))
    AnnotationFactory.create(text="Third", start=on(9, 1))
    AnnotationFactory.create(text="First", start=on(8))
    assert texts(read("annotations")) == ["First", "Second (NO)", "Third"]


@pytest.mark.parametrize(("seconds", "kind"), [(-1, "intervention"), (0, "late_intervention")])
def test_kind_tells_whether_an_intervention_was_registered_before_its_start(press, read, seconds, kind):
    InterventionFactory.create(start=date(2026, 11, 9), registered=on(9) + timedelta(seconds=seconds))
    assert [row["kind"] for row in read("annotations").json()["annotations"]] == [kind]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ["kripos", "noa's visits", "for all"]),
        ({"agency": "NO-KRIPOS"}, ["kripos", "for all"]),
        ({"agency": "SE-NOA"}, ["noa's visits", "for all"]),
        ({"indicator": "DOWNLOADS"}, ["kripos", "for all"]),
        ({"agency": "NO-KRIPOS", "indicator": "HELP_VISITS"}, ["kripos", "for all"]),
        ({"start": "2026-11-11"}, ["noa's visits", "for all"]),
        ({"end": "2026-11-11"}, ["kripos", "noa's visits"]),
        ({"start": "2026-11-11", "end": "2026-11-11"}, ["noa's visits"]),
        ({"start": "2027-01-01"}, []),
        # The examples of the reference also find what is newer than they are.
        ({"indicator": "DOWNLOADS", "start": "2026-01-01"}, ["kripos", "for all"]),
    ],
)
def test_annotations_are_found_by_agency_indicator_and_days(several, read, given, found):
    assert texts(read("annotations", **given)) == found


@pytest.mark.parametrize(
    ("columns", "in_november"),
    [
        ({"start": on(1)}, True),
        ({"start": on(30, 23)}, True),
        ({"start": on(1, month=12)}, False),
        ({"start": on(31, 23, month=10)}, False),
        ({"start": on(1, month=10), "end": on(31, 23, month=10)}, False),
        ({"start": on(1, month=10), "end": on(1)}, False),
        ({"start": on(1, month=10), "end": on(1, 1)}, True),
        ({"start": on(1), "end": on(1)}, True),
        ({"start": on(1, month=10), "end": on(1, month=12)}, True),
        ({"start": on(1, month=10), "kind": "campaign"}, True),
        ({"start": on(1, month=10), "kind": "outage"}, True),
        ({"start": on(1, month=10), "kind": "other"}, False),
    ],
)
def test_aggregates_have_what_lies_in_the_range(press, read, columns, in_november):
    AnnotationFactory.create(**columns)
    days = {"start": "2026-11-01", "end": "2026-11-30"}
    for answer in (read("aggregates"), read("annotations", **days)):
        assert bool(texts(answer)) is in_november
    month = {"frequency": "M", "start": "2026-11", "end": "2026-11"}
    assert bool(texts(read("aggregates", **month))) is in_november


def test_aggregates_have_what_holds_for_the_indicator(several, read):
    assert texts(read("aggregates")) == ["kripos", "for all"]
    assert texts(read("aggregates", indicator="HELP_VISITS")) == ["kripos", "noa's visits", "for all"]


def test_every_page_has_the_annotations_of_the_whole_range(press, read, monkeypatch):
    from api.v1 import aggregates

    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    press.publish("D", {"2026-11-01": {"EUROPE": 5}, "2026-11-20": {"EUROPE": 5}})
    AnnotationFactory.create(start=on(20))
    first = read("aggregates")
    second = read("aggregates", cursor=first.json()["next"].split("cursor=")[1])
    assert texts(first) == texts(second) != []
    assert second.json()["coverage"][0]["period"] == "2026-11-20"


def test_last_year_of_the_calendar_has_an_end(press, read):
    AnnotationFactory.create(kind="outage")
    assert texts(read("aggregates", frequency="A", start="9999", end="9999"))
    assert texts(read("annotations", start="9999-12-31", end="9999-12-31"))


def test_live_minutes_have_them_too(press, read):
    AnnotationFactory.create(kind="outage", text="still away")
    assert texts(read("aggregates/live")) == ["still away"]


def test_csv_has_none(press, read):
    press.publish("D", {"2026-11-12": {"EUROPE": 5}}, NOBODY)
    before = read("aggregates", format="csv").content
    AnnotationFactory.create(start=on(12))
    caching.response_cache.clear()
    assert read("aggregates", format="csv").content == before


@pytest.mark.parametrize("path", ["annotations", "aggregates"])
def test_new_annotation_makes_a_new_etag(press, read, path, monkeypatch):
    moments = itertools.count(step=10)
    monkeypatch.setattr(caching, "monotonic", lambda: next(moments))
    first = read(path)
    annotation = registry.save(AnnotationFactory.build(start=on(12)), by="a test")
    second = read(path, headers={"if-none-match": first["ETag"]})
    assert (second.status_code, len(texts(second))) == (200, 1)

    registry.delete(annotation, by="a test")
    third = read(path, headers={"if-none-match": second["ETag"]})
    assert (third.status_code, texts(third)) == (200, [])
    assert read(path, headers={"if-none-match": third["ETag"]}).status_code == 304


def test_many_questions_share_one_snapshot(press, read):
    AnnotationFactory.create(start=on(12))
    loaded = Reference.current()
    for day in ("01", "02", "03"):
        assert texts(read("aggregates", start=f"2026-11-{day}"))
    assert Reference.current() is loaded


def test_annotations_can_be_read_from_anywhere_and_kept_for_a_while(press, read):
    answer = read("annotations")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == caching.REFERENCE
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("given", "code", "parameter"),
    [
        ({"indicator": "UPLOADS"}, "unknown_indicator", "indicator"),
        ({"agency": "XX-NOBODY"}, "unknown_agency", "agency"),
        ({"start": "2026-11"}, "bad_period", "start"),
        ({"end": "2026-11-24T10:00"}, "bad_period", "end"),
        ({"start": "2026-11-02", "end": "2026-11-01"}, "end_before_start", "end"),
        ({"kind": "outage"}, "unknown_parameter", None),
    ],
)
def test_odd_questions_are_refused(press, read, given, code, parameter):
    answer = read("annotations", **given)
    assert (answer.json()["code"], answer.json().get("parameter")) == (code, parameter)

"""What a file becomes is what the federation would read in it, in pieces within limits, the same each time."""

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from p2p_agency import bodies, files, reference
from p2p_agency.errors import RefusedError
from p2p_core import instants
from p2p_core.payloads import submissions
from p2p_core.payloads.faults import PayloadError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE,OBS_STATUS,ACTION"
CSV = f"""{HEAD}
DOWNLOADS,H,2026-11-24T09:00,NO,BITTORRENT,17,P,
DOWNLOADS,H,2026-11-24T09:00,_U,EDONKEY,3,P,
HELP_VISITS,D,2026-11-23,SE,_U,5,A,
DOWNLOADS,H,2026-11-24T07:00,_T,_T,0,A,
DOWNLOADS,M,2026-10,,,,,D
"""


def now():
    return datetime.now(UTC)


@pytest.fixture
def file(tmp_path):
    def write(text, name="report.csv", saved=NOW):
        path = tmp_path / name
        path.write_text(text)
        os.utime(path, (saved.timestamp(), saved.timestamp()))
        return path

    return write


def read(body, given, media="json"):
    known = files.context_of(reference.load(given), "NO-KRIPOS")
    found = submissions.read(body, media, received=datetime.now(UTC), indicators=known.indicators, agency=known.agency)
    return {(one.indicator, one.frequency, one.period): one.digest() for one in found.reports}


def test_bodies_say_what_the_file_says(file, given):
    made = list(bodies.of_file(file(CSV), given, now))
    assert [json.loads(body)["indicator"] for body in made] == ["DOWNLOADS", "HELP_VISITS"]
    assert {json.loads(body)["prepared"] for body in made} == {"2026-11-24T12:00:00.000Z"}
    told = read(made[0], given) | read(made[1], given)
    assert told == read(CSV.encode(), given, "csv")
    assert len(told) == 4


def test_file_gives_the_same_bodies_until_it_is_saved_again(file, given):
    first = list(bodies.of_file(file(CSV), given, now))
    assert list(bodies.of_file(file(CSV), given, now)) == first
    assert list(bodies.of_file(file(CSV, saved=NOW.replace(minute=1)), given, now)) != first
    again = json.loads(next(bodies.of_files([file(CSV)], given, lambda: NOW.replace(minute=2), again=True).bodies))
    assert again["prepared"] == "2026-11-24T12:02:00.000Z"


def test_json_keeps_its_own_time(file, given):
    text = next(bodies.of_file(file(CSV), given, now)).decode().replace("12:00:00.000Z", "11:00:00.000Z")
    [body] = bodies.of_file(file(text, "report.json"), given, now)
    assert body.decode() == text


def test_json_of_an_editor_that_marks_its_encoding_is_read(file, given):
    text = next(bodies.of_file(file(CSV), given, now)).decode()
    [body] = bodies.of_file(file(f"\ufeff{text}", "report.json"), given, now)
    assert body.decode() == text


def test_json_keeps_a_time_that_the_clock_has_not_reached(file, given):
    """The federation allows some minutes, and the same file must be the same submission later."""
    ahead = instants.write(datetime.now(UTC) + timedelta(seconds=90))
    text = next(bodies.of_file(file(CSV), given, now)).decode().replace("2026-11-24T12:00:00.000Z", ahead)
    [body] = bodies.of_file(file(text, "report.json"), given, now)
    assert body.decode() == text


@pytest.mark.parametrize("saved", [NOW + timedelta(minutes=6), datetime(9999, 12, 31, 23, tzinfo=UTC)])
def test_file_from_the_future_says_what_to_do(file, given, saved):
    """By the clock of the federation: that of the machine may be wrong."""
    said = r"last saved in the future: on .* UTC\. Now it is 2026-11-24, 12:00 UTC\. .* and save it again"
    path = file(CSV, saved=saved)
    with pytest.raises(RefusedError, match=said):
        bodies.of_file(path, given, lambda: NOW)
    with pytest.raises(RefusedError, match=said):
        bodies.of_files([path], given, lambda: NOW)
    [first, _] = bodies.of_files([path], given, lambda: NOW, again=True).bodies
    assert json.loads(first)["prepared"] == "2026-11-24T12:00:00.000Z"


def test_file_from_minutes_that_the_federation_allows_is_always_the_same(file, given):
    saved = NOW + timedelta(minutes=4)
    first = list(bodies.of_file(file(CSV, saved=saved), given, lambda: NOW))
    assert list(bodies.of_file(file(CSV, saved=saved), given, lambda: NOW + timedelta(hours=1))) == first
    assert json.loads(first[0])["prepared"] == "2026-11-24T12:04:00.000Z"


def test_history_is_cut_into_pieces_in_order_of_time(file, given, monkeypatch):
    monkeypatch.setattr(bodies, "_OBSERVATIONS", 5)
    monkeypatch.setattr(bodies, "_REPORTS", 3)
    hours = [f"DOWNLOADS,H,2026-11-{day:02}T09:00,{country},ARES,7,A," for day in range(20, 0, -1)
             for country in ("NO", "SE", "DE")[: 1 + day % 3]]  # fmt: skip
    text = "\n".join([HEAD, *hours])
    made = list(bodies.of_file(file(text), given, now))
    pieces = [[report["period"] for report in json.loads(body)["reports"]] for body in made]
    assert [*chain(*pieces)] == [f"2026-11-{day:02}T09:00" for day in range(1, 21)]
    assert max(map(len, pieces)) <= 3
    assert all(len(one) > 1 for one in pieces[:-1])
    told = {key: value for body in made for key, value in read(body, given).items()}
    assert told == read(text.encode(), given, "csv")


def test_faults_and_other_files_are_refused(file, given):
    with pytest.raises(PayloadError) as refused:
        list(bodies.of_file(file(CSV.replace("17", "-1")), given, now))
    assert [fault[:2] for fault in refused.value.faults] == [("/rows/0/OBS_VALUE", "negative_value")]
    with pytest.raises(RefusedError, match=r"ends with .xlsx, .ods, .csv, .json"):
        list(bodies.of_file(file("", "report.doc"), given, now))

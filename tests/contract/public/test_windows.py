"""The sliding windows."""

from datetime import UTC, datetime

import pytest

from tests.contract.public.press import Covered
from tests.factories import CountryFactory, PopulationFactory

START, END = datetime(2025, 12, 25, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
PARTLY = Covered(expected=3, reporting=2, covered=1, owed=2, status="P")


def test_window_has_the_documented_shape(press, read):
    country = CountryFactory.create()
    PopulationFactory.create(country=country, year=2025, inhabitants=1_000_000)
    PopulationFactory.create(country=country, year=2026, inhabitants=2_000_000)
    version = press.slide("P7D", START, END, {"SE": 5, "NO": 10, "EUROPE": 20}, PARTLY)
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P7D").json()
    known_at = answer["meta"].pop("known_at")
    assert known_at == press.known_at(version).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    row = {"network": "_T", "status": "P"}
    assert answer == {
        "meta": {
            "indicator": "DOWNLOADS",
            "window": "P7D",
            "start": "2025-12-25T00:00:00.000Z",
            "end": "2026-01-01T00:00:00.000Z",
            "version": version,
            "rounding_base": 5,
            "notes": ["A download is not a person and not an offence."],
        },
        "coverage": {"agencies_expected": 3, "agencies_reporting": 2, "time_coverage": 0.5, "status": "P"},
        "observations": [
            {"country": "EUROPE", "value": 20, "per_100k": 2.0} | row,
            {"country": "NO", "value": 10, "per_100k": 1.0} | row,
            {"country": "SE", "value": 5, "per_100k": None} | row,
        ],
    }


@pytest.mark.parametrize(("country", "shown"), [("*", {"NO"}), ("EUROPE", {"EUROPE"}), ("NO,FI", {"NO"})])
def test_window_takes_countries(press, read, country, shown):
    press.slide("P1D", START, END, {"NO": 10, "EUROPE": 20}, PARTLY)
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P1D", country=country).json()
    assert {row["country"] for row in answer["observations"]} == shown


def test_window_that_is_not_there_yet_is_empty(press, read):
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P365D").json()
    assert (answer["meta"]["version"], answer["coverage"], answer["observations"]) == (None, None, [])


def test_window_hangs_on_its_version_and_its_end(press, read, monkeypatch):
    from api import caching

    etags = []
    for version_of_window in range(2):
        press.slide("P7D", START, END, {"NO": 10 + version_of_window}, PARTLY)
        monkeypatch.setattr(caching, "monotonic", lambda at=version_of_window: at)
        etags.append(read("aggregates/windows", indicator="DOWNLOADS", window="P7D")["ETag"])
    assert etags[0] != etags[1]
    assert all(f".{int(END.timestamp())}." in etag for etag in etags)

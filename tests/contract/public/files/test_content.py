"""The files of all data are equal to the API cell for cell, and say what they show."""

import csv
import hashlib
import io
import json
import lzma
from datetime import datetime
from urllib.parse import urljoin

from pyarrow import parquet

from api.formats import csv_table
from federation.audit import chain
from federation.database.rights import WORKER
from federation.files import columns, writing
from tests.acting import acting_as
from tests.contract.public.press import z
from tests.factories import AgencyFactory

NAMES = ("INDICATOR_NAME", "COUNTRY_NAME", "NETWORK_NAME")
NUMBERS = {column.name for column in columns.COLUMNS if column.type in ("integer", "number")}


def rows_of(file):
    """The rows of a CSV file by period, country and network."""
    return {(row["TIME_PERIOD"], row["COUNTRY"], row["NETWORK"]): row for row in csv.DictReader(io.StringIO(file))}


def of_api(read, file):
    """What the API answers for all series of a file, as the public saw it at the file's version."""
    given = {"frequency": file["frequency"], "start": file["start"], "end": file["end"], "as_of": file["known_at"]}
    networks = ("_T",) if file["frequency"] == "H" else ("_T", "*")
    found = {}
    for country in ("*", "_T", "EUROPE"):
        for network in networks:
            answer = read(format="csv", country=country, network=network, **given)
            if answer.status_code == 422:
                # Withheld in the whole range. The file must not have it either.
                assert answer.json()["code"] == "detail_not_published"
                continue
            found |= rows_of(answer.getvalue().decode())
    return found


def as_numbers(row):
    """A row with numbers in place of their texts, because a file may write 1 where the API writes 1.0."""
    return {name: float(value) if value and name in NUMBERS else value for name, value in row.items()}


def as_text(value):
    if isinstance(value, datetime):
        return z(value)
    if value is None:
        return ""
    return "true" if value is True else str(value)


def test_files_are_equal_to_the_api_cell_for_cell(published, read, fetch):
    with acting_as(WORKER):
        writing.write()
    listed = json.loads(fetch("manifest.json").body)
    assert {file["address"] for file in listed["files"]} == {
        f"DOWNLOADS-{part}.{suffix}"
        for part in ("H-2025", "H-2026", "D", "W", "M", "A")
        for suffix in ("parquet", "csv.xz")
    }
    for file in listed["files"]:
        # Relative to the address of the manifest.
        assert urljoin("/files/manifest.json", file["address"]) == f"/files/{file['address']}"
        answer = fetch(file["address"])
        content = answer.body
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, file["media_type"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
        if file["name"].endswith(".parquet"):
            table = parquet.read_table(io.BytesIO(content))
            found = {
                (row["TIME_PERIOD"], row["COUNTRY"], row["NETWORK"]): {name: as_text(row[name]) for name in row}
                for row in table.to_pylist()
            }
            assert table.num_rows == file["rows"]
        else:
            found = rows_of(lzma.decompress(content).decode())
        assert len(found) == file["rows"]
        expected = of_api(read, file)
        assert found.keys() == expected.keys()
        for place, row in expected.items():
            codes_only = {name: value for name, value in found[place].items() if name not in NAMES}
            assert as_numbers(codes_only) == as_numbers(row), place


def test_missing_is_never_zero(published, fetch):
    writing.write()
    days = rows_of(lzma.decompress(fetch("DOWNLOADS-D.csv.xz").body).decode())
    found = {place: (row["OBS_VALUE"], row["OBS_STATUS"]) for place, row in days.items()}
    assert found["2026-10-30", "LI", "_T"] == ("", "Q")
    assert found["2026-10-31", "NO", "_T"] == ("0", "A")
    assert found["2026-11-01", "LI", "_T"] == ("5", "P")
    assert found["2026-11-02", "NO", "_T"] == ("", "O")
    assert found["2026-11-03", "NO", "_T"] == ("", "O")
    assert days["2026-11-03", "NO", "_T"]["AWAITED_UNTIL"] == "2026-11-04T21:00:00.000Z"
    assert days["2026-11-04", "NO", "_T"]["COUNTED_FROM"] == "2026-11-04T06:00:00.000Z"
    table = parquet.read_table(io.BytesIO(fetch("DOWNLOADS-D.parquet").body))
    assert table["OBS_VALUE"].null_count == sum(value == "" for value, _ in found.values())


def test_files_have_names_and_say_what_they_are(published, fetch):
    writing.write()
    file = parquet.ParquetFile(io.BytesIO(fetch("DOWNLOADS-D.parquet").body))
    rows = file.read().to_pylist()
    assert {(row["COUNTRY"], row["COUNTRY_NAME"]) for row in rows} >= {("NO", "Norway"), ("EUROPE", "Europe")}
    assert {row["NETWORK_NAME"] for row in rows} == {"All networks", "Ares"}
    facts = {name.decode(): value.decode() for name, value in file.schema_arrow.metadata.items()}
    assert (facts["rounding_base"], facts["licence"]) == ("5", "https://creativecommons.org/licenses/by/4.0/")


def test_manifest_says_what_the_files_show(published, fetch):
    head = chain.head()
    writing.write()
    found = json.loads(fetch("manifest.json").body)
    assert (found["version"], found["rounding_base"], found["invented"]) == (10, 5, False)
    assert any("off by less than 5" in note and "do not add up days" in note for note in found["notes"])
    assert found["audit_head"] == {"position": head.position, "digest": head.digest.hex()}
    assert [column["name"] for column in found["columns"]] == [column.name for column in columns.COLUMNS]
    days = next(file for file in found["files"] if file["address"] == "DOWNLOADS-D.parquet")
    # The population of Norway changed last.
    assert found["known_at"] == days["known_at"] > z(published.known_at(10))
    assert "LI" in days["withheld"][0]["countries"]
    weeks = next(file for file in found["files"] if file["address"] == "DOWNLOADS-W.parquet")
    assert (weeks["version"], weeks["start"], weeks["end"]) == (7, "2026-W43", "2026-W44")


def test_columns_are_those_of_the_api_with_names(press, folder):
    listed = [column.name for column in columns.COLUMNS]
    assert sorted(name for name in listed if name not in NAMES) == sorted(csv_table.COLUMNS)
    # The columns that name the series come first.
    assert listed.index("TIME_PERIOD") + 1 == listed.index("OBS_VALUE")


def test_invented_numbers_say_so(published, fetch):
    AgencyFactory.create(invented=True)
    writing.write()
    assert json.loads(fetch("manifest.json").body)["invented"] is True
    assert {
        row["INVENTED"] for row in rows_of(lzma.decompress(fetch("DOWNLOADS-A.csv.xz").body).decode()).values()
    } == {"true"}

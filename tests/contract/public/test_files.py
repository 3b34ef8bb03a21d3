"""The files of all data: equal to the API cell for cell, complete at every moment, and kept for readers meanwhile."""

import csv
import errno
import hashlib
import io
import json
import lzma
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import connection
from pyarrow import parquet

from api import caching
from api.formats import csv_table
from countries.models import Population
from federation.audit import chain
from federation.database.rights import WORKER
from federation.files import columns, manifest, storage, writing
from federation.files.storage import Folder
from federation.runs import daily_files
from p2p_core import instants
from tests.acting import acting_as
from tests.contract.public.press import ALL_REPORTED, NOBODY, WAITING, z
from tests.contract.public.test_detail import detail_of
from tests.factories import AgencyFactory, CountryFactory

NAMES = ("INDICATOR_NAME", "COUNTRY_NAME", "NETWORK_NAME")
NUMBERS = {column.name for column in columns.COLUMNS if column.type in ("integer", "number")}
#: A view with a zero, a group, the total and two networks.
CELLS = {"NO": 1205, "NO/ARES": 1200, "SE": 15, "EUROPE": 1220, "EUROPE/ARES": 1215, "_T": 1235, "_T/ARES": 1225}
TOTALS = {name: value for name, value in CELLS.items() if "/" not in name}


@pytest.fixture
def folder(settings, tmp_path):
    """The folder of the files."""
    settings.STORAGES = settings.STORAGES | {
        "files": {"BACKEND": "federation.files.storage.Folder", "OPTIONS": {"location": str(tmp_path)}}
    }
    manifest.clear_cache()
    yield tmp_path
    manifest.clear_cache()


@pytest.fixture
def fetch(client, folder):
    """Fetches a file as a reader without an account does, through redirects: the answer, with its ``body``."""

    def ask(name, **headers):
        caching.response_cache.clear()
        manifest.clear_cache()
        answer = client.get(f"/files/{name}", follow=True, **headers)
        answer.body = b"".join(answer)
        return answer

    return ask


@pytest.fixture
def published(press):
    """Each frequency, with zeros, silence, waiting, a beginning, and days of Liechtenstein that are withheld."""
    Population.objects.create(country=CountryFactory.create(code="NO"), year=2025, inhabitants=5_594_340)
    detail_of("LI", "W", "M")
    detail_of("LI", "D", "D", date(2026, 11, 1))
    press.publish("D", {"2026-10-30": CELLS, "2026-10-31": {}})
    press.publish(
        "D", {"2026-11-01": CELLS | {"LI": 5}}, replace(ALL_REPORTED, reporting=1, covered=86_400, status="P")
    )
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    press.publish("D", {"2026-11-03": {}}, WAITING)
    press.publish("D", {"2026-11-04": CELLS}, replace(ALL_REPORTED, counted_from=datetime(2026, 11, 4, 6, tzinfo=UTC)))
    press.publish("H", {"2025-12-31T23:00": TOTALS, "2026-01-01T00:00": {}, "2026-01-01T01:00": TOTALS})
    press.publish("W", {"2026-W43": CELLS, "2026-W44": {"NO": 5}})
    press.publish("M", {"2026-09": CELLS, "2026-10": {}})
    press.publish("A", {"2024": CELLS, "2025": {"SE": 20}})
    # A revision, which past views must still show without.
    press.publish("D", {"2026-10-30": CELLS | {"SE": 25}})
    return press


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


def test_only_what_changed_is_written_again(published, folder):
    first = writing.write()
    assert writing.write() is None
    published.publish("W", {"2026-W44": {"NO": 10}})
    second = writing.write()
    changed = {file.address for file in second.files if file.name not in {one.name for one in first.files}}
    assert changed == {"DOWNLOADS-W.parquet", "DOWNLOADS-W.csv.xz"}
    assert second.version == 11


def test_a_file_that_was_replaced_stays_for_readers_of_the_manifest_before(published, fetch, folder, monkeypatch):
    old = writing.write().named("DOWNLOADS-W.csv.xz")
    published.publish("W", {"2026-W44": {"NO": 10}})
    new = writing.write().named("DOWNLOADS-W.csv.xz")
    assert fetch(old.name).body == (folder / old.name).read_bytes() != fetch(new.name).body
    # After two days it is removed.
    monkeypatch.setattr(writing, "KEPT_FOR", timedelta(0))
    published.publish("W", {"2026-W44": {"NO": 15}})
    writing.write()
    assert not (folder / old.name).exists()
    assert fetch(old.name).status_code == 404


def test_readers_see_the_old_set_until_the_new_one_is_complete(published, fetch, folder, monkeypatch):
    old = [file.name for file in writing.write().files]
    published.publish("A", {"2025": {"SE": 25}})
    published.publish("W", {"2026-W44": {"NO": 10}})
    saved = Folder.save
    before = {file.name for file in folder.iterdir()}

    def die_at_the_second(self, name, content, max_length=None):
        if {file.name for file in folder.iterdir()} - before:
            raise KeyboardInterrupt
        return saved(self, name, content, max_length)

    monkeypatch.setattr(Folder, "save", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        writing.write()
    assert [file["name"] for file in json.loads(fetch("manifest.json").body)["files"]] == old
    assert all(fetch(name).status_code == 200 for name in old)
    orphans = {file.name for file in folder.iterdir()} - before
    assert len(orphans) == 1
    # The next writer completes the set. A draft of the dead one is removed, and a file of somebody else is not.
    monkeypatch.setattr(Folder, "save", saved)
    (folder / ".DOWNLOADS-D.parquet.0.part").touch()
    (folder / "readme.txt").touch()
    written = writing.write()
    names = {file.name for file in written.files} | written.replaced.keys() | {"manifest.json", "readme.txt"}
    assert {file.name for file in folder.iterdir()} == names


def test_nothing_is_left_of_a_file_for_which_the_disk_has_no_room(folder, monkeypatch):
    def half(_self, chunk_size=None):
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ContentFile, "chunks", half)
    with pytest.raises(OSError, match="No space left"):
        storage.files().save("DOWNLOADS-D.parquet", ContentFile(b"all"))
    assert list(folder.iterdir()) == []


def test_what_failed_writers_left_is_removed_before_the_next_one_needs_the_room(published, folder, monkeypatch):
    writing.write()
    left = folder / "DOWNLOADS-D-0123456789abcdef.parquet"
    assert manifest.WRITTEN_BY_US.fullmatch(left.name)
    left.touch()

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Folder, "save", full)
    published.publish("W", {"2026-W44": {"NO": 10}})
    with pytest.raises(OSError, match="No space left"):
        writing.write()
    assert not left.exists()


def test_a_damaged_manifest_is_replaced(published, folder, fetch):
    written = writing.write()
    (folder / "manifest.json").write_bytes(bytes(100))
    assert fetch("manifest.json").status_code == HTTPStatus.NOT_FOUND
    assert [file.name for file in writing.write().files] == [file.name for file in written.files]
    assert json.loads(fetch("manifest.json").body)["version"] == written.version
    # The daily writer does so too.
    (folder / "manifest.json").write_bytes(bytes(100))
    daily_files.write_if_due(now=datetime.now(UTC))
    assert manifest.stored() is not None


def test_one_process_writes_at_a_time(published, folder):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [writing._LOCK])
            assert writing.write() is None
            cursor.execute("SELECT pg_advisory_unlock(%s)", [writing._LOCK])
    finally:
        other.close()
    assert writing.write() is not None


def test_a_writer_that_lost_its_lock_leaves_the_manifest_as_it_was(published, folder, monkeypatch):
    before = writing.write()
    published.publish("W", {"2026-W44": {"NO": 10}})
    read = writing.on_public_connection

    def lose(what):
        found = read(what)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [writing._LOCK])
        return found

    monkeypatch.setattr(writing, "on_public_connection", lose)
    with pytest.raises(RuntimeError, match="lock"):
        writing.write()
    assert manifest.stored() == before


def test_a_file_that_lost_its_end_is_written_again(published, folder):
    file = folder / writing.write().named("DOWNLOADS-D.parquet").name
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    published.publish("W", {"2026-W44": {"NO": 10}})
    assert writing.write().named("DOWNLOADS-D.parquet").name == file.name
    assert file.read_bytes() == whole


@pytest.mark.parametrize("repair", [writing.write, lambda: daily_files.write_if_due(now=datetime.now(UTC))])
def test_a_file_that_lost_its_end_is_repaired_even_if_nothing_was_published(published, folder, repair):
    written = writing.write()
    file = folder / written.named("DOWNLOADS-D.parquet").name
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    repair()
    assert file.read_bytes() == whole
    assert manifest.stored().files == written.files
    assert writing.write() is None


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(file.read_bytes()[:-1]), Path.unlink])
def test_a_damaged_file_is_not_served(published, client, folder, fetch, damage):
    name = writing.write().named("DOWNLOADS-D.parquet").name
    damage(folder / name)
    for answer in (fetch(name), client.get(f"/files/{name}", headers={"If-None-Match": f'"{name}"'})):
        assert (answer.status_code, answer.headers["Cache-Control"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "no-store")
    body = json.loads(fetch(name).body)
    assert (body["code"], body["detail"].split(". ")[1]) == ("not_ready", "A worker writes it again within minutes")
    assert fetch("DOWNLOADS-D.csv.xz").status_code == HTTPStatus.OK
    writing.write()
    assert fetch(name).status_code == HTTPStatus.OK


def test_files_are_written_once_a_day(published, folder, monkeypatch):
    written = []
    monkeypatch.setattr(writing, "write", lambda: written.append(True))
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    daily_files.write_if_due(now=now)
    assert written == [True]
    monkeypatch.undo()
    made = writing.write().made
    turn = datetime.combine(made.date(), daily_files.WRITTEN_AT)
    if turn <= made:
        turn += timedelta(days=1)
    for hours, due in ((-1, 0), (1, 1)):
        monkeypatch.setattr(writing, "write", lambda: written.append(True))
        written.clear()
        daily_files.write_if_due(now=turn + timedelta(hours=hours))
        assert len(written) == due, hours


def test_caches_may_keep_a_file_for_ever_and_the_way_to_it_for_a_minute(published, client, fetch):
    name = writing.write().named("DOWNLOADS-D.parquet").name
    answer = fetch("DOWNLOADS-D.parquet")
    assert answer.redirect_chain == [(f"/files/{name}", 302)]
    assert "immutable" in answer.headers["Cache-Control"]
    assert "max-age=60" in client.get("/files/DOWNLOADS-D.parquet").headers["Cache-Control"]
    again = client.get(f"/files/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(f"/files/{name}")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(answer.body)))


def test_before_the_first_files_the_answer_says_so(press, fetch):
    answer = fetch("manifest.json")
    assert (answer.status_code, json.loads(answer.body)["detail"]) == (
        404,
        (
            "There are no files to read now: none have been written yet, or their storage cannot be read. Workers "
            "write them once a day. Try again later, or read the numbers from /api/v1/aggregates/."
        ),
    )
    writing.write()
    assert fetch("DOWNLOADS-D.parquet").status_code == 404


@pytest.mark.parametrize("name", ["..%2Fmanifest.json", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "secret.txt", ".x.part"])
def test_only_listed_files_are_served(published, folder, fetch, name):
    writing.write()
    (folder / "secret.txt").write_text("no")
    assert fetch(name).status_code == 404


def test_a_storage_that_does_not_replace_the_manifest_is_refused(published, settings, folder):
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = settings.STORAGES | {"files": backend}
    first = writing.write()
    published.publish("W", {"2026-W44": {"NO": 10}})
    with pytest.raises(RuntimeError, match="file_overwrite"):
        writing.write()
    assert manifest.stored() == first


class Bucket(Storage):
    """A storage elsewhere, which serves its files itself."""

    def __init__(self, location: str, base: str) -> None:
        self._folder, self._base = Folder(location=location), base

    def _open(self, name, mode="rb"):
        return self._folder.open(name, mode)

    def _save(self, name, content):
        return self._folder.save(name, content)

    def get_available_name(self, name, max_length=None):  # noqa: ARG002  Django's
        return name

    def exists(self, name):
        return self._folder.exists(name)

    def listdir(self, path):
        return self._folder.listdir(path)

    def url(self, name):
        return f"{self._base}/{name}"


def test_files_in_a_bucket_are_read_from_the_bucket(published, settings, tmp_path, fetch, client, monkeypatch):
    options = {"location": str(tmp_path), "base": "https://files.example.org"}
    settings.STORAGES = settings.STORAGES | {"files": {"BACKEND": f"{__name__}.Bucket", "OPTIONS": options}}
    assert isinstance(storage.files(), Bucket)
    written = writing.write()
    assert json.loads(fetch("manifest.json").body)["version"] == written.version
    name = written.named("DOWNLOADS-D.parquet").name
    for asked in ("DOWNLOADS-D.parquet", name):
        answer = client.get(f"/files/{asked}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"https://files.example.org/{name}")
    assert Path(tmp_path / name).exists()
    # While nothing changes, the bucket is not asked for each file.
    asked = []
    monkeypatch.setattr(Bucket, "exists", lambda _self, name: asked.append(name))
    assert writing.write() is None
    daily_files.write_if_due(now=written.made)
    assert asked == []


@pytest.mark.verify
def test_web_processes_do_not_load_pyarrow():
    code = "import django; django.setup(); import api.urls, config.urls, sys; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_time_of_the_manifest_is_not_before_that_of_its_files(published, folder):
    """So `as_of` with this time returns the rates of the files too, even if a population changed last."""
    Population.objects.filter(year=2025).update(inhabitants=5_600_000)
    found = writing.write()
    assert instants.parse(found.known_at) == max(instants.parse(file.known_at) for file in found.files)

"""The set of files is complete at every moment, and what is damaged is repaired."""

import errno
import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from countries.models import Population
from federation.files import manifest, storage, writing
from federation.files.storage import Folder
from federation.runs import daily_files
from p2p_core import instants


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


def test_time_of_the_manifest_is_not_before_that_of_its_files(published, folder):
    """So `as_of` with this time returns the rates of the files too, even if a population changed last."""
    Population.objects.filter(year=2025).update(inhabitants=5_600_000)
    found = writing.write()
    assert instants.parse(found.known_at) == max(instants.parse(file.known_at) for file in found.files)

"""Who may read which file, for how long a cache may keep it, and from which storage it comes."""

import json
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.files.storage import Storage

from federation.files import manifest, storage, writing
from federation.files.storage import Folder
from federation.runs import daily_files


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

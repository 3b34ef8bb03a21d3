"""`/files/`: the files of all data, and the manifest that lists them.

The manifest and the names without a digest lead to the newest files. A name with a digest is one file for ever, so
caches may keep it for ever. If the storage is a folder, its files are served here. Otherwise readers are sent to the
storage.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import parse_etags

from api import caching, parameters
from api.caching import PublicView, Representation, Validator
from api.negotiation import JSON
from api.problems import Problem
from api.throttling import costs
from federation.files import manifest, storage
from federation.files.manifest import DataFile, Manifest

#: A file whose name contains a digest never changes.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_CHUNK: Final = 1 << 18
_DAMAGED: Final = (
    "This file is damaged: its size is not the one in /files/manifest.json. A worker writes it again within minutes. "
    "Try again later, or read the numbers from /api/v1/aggregates/."
)
#: Beat asks after this many seconds whether a file must be written.
_REPAIRED_AFTER: Final = "300"
#: A file costs by its size, because it needs no database: one more request for each 100 kB.
_BYTES_AN_OBSERVATION: Final = 100_000 // costs.OBSERVATIONS
_HEADERS: Final = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag"}


@dataclass(frozen=True, slots=True)
class ManifestAnswer:
    """The manifest as it is in the storage."""

    found: Manifest

    def validator(self) -> Validator:
        newest = manifest.read() or self.found
        return Validator(f"{newest.version}.{int(newest.made.timestamp() * 1000)}.manifest", caching.REFERENCE)

    def render(self) -> Representation:
        return Representation(self.validator(), manifest.encode(manifest.read() or self.found), {"Content-Type": JSON})


class ManifestView(PublicView):
    """`/files/manifest.json`: which files there are, with their sizes, digests, versions and columns."""

    schema = None
    vary = "Accept-Encoding"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> ManifestAnswer:
            parameters.read(request)
            return ManifestAnswer(_manifest())

        return self.respond(request, "", read)


class FileView(PublicView):
    """`/files/DOWNLOADS-D.parquet` redirects to the newest file, `/files/DOWNLOADS-D-<digest>.parquet` is that file."""

    schema = None
    vary = "Accept-Encoding"

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        parameters.read(request)
        listed = _manifest()
        file = listed.named(name)
        if file is not None and name != file.name:
            return _redirect(storage.address(file.name) or reverse("file", args=[file.name]))
        if file is None and name not in listed.replaced:
            raise Problem("not_found", detail="There is no such file. /files/manifest.json lists all files.")
        if (address := storage.address(name)) is not None:
            return _redirect(address)
        return _send(request, name, file)


def _manifest() -> Manifest:
    found = manifest.read()
    if found is None:
        raise Problem(
            "not_found",
            detail="There are no files to read now: none have been written yet, or their storage cannot be read. "
            "Workers write them once a day. Try again later, or read the numbers from /api/v1/aggregates/.",
        )
    return found


def _redirect(address: str) -> HttpResponse:
    return HttpResponseRedirect(address, headers={"Cache-Control": caching.REFERENCE, **_HEADERS})


def _send(request: HttpRequest, name: str, listed: DataFile | None) -> HttpResponseBase:
    """Send a file of the folder, chunk by chunk. A file that was replaced is not ``listed``."""
    size = _size(name)
    if listed and size != listed.size:
        raise Problem("not_ready", detail=_DAMAGED, headers={"Retry-After": _REPAIRED_AFTER})
    if size is None:
        raise Problem("not_found", detail="This file was removed. /files/manifest.json lists all files.")
    etag = f'"{name}"'
    headers = {"ETag": etag, "Cache-Control": _FOR_EVER, **_HEADERS}
    if etag in {tag.removeprefix("W/") for tag in parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))}:
        return HttpResponse(status=304, headers=headers)
    headers |= {"Content-Length": str(size), "Content-Type": manifest.FORMATS[name.partition(".")[2]]}
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(costs.LongAnswer(_chunks(name), size // _BYTES_AN_OBSERVATION), headers=headers)


def _size(name: str) -> int | None:
    try:
        return storage.files().size(name)
    except FileNotFoundError:
        return None


def _chunks(name: str) -> Iterator[bytes]:
    with storage.files().open(name) as content:
        while chunk := content.read(_CHUNK):
            yield chunk

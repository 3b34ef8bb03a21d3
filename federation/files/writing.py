"""Writes the files of all data, in the process of a worker or of a command.

The files show one version, which is read through ``federation.published`` as every answer is. A file whose name is in
the manifest never changes: its name contains a digest of its content. So a writer that is killed leaves the manifest
and its files as they were, and at most files that no manifest names. The next writer removes those.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BufferedRandom
from typing import Final

import pyarrow as pa
from django.conf import settings
from django.core.files import File
from django.db import connection

from countries.database.routing import on_public_connection
from countries.reference import Indicator, Reference
from federation import published
from federation.audit import chain
from federation.database import clock
from federation.files import columns, formats, manifest, storage
from federation.files.columns import BatchMaker
from federation.files.manifest import AuditHead, DataFile, Manifest
from federation.published import Selection, terms
from federation.published.answers import Page, PublicSpan
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, instants, periods
from p2p_core.periods import Frequency

#: How long a file stays that is no longer listed, for readers who have an older manifest.
KEPT_FOR: Final = timedelta(days=2)
#: Increase this if files with the same numbers get other bytes.
_LAYOUT: Final = "4"
#: About how many cells are read at once.
_CELLS: Final = 400_000
#: One writer at a time has this lock. The sealer of the audit chain has -1.
_LOCK: Final = -2

_PLACES: Final = (*codes.COUNTRIES.values(), *codes.GROUPS.values())
_NETWORKS: Final = (*codes.NETWORKS.values(), ALL_NETWORKS)


def write() -> Manifest | None:
    """Write the files that have changed or are damaged, then the manifest.

    None if there is nothing to write, or if another process writes.
    """
    with _try_lock() as has_lock:
        if not has_lock:
            return None
        before, head = manifest.previous(), chain.head()
        if before:
            # Free the space of files that failed writers left, because this writer may need it.
            _remove_others(before)
        audit_head = AuditHead(head.position, head.digest.hex())
        found = on_public_connection(lambda: _write_files(before, audit_head))
        if found is None:
            return None
        _check_lock()
        manifest.store(found)
        manifest.clear_cache()
        _remove_others(found)
        return found


@contextmanager
def _try_lock() -> Iterator[bool]:
    """Whether this process has the lock. PostgreSQL frees it if the process is killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (has_lock,) = cursor.fetchone()
    try:
        yield has_lock
    finally:
        if has_lock:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _check_lock() -> None:
    """Raise an error if the lock is gone: then another process may have written a newer manifest meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            " AND (classid::bigint << 32 | objid::bigint) = %s",
            [_LOCK],
        )
        if not cursor.rowcount:
            raise RuntimeError("The lock of the writer of files was lost. The next writer starts again.")


def _write_files(before: Manifest | None, audit_head: AuditHead) -> Manifest | None:
    """Write the files of the newest version, and return their manifest. None if ``before`` and its files are right."""
    newest, reference = published.newest(), Reference.current()
    made_of = f"{_LAYOUT} {reference.version} {pa.__version__}"
    if newest is None:
        return None
    version, known_at = newest
    if before and (before.version, before.made_of) == (version, made_of) and manifest.is_complete(before):
        return None
    kept = {file.address: file for file in before.files if before.made_of == made_of} if before else {}
    parts = list(_parts(reference, version))
    files = [file for part in parts for file in _unchanged(part, kept) or part.write()]
    if not files:
        return None
    now = clock.now()
    # A population that changed later changes the rates in the files.
    known_at = max(known_at, *(instants.parse(file.known_at) for file in files))
    names = {file.name for file in files}
    replaced = {name: when for name, when in before.replaced.items() if now - when < KEPT_FOR} if before else {}
    replaced |= {file.name: now for file in before.files} if before else {}
    invented = reference.invented
    return Manifest(
        title=terms.TITLE,
        notes=(
            terms.ROUNDED,
            terms.ROUNDING_ERROR.format(base=settings.ROUNDING_BASE),
            terms.RIGHTS,
            *([terms.INVENTED] if invented else ()),
        ),
        licence=terms.LICENCE,
        publisher=settings.PUBLISHER_NAME,
        version=version,
        known_at=instants.write(known_at),
        made=now,
        rounding_base=settings.ROUNDING_BASE,
        audit_head=audit_head,
        invented=invented,
        columns=(*columns.COLUMNS, *([columns.INVENTED] if invented else ())),
        files=tuple(files),
        replaced={name: when for name, when in replaced.items() if name not in names},
        made_of=made_of,
    )


@dataclass(frozen=True)
class _Part:
    """A data set, or one year of the hours, at a version."""

    indicator: Indicator
    reference: Reference
    selection: Selection
    year: int | None

    @property
    def key(self) -> str:
        year = f"-{self.year}" if self.year else ""
        return f"{self.indicator.code}-{self.selection.frequency}{year}"

    def write(self) -> list[DataFile]:
        """Write the files and put them into the storage."""
        # For the coverage, which is the same for all.
        first = self._read(_PLACES[-1:])
        if first.version is None or first.known_at is None:
            return []
        maker = BatchMaker(self.indicator, self.reference)
        schema = maker.batch(first).schema
        batches = (maker.batch(page) for page in self._pages(len(first.table.coverage.periods)))
        start, end = first.table.labels[0], first.table.labels[-1]
        facts = {
            "title": terms.TITLE,
            "version": str(first.version),
            "known_at": instants.write(first.known_at),
            "rounding_base": str(first.rounding_base),
            "licence": terms.LICENCE,
        }
        if self.reference.invented:
            facts["invented"] = terms.INVENTED
        with ExitStack() as stack:
            # They have no names, so nothing is left of them if this process is killed.
            files = {suffix: stack.enter_context(tempfile.TemporaryFile()) for suffix in manifest.FORMATS}
            count = formats.write(batches, schema.with_metadata(facts), len(first.table.coverage.periods), files)
            return [
                self._store(file, suffix, rows=count, start=start, end=end, page=first)
                for suffix, file in files.items()
            ]

    def _store(self, file: BufferedRandom, suffix: str, *, rows: int, start: str, end: str, page: Page) -> DataFile:
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = f"{self.key}-{digest[:16]}.{suffix}"
        if not storage.is_whole(name, size):
            storage.files().save(name, File(file, name))
        return DataFile(
            name=name,
            address=f"{self.key}.{suffix}",
            media_type=manifest.FORMATS[suffix],
            size=size,
            sha256=digest,
            rows=rows,
            indicator=self.indicator.code,
            frequency=self.selection.frequency,
            year=self.year,
            start=start,
            end=end,
            version=page.version or 0,
            known_at=instants.write(page.known_at) if page.known_at else "",
            withheld=tuple(published.withheld(self.selection, self.reference)),
        )

    def _pages(self, count: int) -> Iterator[Page]:
        """The numbers of neighbouring countries, about as many at a time as fit into memory well."""
        some: list[int] = []
        cells = 0
        by_country = [one.country for one in published.series(self.selection, self.reference)]
        for country in dict.fromkeys(by_country):
            some.append(country)
            cells += by_country.count(country) * count
            if cells >= _CELLS:
                yield self._read(tuple(some))
                some, cells = [], 0
        if some:
            yield self._read(tuple(some))

    def _read(self, countries: tuple[int, ...]) -> Page:
        return published.read(replace(self.selection, countries=countries), self.reference, limit=_ALL_PERIODS)


#: More periods than any range has.
_ALL_PERIODS: Final = 10_000_000


def _parts(reference: Reference, version: int) -> Iterator[_Part]:
    """Everything that is published. Hours have a file for each year, because only the newest year changes much."""
    rows = {one.number: one for one in reference.indicators}
    for span in published.spans(rows, periods.LASTING):
        for year in _years(span):
            first, last = span.first, span.last
            if year:
                first = max(first, datetime(year, 1, 1, tzinfo=UTC))
                last = min(last, datetime(year, 12, 31, 23, tzinfo=UTC))
            networks = (ALL_NETWORKS,) if span.frequency in periods.ALL_NETWORKS_ONLY else _NETWORKS
            selection = Selection(
                span.indicator, span.frequency, first, last, _PLACES, networks, version=version, open=True
            )
            yield _Part(rows[span.indicator], reference, selection, year)


def _years(span: PublicSpan) -> list[int | None]:
    return [*range(span.first.year, span.last.year + 1)] if span.frequency == Frequency.HOUR else [None]


def _unchanged(part: _Part, kept: dict[str, DataFile]) -> list[DataFile]:
    """The files of an earlier manifest, if they still show the newest version of what is in them."""
    found = [kept[address] for suffix in manifest.FORMATS if (address := f"{part.key}.{suffix}") in kept]
    if len(found) < len(manifest.FORMATS):
        return []
    version = published.version(part.selection)
    is_there = all(file.version == version and storage.is_whole(file.name, file.size) for file in found)
    return found if is_there else []


def _remove_others(current: Manifest) -> None:
    """Remove files of ours that are neither listed nor replaced a short time ago."""
    wanted = {file.name for file in current.files} | current.replaced.keys()
    _, names = storage.files().listdir("")
    for name in names:
        if manifest.WRITTEN_BY_US.fullmatch(name) and name not in wanted:
            storage.files().delete(name)

"""The documents, read once by each process: an upgrade starts new processes."""

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from api.site.docs import markdown
from api.site.docs.markdown import Content

ROOT: Final = "/docs/"
_FRONT: Final = "docs/README.md"
#: Documents elsewhere in the project, to which those of `docs/` refer, and the names of their pages.
_ELSEWHERE: Final = {"agency/README.md": "p2p-agency", "deploy/README.md": "deploy"}
#: Where examples find the service. Those of these documents ask the site that shows them. The other documents are for
#: people who run a service on their own computer.
LOCAL: Final = "http://localhost:8000"
OF_READERS: Final = {
    "reference/api",
    "reference/errors",
    "how-to/notebook",
    "how-to/recompute-effect",
    "explanation/audit",
}
#: What a link to another file leads to.
_INSTEAD: Final = {"README.md": ROOT, "docs/reference/openapi.yaml": "/api/schema/?format=yaml"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the folders of `docs/`, with a page that lists its documents."""

    name: str
    title: str
    sentence: str

    @property
    def address(self) -> str:
        return f"{ROOT}{self.name}/"


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("tutorial", "Tutorial", "For people who are new to the project."),
        Kind("how-to", "How to", "For people with a task."),
        Kind("reference", "Reference", "For people who need exact facts."),
        Kind("explanation", "Explanation", "For people who want to know how the service works, and why."),
        Kind("decisions", "Decisions", "Each record explains one choice of the project, and what was not chosen."),
    )
}


@dataclass(frozen=True, slots=True)
class Document:
    """``name`` is the path of its page below `/docs/`, without slashes at the ends."""

    name: str
    kind: Kind | None
    content: Content

    @property
    def address(self) -> str:
        return f"{ROOT}{self.name}/" if self.name else ROOT

    @property
    def first_sentence(self) -> str:
        return re.split(r"(?<=[.:]) ", self.content.introduction, maxsplit=1)[0].removesuffix(":")


@dataclass(frozen=True, slots=True)
class Library:
    """``digest`` changes when any of the files changes. Pictures and scripts are found by their paths in `docs/`."""

    documents: Mapping[str, Document]
    pictures: Mapping[str, bytes]
    scripts: Mapping[str, bytes]
    digest: str

    def of(self, kind: Kind) -> Sequence[Document]:
        found = [one for one in self.documents.values() if one.kind is kind]
        return found if kind.name == "decisions" else sorted(found, key=lambda one: one.content.title.casefold())


@cache
def library() -> Library:
    """Empty if the folder `docs/` was not installed. The pages then answer 404."""
    root: Path = settings.PROJECT_ROOT
    paths = sorted((root / "docs").rglob("*.md"), key=lambda path: path.as_posix())
    elsewhere = [root / source for source in _ELSEWHERE if paths and (root / source).is_file()]
    texts = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in (*paths, *elsewhere)}
    pictures, scripts = (_files(root / "docs", f"*.{kind}") for kind in ("png", "py"))
    documents = {
        name_of(source): Document(
            name_of(source),
            KINDS.get(posixpath.dirname(source).removeprefix("docs/")),
            markdown.read(text, partial(_address, source, texts, {*pictures, *scripts})),
        )
        for source, text in texts.items()
    }
    digest = blake2b(repr((texts, pictures, scripts)).encode(), digest_size=12).hexdigest()
    return Library(documents, pictures, scripts, digest)


def _files(folder: Path, pattern: str) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob(pattern))}


def name_of(source: str) -> str:
    if source == _FRONT:
        return ""
    return _ELSEWHERE.get(source) or source.removeprefix("docs/").removesuffix(".md")


def _address(source: str, texts: Mapping[str, str], files: Collection[str], target: str) -> str | None:
    """The address on the site of a link in a document; nothing if the site does not have the file."""
    split = urlsplit(target)
    if split.scheme or split.netloc or not split.path:
        return target
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), split.path))
    anchor = f"#{split.fragment}" if split.fragment else ""
    below = path.removeprefix("docs/")
    if path in texts:
        name = name_of(path)
        return f"{ROOT}{name}/{anchor}" if name else f"{ROOT}{anchor}"
    if below in files:
        return f"{ROOT}{below}"
    if below in KINDS:
        return KINDS[below].address
    return _INSTEAD.get(path)

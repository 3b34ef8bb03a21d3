"""Finds sections of the documentation, and of the page on the method, by their words.

The full-text index of SQLite is in memory. The documents are files and not data, so they are not in PostgreSQL. The
search also works while PostgreSQL is away.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from threading import Lock
from typing import Final, NamedTuple
from weakref import finalize

from api.site.docs import excerpts, method
from api.site.docs.excerpts import Piece
from api.site.docs.library import KINDS, LOCAL, OF_READERS, ROOT, Document, library

#: A question may have so many words, and so many results are shown. So the cost of a search has a limit.
MAX_LENGTH: Final = 200
_MAX_WORDS: Final = 8
#: Longer words that begin with a word are found too, after the word itself. But shorter words than this are found only
#: as whole words, because a letter or two begin some word of nearly every section.
_BEGINNING: Final = 3
MAX_RESULTS: Final = 20
_SCHEMA: Final = (
    "CREATE VIRTUAL TABLE sections USING fts5"
    "(document, address UNINDEXED, weight UNINDEXED, title, text, tokenize = 'porter unicode61 remove_diacritics 2')"
)
#: A word in the title of a section says more than one in the text. A title that is the question itself comes first if
#: it is a code, so the name of a setting leads to the setting, and not to a member of a file whose name differs in its
#: case only. (SQLite's ranks are negative: the lowest is the best.)
_SELECT: Final = (
    "SELECT document, address, title, highlight(sections, 4, :open, :close) FROM sections WHERE sections MATCH :all"
    " ORDER BY title = :code DESC, weight * bm25(sections, 4, 0, 0, 8, 1)"
    " * iif(rowid IN (SELECT rowid FROM sections WHERE sections MATCH :together), :factor, 1), rowid LIMIT :most"
)
_CODE: Final = re.compile(r"[A-Z0-9]+|\w*_\w*")
#: Most searchers are readers of the numbers, so what is written for them comes first. A decision says why, and not how.
_FOR_READERS, _USUAL, _DECISION = 2.0, 1.0, 0.4
#: A section counts so many times as much if it has the whole question, one word after the other.
_TOGETHER: Final = 2.0
#: A row of a table is about one code. Somebody who searches for a part of a code usually means a larger subject.
_ROW: Final = 0.4


class Result(NamedTuple):
    address: str
    document: str
    title: str
    context: Sequence[Piece]


class Results(NamedTuple):
    """``partial``: no section has all words, and each of these has some."""

    found: Sequence[Result]
    partial: bool


class Index:
    """SQLite serves one thread at a time here, because a search takes only some milliseconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        finalize(self, self._database.close)
        self._database.execute(_SCHEMA)
        self._database.executemany("INSERT INTO sections VALUES (?, ?, ?, ?, ?)", _rows())

    def search(self, question: str) -> Results:
        words = re.findall(r"\w+", question[:MAX_LENGTH])[:_MAX_WORDS]
        if not words:
            return Results([], partial=False)
        # A quoted word has no meaning in SQLite's language of questions. The star finds longer words too.
        exact = [f'"{word}"' for word in dict.fromkeys(words)]
        longer = [f'"{word}"' + "*" * (len(word) >= _BEGINNING) for word in dict.fromkeys(words)]
        together = f'"{" ".join(words)}"'
        # Words that stand together count once more, and are marked as one.
        found = self._select(question, f"{together} OR ({' AND '.join(exact)})", together)
        if len(found) < MAX_RESULTS:
            known = {one.address for one in found}
            more = self._select(question, " AND ".join(longer), together)
            found = [*found, *(one for one in more if one.address not in known)][:MAX_RESULTS]
        if found or len(exact) < 2:
            return Results(found, partial=False)
        return Results(self._select(question, " OR ".join(longer), together), partial=True)

    def _select(self, question: str, expression: str, together: str) -> list[Result]:
        code = question.strip() if _CODE.fullmatch(question.strip()) else None
        named = {"open": excerpts.OPEN, "close": excerpts.CLOSE, "most": MAX_RESULTS, "factor": _TOGETHER}
        with self._lock:
            rows = self._database.execute(
                _SELECT, named | {"code": code, "all": expression, "together": together}
            ).fetchall()
        return [Result(address, document, title, excerpts.excerpt(text)) for document, address, title, text in rows]


def _rows() -> Iterator[tuple[str, str, float, str, str]]:
    """The title of the document, then the address, the weight, the title and the text of each section."""
    documents = library().documents
    if not documents:
        return
    method_sections, method_address = method.read(), method.address()
    for section in method_sections:
        anchor = f"#{section.anchor}" if section.anchor else ""
        yield method_sections[0].title, f"{method_address}{anchor}", _FOR_READERS, section.title, section.text
    recommended = _recommended(documents[""])
    # The front page only leads to the others.
    for document in (one for one in documents.values() if one.name):
        usual = _FOR_READERS if document.address in recommended else _USUAL
        weight = _DECISION if document.kind is KINDS["decisions"] else usual
        # On the page of such a document, the examples name the site that shows it. An excerpt has only the path.
        hidden = LOCAL if document.name in OF_READERS else None
        for section in document.content.sections:
            address = f"{document.address}#{section.anchor}"
            text = section.text.replace(hidden, "") if hidden else section.text
            yield document.content.title, address, weight * (_ROW if section.is_row else 1), section.title, text


def _recommended(front: Document) -> set[str]:
    """The addresses in the first part of the front page, which is for those who read the numbers."""
    _, first, *_ = front.content.html.split("<h3")
    return set(re.findall(rf'href="({ROOT}[^"#]+)', first))


@cache
def index() -> Index:
    return Index()

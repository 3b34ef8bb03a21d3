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

#: These limits keep a search cheap: the characters and words of a question that are used, and the results.
MAX_LENGTH: Final = 200
_MAX_WORDS: Final = 8
MAX_RESULTS: Final = 20
#: A word of at least this many characters also finds longer words that begin with it. A shorter word finds only itself,
#: because nearly every section has a word that begins with the same one or two letters.
_MIN_PREFIX: Final = 3
_SCHEMA: Final = (
    "CREATE VIRTUAL TABLE sections USING fts5"
    "(document, address UNINDEXED, weight UNINDEXED, title, text, tokenize = 'porter unicode61 remove_diacritics 2')"
)
#: A word in the title of a section counts more than a word in its text. If the question is a name in code, the section
#: with exactly this title comes first. So the name of a setting leads to the setting, and not to a member of a file
#: whose name differs only in case. (SQLite's ranks are negative: the lowest is the best.)
_SELECT: Final = (
    "SELECT document, address, title, highlight(sections, 4, :open, :close) FROM sections WHERE sections MATCH :all"
    " ORDER BY title = :name DESC, weight * bm25(sections, 4, 0, 0, 8, 1)"
    " * iif(rowid IN (SELECT rowid FROM sections WHERE sections MATCH :phrase), :phrase_factor, 1), rowid LIMIT :limit"
)
#: A name in code: a word in capital letters, such as `R301`, or a word with an underscore, such as `bad_cursor`.
_NAME: Final = re.compile(r"[A-Z0-9]+|\w*_\w*")
#: The weights of documents. Most people who search are readers of the numbers, so documents for them come first. The
#: record of a decision says why, and not how.
_FOR_READERS, _DEFAULT, _DECISION = 2.0, 1.0, 0.4
#: The weight of a section is multiplied by this if the section has the words of the question next to each other.
_PHRASE_FACTOR: Final = 2.0
#: The weight of a row of a table is multiplied by this. A row is about one code, and somebody who searches for a part
#: of a code usually means a larger subject.
_ROW_FACTOR: Final = 0.4


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
        words = _words(question)
        if not words:
            return Results([], partial=False)
        # A quoted word has no meaning in SQLite's language of questions. The star finds longer words too.
        exact = [f'"{word}"' for word in dict.fromkeys(words)]
        prefixes = [f'"{word}"' + "*" * (len(word) >= _MIN_PREFIX) for word in dict.fromkeys(words)]
        phrase = f'"{" ".join(words)}"'
        # The phrase is in the expression too, so that its words are marked as one.
        found = self._select(question, f"{phrase} OR ({' AND '.join(exact)})", phrase)
        if len(found) < MAX_RESULTS:
            known = {one.address for one in found}
            more = self._select(question, " AND ".join(prefixes), phrase)
            found = [*found, *(one for one in more if one.address not in known)][:MAX_RESULTS]
        if found or len(exact) < 2:
            return Results(found, partial=False)
        return Results(self._select(question, " OR ".join(prefixes), phrase), partial=True)

    def _select(self, question: str, expression: str, phrase: str) -> list[Result]:
        name = question.strip() if _NAME.fullmatch(question.strip()) else None
        fixed = {
            "open": excerpts.OPEN,
            "close": excerpts.CLOSE,
            "limit": MAX_RESULTS,
            "phrase_factor": _PHRASE_FACTOR,
        }
        with self._lock:
            rows = self._database.execute(
                _SELECT, fixed | {"name": name, "all": expression, "phrase": phrase}
            ).fetchall()
        return [Result(address, document, title, excerpts.excerpt(text)) for document, address, title, text in rows]


def _words(question: str) -> list[str]:
    """The words of a question. For SQLite, underscores alone are no word, so no section can have them."""
    words = re.findall(r"\w+", question[:MAX_LENGTH])
    return [word for word in words if word.strip("_")][:_MAX_WORDS]


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
        default = _FOR_READERS if document.address in recommended else _DEFAULT
        weight = _DECISION if document.kind is KINDS["decisions"] else default
        # On the page of such a document, the examples name the site that shows it. An excerpt has only the path.
        hidden = LOCAL if document.name in OF_READERS else None
        for section in document.content.sections:
            address = f"{document.address}#{section.anchor}"
            text = section.text.replace(hidden, "") if hidden else section.text
            yield document.content.title, address, weight * (_ROW_FACTOR if section.is_row else 1), section.title, text


def _recommended(front: Document) -> set[str]:
    """The addresses in the first part of the front page, which is for those who read the numbers."""
    _, first, *_ = front.content.html.split("<h3")
    return set(re.findall(rf'href="({ROOT}[^"#]+)', first))


@cache
def index() -> Index:
    return Index()

"""Turns a Markdown file into the parts of a page: its title, its headings, its HTML, and its text for the search.

Headings have the same anchors as on GitHub, so that links work in both places. In addition, a row of a table that
begins with a code has this code as its anchor. Raw HTML is shown as text.
"""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

#: Returns the address on the site that a link of the file leads to. Nothing if it leads nowhere there.
Resolve = Callable[[str], str | None]
#: The border of a row of a table, in a text for the search.
ROW: Final = "\x1e"
_BORDERS: Final = {"paragraph_open": "\n", "tr_open": ROW, "table_close": ROW}


class Heading(NamedTuple):
    level: int
    title: str
    anchor: str


class Section(NamedTuple):
    """A part of a document that a search can find: a heading with the text below it, or a row with an anchor.

    In the text, a paragraph begins with a line break. ``ROW`` is before each row of a table, and after the last one.
    """

    anchor: str
    title: str
    text: str
    is_row: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """``headings`` and ``html`` leave the title out."""

    title: str
    anchor: str
    headings: Sequence[Heading]
    html: str
    sections: Sequence[Section]
    introduction: str


class _Renderer(RendererHTML):
    """Blocks that are wider than a telephone scroll by themselves, and a keyboard can reach them."""

    def table_open(self, *_: Any) -> str:
        return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return f'<pre tabindex="0"><code>{html.escape(tokens[idx].content)}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return self.fence(tokens, idx)


_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")


def read(text: str, resolve: Resolve) -> Content:
    tokens = _MARKDOWN.parse(text)
    headings = _name_headings(tokens)
    _name_rows(tokens, {one.anchor for one in headings})
    _label_cells(tokens)
    for token in tokens:
        if token.children:
            token.children = list(_with_addresses(token.children, resolve))
    title, *others = headings
    start = next(place for place, token in enumerate(tokens) if token.type == "heading_close") + 1
    return Content(
        title.title,
        title.anchor,
        others,
        _MARKDOWN.renderer.render(tokens[start:], _MARKDOWN.options, {}),
        list(_sections(tokens)),
        next((_plain(tokens[place + 1]) for place, one in enumerate(tokens) if one.type == "paragraph_open"), ""),
    )


def _name_headings(tokens: Sequence[Token]) -> list[Heading]:
    found: list[Heading] = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            title = _plain(inline)
            anchor = _unused(anchor_of(title), {one.anchor for one in found})
            token.attrSet("id", anchor)
            found.append(Heading(int(token.tag[1:]), title, anchor))
    return found


def anchor_of(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _unused(anchor: str, taken: set[str]) -> str:
    """Number a heading whose title comes again, as GitHub does."""
    number, found = 0, anchor
    while found in taken:
        number += 1
        found = f"{anchor}-{number}"
    return found


def _name_rows(tokens: Sequence[Token], taken: set[str]) -> None:
    """Give an anchor to each row whose first cell is one code, if no heading and no earlier row has this anchor."""
    for row, cell, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (row.type, cell.type) != ("tr_open", "td_open"):
            continue
        code = [child for child in inline.children or () if child.type != "text" or child.content.strip()]
        if len(code) == 1 and code[0].type == "code_inline" and re.fullmatch(r"\w+", code[0].content):
            anchor = code[0].content
            if anchor not in taken:
                taken.add(anchor)
                row.attrSet("id", anchor)


def _label_cells(tokens: Sequence[Token]) -> None:
    """Tell each cell the name of its column. On a telephone, a row is a list of its cells with these names."""
    columns: list[str] = []
    column = 0
    for token, inline in pairwise(tokens):
        if token.type == "table_open":
            columns = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            columns.append(_plain(inline))
            token.attrSet("scope", "col")
        elif token.type == "td_open":
            token.attrSet("data-column", columns[column])
            column += 1


def _with_addresses(children: Sequence[Token], resolve: Resolve) -> Iterator[Token]:
    """Change links and pictures to their addresses on the site. Where there is none, the words of a link stay."""
    dropped: list[bool] = []
    for child in children:
        if child.type == "link_close":
            if dropped.pop():
                continue
        elif child.type in ("link_open", "image"):
            name = "href" if child.type == "link_open" else "src"
            address = resolve(str(child.attrGet(name)))
            if child.type == "link_open":
                dropped.append(address is None)
            if address is None:
                continue
            child.attrSet(name, address)
        yield child


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    """Each heading with its text up to the next heading, and each row that has an anchor."""
    anchor, title, text = "", "", list[str]()
    row: tuple[str, list[str]] | None = None
    for place, token in enumerate(tokens):
        if border := _BORDERS.get(token.type):
            text.append(border)
        if token.type == "heading_open":
            if title:
                yield Section(anchor, title, " ".join(text))
            anchor, title, text = str(token.attrGet("id")), _plain(tokens[place + 1]), []
        elif token.type == "tr_open":
            row = (str(token.attrGet("id")), []) if token.attrGet("id") else None
        elif token.type == "tr_close" and row:
            yield Section(row[0], row[1][0], " ".join(row[1][1:]), is_row=True)
            row = None
        elif token.type in ("inline", "fence", "code_block") and tokens[place - 1].type != "heading_open":
            (text if row is None else row[1]).append(_plain(token))
    yield Section(anchor, title, " ".join(text))


def _plain(token: Token) -> str:
    """The words of a token."""
    if token.children is None:
        return " ".join(token.content.split())
    parts = (" " if child.type.endswith("break") else child.content for child in token.children)
    return " ".join("".join(parts).split())

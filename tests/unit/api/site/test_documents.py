"""The documentation: how Markdown becomes a page, that every link leads somewhere, and what the search finds."""

import html
import re

import pytest

from api.site.docs import library, markdown, search
from tests.unit.test_docs import ROOT, anchors_of

DOCUMENTS = library.library().documents
ADDRESSES = {document.address: document for document in DOCUMENTS.values()}
#: Addresses of the site outside the documentation. The tests of the API read them.
OUTSIDE = {"/api/schema/?format=yaml"}


def read(text, **addresses):
    return markdown.read(f"# Title\n\n{text}", lambda target: addresses.get(target, target))


def anchors(document):
    return {document.content.anchor, *re.findall(r'\sid="([^"]*)"', document.content.html)}


def links(document):
    return [html.unescape(link) for link in re.findall(r'(?:href|src)="([^"]*)"', document.content.html)]


def test_every_document_of_the_folder_has_a_page():
    sources = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert {library.name_of(source) for source in sources} | {"p2p-agency", "deploy"} == set(DOCUMENTS)


def test_every_link_leads_somewhere():
    others = {f"/docs/{file}" for file in (*library.library().pictures, *library.library().scripts)}
    others |= {kind.address for kind in library.KINDS.values()} | OUTSIDE
    lost = []
    for name, document in DOCUMENTS.items():
        for link in links(document):
            path, _, anchor = link.partition("#")
            there = ADDRESSES.get(path) if path else document
            found = there is not None and (not anchor or anchor in anchors(there))
            if not (found or link in others or link.startswith(("https://", "http://localhost"))):
                lost.append((name, link))
    assert lost == []


def test_anchors_are_those_of_github():
    for source in ROOT.glob("docs/**/*.md"):
        document = DOCUMENTS[library.name_of(source.relative_to(ROOT).as_posix())]
        headings = [document.content.anchor, *(heading.anchor for heading in document.content.headings)]
        assert set(headings) == anchors_of(source), source
        assert len(set(headings)) == len(headings), source


def test_title_that_comes_again_is_numbered():
    content = read("## Same `code`, twice\n\n## Same `code`, twice\n")
    assert [one.anchor for one in content.headings] == ["same-code-twice", "same-code-twice-1"]


def test_row_that_begins_with_a_code_has_an_anchor_unless_it_is_taken():
    rows = "| `one` | 1 |\n| `two` words | 2 |\n| `three` | 3 |\n| `one` | 4 |\n"
    content = read(f"## three\n\n| a | b |\n|---|---|\n{rows}")
    assert re.findall(r'<(\w+) id="(\w+)"', content.html) == [("h2", "three"), ("tr", "one")]
    assert ("one", "one", "1", True) in content.sections


def test_cells_name_their_columns():
    assert '<td data-column="the b">2</td>' in read("| a | the `b` |\n|---|---|\n| 1 | 2 |\n").html


def test_markdown_brings_no_markup_of_its_own():
    content = read("<script>alert(1)</script>\n\n<b onclick='x'>bold</b> [run](javascript:alert)\n\n```\n<i>\n```\n")
    assert "<script" not in content.html
    assert "<b " not in content.html
    assert "<i>" not in content.html
    assert "<a" not in content.html


def test_link_to_a_file_that_the_site_does_not_have_is_words():
    content = read("[`here`](a) and [there](b) ![picture](c)", a=None, b="/b/", c=None)
    assert content.html == '<p><code>here</code> and <a href="/b/">there</a> </p>\n'


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("bad_cursor", "/docs/reference/errors/#bad_cursor"),
        ("ROUNDING_BASE", "/docs/reference/settings/#ROUNDING_BASE"),
        ("send a spreadsheet", "/docs/how-to/send-a-spreadsheet/#send-a-spreadsheet"),
        ("Threat model", "/docs/explanation/threat-model/"),
    ],
)
def test_search_finds_the_section_that_is_meant(question, first):
    assert first in search.index().search(question).found[0].address


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("rounded", "/method/#rounding"),
        ("rounding", "/method/#rounding"),
        ("withheld", "/docs/explanation/protection/#detail"),
        ("missing", "/docs/reference/api/#what-is-published-and-what-is-missing"),
        ("correction", "/method/#correction"),
        ("coverage", "/docs/explanation/coverage/#coverage-why-a-silent-agency-never-looks-like-a-low-number"),
        ("small country", "/method/#detail"),
        ("all data", "/docs/reference/files/#files-of-all-data"),
        ("csv", "/docs/reference/api/#csv"),
        ("break", "/docs/reference/api/#annotations-and-breaks"),
        ("429", "/docs/reference/api/#limits"),
    ],
)
def test_search_finds_what_is_written_for_readers_first(question, first):
    assert search.index().search(question).found[0].address == first


@pytest.mark.parametrize("question", ["rounded", "withheld", "silent agency"])
def test_search_shows_readers_no_settings_and_no_decisions_first(question):
    first = [one.address for one in search.index().search(question).found[:5]]
    others = ("/docs/reference/settings/", "/docs/reference/metrics/", "/docs/how-to/deploy/", "/docs/decisions/")
    assert [address for address in first if address.startswith(others)] == []


def test_search_finds_words_that_stand_together_first_and_shows_them():
    for result in search.index().search("late report").found[:6]:
        words = [piece.text.lower() for piece in result.context if piece.found]
        assert {"late report", "late reports"} & set(words), result.address


def test_search_shows_what_happens_when_a_report_is_late():
    found = {one.address: one.context for one in search.index().search("late report").found[:5]}
    context = found["/docs/how-to/coordinate/#when-an-agency-falls-silent"]
    assert "".join(piece.text for piece in context).startswith("…Late reports are used like all other reports.")


def test_search_finds_a_word_before_longer_ones_that_begin_with_it():
    shown = [piece.text for one in search.index().search("who counts").found for piece in one.context if piece.found]
    assert "who" in shown
    assert "whole" not in shown
    assert [piece.text for piece in search.index().search("harves").found[0].context if piece.found]


def test_examples_that_ask_the_site_itself_name_no_other_one_in_an_excerpt():
    found = search.index().search("curl aggregates").found
    assert any(result.address.startswith("/docs/reference/api/") for result in found)
    for result in found:
        if result.address.startswith("/docs/reference/api/"):
            assert "localhost" not in "".join(piece.text for piece in result.context)


def test_search_says_when_no_section_has_all_words():
    found, partial = search.index().search("rounding xylophone")
    assert found
    assert partial
    assert search.index().search("xylophone") == ([], False)


@pytest.mark.parametrize(
    ("question", "words"),
    [("rounding ___ base", "rounding base"), ("_ protec", "protec"), ("_ " * 8 + "rounding", "rounding"), ("___", "")],
)
def test_search_ignores_words_of_underscores(question, words):
    assert search.index().search(question) == search.index().search(words)


@pytest.mark.parametrize(
    "question",
    ["", " ", '"', "'", "\0", "*", "NEAR(a b)", "title:", "a AND", "-", "^", "\ue000", "😀", "\ud800", "١٢٣",
     "a" * 10_000, "a " * 10_000, "document : x", "{title} : x"],
)  # fmt: skip
def test_search_takes_any_question_and_answers_with_a_limited_number(question):
    found, _ = search.index().search(question)
    assert len(found) <= search.MAX_RESULTS

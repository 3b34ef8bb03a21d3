"""The documentation over HTTP. tests/unit/api/site/test_documents.py reads what is in its pages."""

import html

import pytest
from django.db import OperationalError

from api import caching
from api.site.docs import library, search
from countries.reference import Reference

ADDRESSES = [document.address for document in library.library().documents.values()]


@pytest.fixture
def not_installed(tmp_path, settings):
    def forget():
        for cached in (library.library, search.index):
            cached.cache_clear()
        caching.response_cache.clear()

    settings.PROJECT_ROOT = tmp_path
    forget()
    yield
    forget()


def test_every_page_opens(db, visit):
    for address in [*ADDRESSES, *(kind.address for kind in library.KINDS.values())]:
        answer = visit(address)
        assert answer.status_code == 200, address
        assert "<h1" in answer.content.decode(), address


def test_page_says_where_it_is_and_leads_to_its_parts_and_to_the_others(db, visit):
    page = visit("/docs/how-to/send-a-spreadsheet/").content.decode()
    assert '<a href="/docs/">Documentation</a>' in page
    assert '<a href="/docs/how-to/">How to</a>' in page
    assert '<a href="#local-time">Local time</a>' in page
    assert '<a href="/docs/how-to/deploy/">' in page
    assert "hreflang" not in page.partition("<footer")[0]


def test_picture_is_the_file(db, visit):
    answer = visit("/docs/how-to/pictures/template.png")
    assert answer["Content-Type"] == "image/png"
    assert answer.content == library.library().pictures["how-to/pictures/template.png"]
    assert visit("/docs/how-to/pictures/template.png", **{"if-none-match": answer["ETag"]}).status_code == 304


def test_script_is_the_file_as_a_text(db, visit):
    assert '<a href="/docs/how-to/recompute_effect.py">' in visit("/docs/how-to/recompute-effect/").content.decode()
    answer = visit("/docs/how-to/recompute_effect.py")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content == library.library().scripts["how-to/recompute_effect.py"]
    assert visit("/docs/how-to/recompute_effect.py", **{"if-none-match": answer["ETag"]}).status_code == 304
    assert visit("/docs/how-to/no_such_script.py").status_code == 404


def test_search_marks_the_words_and_links_to_the_section(db, visit):
    page = visit("/docs/search/?q=bad_cursor").content.decode()
    assert '<a href="/docs/reference/errors/#bad_cursor">bad_cursor</a>' in page
    assert "<mark>" in visit("/docs/search/?q=rounding").content.decode()


@pytest.mark.parametrize("question", ["xylophone", "%22%3E%3Cxylo%3E", "%00%ff", "q" * 5000, "%C2%AB%C2%BB"])
def test_search_without_a_result_says_so_and_repeats_the_question_as_text(db, visit, question):
    page = visit(f"/docs/search/?q={question}").content.decode()
    assert "No section of the documentation has these words." in page
    assert "<xylo>" not in page
    assert len(page) < 20_000


def test_short_words_are_found_as_whole_words_only(db):
    """One letter begins a word of nearly every section, so such a search would take long."""
    find = search.index().search
    assert find("roun").found
    assert not find("rn").found
    assert not find("ro").found
    assert find("EU").found


def test_search_without_a_question_gives_examples(db, visit):
    assert "Write one or more words" in html.unescape(visit("/docs/search/").content.decode())


@pytest.mark.parametrize("path", ["/docs/nowhere/", "/docs/reference/nowhere.png", "/docs/../README/", "/de/docs/"])
def test_unknown_document_is_not_found(db, visit, path):
    assert visit(path).status_code == 404


def test_missing_slash_is_added(db, visit):
    answer = visit("/docs/reference/errors")
    assert (answer.status_code, answer["Location"]) == (301, "/docs/reference/errors/")


def test_folder_that_was_not_installed_is_not_found(db, not_installed, visit):
    for path in ("/docs/", "/docs/how-to/", "/docs/reference/errors/", "/docs/search/?q=a", "/docs/how-to/x.png"):
        assert visit(path).status_code == 404, path


def test_without_the_database_a_page_is_there_and_is_not_kept(db, visit, monkeypatch):
    def away():
        raise OperationalError

    caching.response_cache.clear()
    monkeypatch.setattr(Reference, "current", away)
    answer = visit("/docs/how-to/back-up/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "Stop It Now" in answer.content.decode()


def test_examples_ask_the_site_that_shows_them(db, visit):
    page = visit("/docs/reference/api/").content.decode()
    assert "localhost:8000" not in page
    assert "http://testserver/api/v1/aggregates/?" in page
    assert "http://localhost:8000" in visit("/docs/tutorial/first-day/").content.decode()

"""The files built from web/: named by their content, cached for ever, and built again under a running server."""

import json
import re

import pytest

from api import caching
from api.site.templatetags import assets


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A list of built files that can be replaced."""
    monkeypatch.setattr(assets, "_LIST", tmp_path / "files.json")
    assets.files.cache_clear()
    yield lambda files: (tmp_path / "files.json").write_text(json.dumps(files))
    assets.files.cache_clear()


@pytest.mark.parametrize(("address", "around"), [("/", {"share.js", "offer.js"}), ("/embed/map/", set())])
def test_what_the_map_loads_is_there_and_kept_for_ever(published, visit, client, address, around):
    if not assets.files():
        pytest.skip("nothing is built: make web")
    page = visit(address).content.decode()
    loaded = re.findall(r'(?:href|src|data-europe|data-world|data-zoom)="(/static/site/built/[^"]+)"', page)
    needed = around | {"map.js", "zoom.js", "map.css", "site.css", "europe.json", "world.json"}
    assert {f"/static/{assets.files()[name]}" for name in needed} == set(loaded)
    for file in loaded:
        answer = client.get(file)
        assert answer["Cache-Control"] == "max-age=315360000, public, immutable", file
        answer.close()


@pytest.mark.parametrize("address", ["/countries/no/", "/embed/country/no/"])
def test_a_trend_brings_its_look_and_the_map_does_without(published, visit, client, address):
    """The first view stays small."""
    look = re.compile(r'<link rel="stylesheet" href="(/static/site/(?:built/)?trend\b[^"]*)">')
    assert not look.search(visit("/").content.decode())
    (file,) = look.findall(visit(address).content.decode())
    answer = client.get(file)
    assert answer.status_code == 200
    answer.close()


def test_numbers_of_the_map_are_asked_for_with_the_page(published, visit, client):
    for address in ("/?window=P30D", "/?window=day&day=2026-01-01"):
        page = visit(address).content.decode()
        early = re.findall(r'<link rel="preload" as="fetch" crossorigin href="(/api/[^"]+)"', page)
        assert [client.get(question.replace("&amp;", "&")).status_code for question in early] == [200] * len(early)
        assert len(early) == ("P30D" in address)


def test_list_is_read_once_so_that_a_build_changes_nothing_for_who_runs(listed):
    listed({"map.js": "map-1.js"})
    assert assets.files() == {"map.js": "site/built/map-1.js"}
    listed({"map.js": "map-2.js"})
    assert assets.files() == {"map.js": "site/built/map-1.js"}


def test_without_a_build_the_page_takes_the_style_as_it_is(published, visit, listed):
    caching.response_cache.clear()
    page = visit("/").content.decode()
    assert '<link rel="stylesheet" href="/static/site/site.css">' in page
    assert "<script type" not in page
    caching.response_cache.clear()

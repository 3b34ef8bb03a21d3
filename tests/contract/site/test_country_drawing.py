"""The drawing, in the page and in the file: a silent agency never draws a falling line."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from api import caching
from tests.contract.public.press import NOBODY, Covered
from tests.contract.site.conftest import TODAY, day
from tests.factories import AnnotationFactory, NetworkFactory

LATE_NOT_FINAL = Covered(status="P")
FILES = ("/countries/no/chart.svg", "/fi/countries/no/chart.svg")
DRAWINGS = ("/countries/no/", "/de/countries/no/", "/embed/country/no/", *FILES)


@pytest.fixture(autouse=True)
def looked_up_again(monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)


@pytest.fixture
def silence(press, two_agencies):
    """Nine days: one agency is silent on the fourth and fifth and on the newest, both are on the seventh."""
    first, second = two_agencies
    silent = Covered(reporting=1, covered=86_400, status="P", states={first: "reported", second: "late"})
    in_part = Covered(reporting=2, covered=170_000, status="P", states={first: "reported", second: "partial"})
    covered = {6: silent, 5: in_part, 3: NOBODY, 1: silent}
    for ago in range(9, 0, -1):
        cells = {"NO": 20, "SE": 10} if ago in covered else {"NO": 100, "SE": 300}
        press.publish("D", {day(ago): cells}, covered.get(ago, Covered()))
    return press


@pytest.fixture
def drawn(visit):
    """Opens a page or a file and returns what is drawn in its plot."""

    def read(address):
        text = visit(address).content.decode()
        found = re.search(r'<svg class="field".*?</svg>', text, re.DOTALL)
        return ElementTree.fromstring(found.group())

    return read


def parts(plot, name):
    return [part for part in plot.iter() if name in part.get("class", "").split()]


def number(text):
    assert re.fullmatch(r"-?\d+(\.\d+)?%?", text), text
    return float(text.removesuffix("%"))


@pytest.mark.parametrize("address", DRAWINGS)
def test_no_line_falls_because_an_agency_is_silent(silence, drawn, address):
    plot = drawn(f"{address}?with=SE&show=count")
    # 9, 8, 7 are whole, then 4, then 2. 6, 5 and 1 lack something, and nothing is known of 3.
    for place in ("s0", "s1"):
        (line,) = parts(plot, place)
        dots, segments = parts(line, "dot"), parts(line, "segment")
        hollow = {number(dot.get("x")) for dot in parts(line, "hollow")}
        filled = sorted({number(dot.get("x")) for dot in dots} - hollow)
        ends = [tuple(number(segment.get(name)) for name in ("x1", "x2")) for segment in segments]
        assert (len(hollow), len(filled)) == (3, 5)
        # Two full joins among the first three, and the line goes on across the fourth and fifth day to the sixth.
        assert ends == [tuple(filled[:2]), tuple(filled[1:3]), tuple(filled[2:4])]
        dashes = [(segment.get("stroke-width"), segment.get("stroke-dasharray")) for segment in segments]
        assert dashes == [(None, None), (None, None), ("1.25", "6 5")]
        # The whole days of this story are all alike, and the others are far below: no line falls.
        assert all(number(segment.get("y1")) == number(segment.get("y2")) for segment in segments)


@pytest.mark.parametrize("address", DRAWINGS)
def test_incomplete_periods_are_shaded_and_their_marks_mean_so_many_or_more(silence, drawn, address):
    plot = drawn(f"{address}?with=SE&show=count")
    gaps = [(number(gap.get("x")), number(gap.get("width"))) for gap in parts(plot, "gap")]
    width = max(number(line.get("x2")) for line in parts(plot, "axis"))
    assert [(round(9 * x / width), round(9 * wide / width)) for x, wide in gaps] == [(3, 2), (8, 1)]
    for line in parts(plot, "line"):
        arrows = {(number(more.get("x")), number(more.get("y"))) for more in parts(line, "more")}
        hollow = {(number(dot.get("x")), number(dot.get("y"))) for dot in parts(line, "hollow")}
        assert arrows == hollow
        assert all(any(x <= at <= x + wide for x, wide in gaps) for at, _ in hollow)


@pytest.mark.parametrize("address", DRAWINGS)
def test_lines_stop_at_a_break(press, two_agencies, drawn, visit, address):
    for ago in range(6, 0, -1):
        press.publish("D", {day(ago): {"NO": 10 if ago > 3 else 1000, "SE": 5}})
    AnnotationFactory.create(start=TODAY - timedelta(days=3), is_break=True, text="Another counter.")
    plot = drawn(f"{address}?with=SE&show=count")
    for line in parts(plot, "line"):
        segments = parts(line, "segment")
        assert len(segments) == 4
        assert all(segment.get("y1") == segment.get("y2") for segment in segments)
    # Each side of an index stands on its own average.
    dots = parts(drawn(f"{address}?with=SE&show=index"), "dot")
    assert len({dot.get("y") for dot in dots}) == 1
    if "svg" not in address:
        assert "average of its own" in visit("/countries/no/?with=SE&show=index").content.decode()


@pytest.mark.parametrize("address", DRAWINGS)
def test_lines_carry_their_names(silence, visit, address):
    text = visit(f"{address}?with=EUROPE&show=count").content.decode()
    labels = re.findall(r'<g class="label s(\d)".*?<text[^>]*>([^<]+)</text>', text)
    assert [place for place, _ in labels] == ["0", "1"]
    assert '<g class="label' not in visit(address).content.decode()


@pytest.mark.parametrize("address", DRAWINGS)
def test_bars_of_periods_that_lack_an_agency_have_a_look_of_their_own(silence, drawn, address):
    plot = drawn(address)
    bars = parts(plot, "bar")
    # Of the nine days all but the third to last have a number.
    marks = ["partly provisional" in bar.get("class") for bar in bars]
    assert marks == [False, False, False, True, True, False, False, True]
    assert all(bar.get("class") == "bar" for bar, marked in zip(bars, marks, strict=True) if not marked)
    assert {bar.get("fill") for bar in bars if "partly" in bar.get("class")} == {"#a9c4e4"}
    assert {bar.get("fill") for bar in bars if "partly" not in bar.get("class")} == {"#2b64a8"}
    assert not parts(plot, "segment")


@pytest.mark.parametrize("address", DRAWINGS)
@pytest.mark.parametrize("query", ["", "?with=SE"])
def test_period_of_which_nothing_is_known_is_hatched_for_its_whole_height(silence, drawn, address, query):
    plot = drawn(f"{address}{query}")
    (unknown,) = parts(plot, "unknown")
    assert unknown.get("fill") == "url(#hatch)"
    axis = parts(plot, "axis")[0]
    assert number(unknown.get("height")) == number(axis.get("y1"))
    assert number(unknown.get("y")) == 0


@pytest.mark.parametrize("address", DRAWINGS)
def test_strip_shows_the_coverage_of_each_period(silence, visit, address):
    text = visit(address).content.decode()
    strip = re.findall(r'<rect class="cover (\w+)"', text)
    assert strip == ["whole", "whole", "whole", "part", "part", "whole", "none", "whole", "part"]


def test_whole_period_that_is_not_final_looks_provisional(press, two_agencies, drawn):
    for ago in (3, 2, 1):
        press.publish("D", {day(ago): {"NO": 10, "SE": 5}}, LATE_NOT_FINAL if ago == 1 else Covered())
    alone = parts(drawn("/countries/no/"), "bar")
    assert [bar.get("class") for bar in alone] == ["bar", "bar", "bar provisional"]
    plot = drawn("/countries/no/?with=SE&show=count")
    (zone,) = parts(plot, "zone")
    assert (number(zone.get("x")), number(zone.get("width"))) == (66.67, 33.33)
    assert [part.get("class") for part in parts(plot, "segment")] == ["segment", "segment provisional"] * 2


def test_bars_and_dots_are_as_high_as_their_values(silence, drawn):
    plot = drawn("/countries/no/")
    heights = [number(bar.get("height")) for bar in parts(plot, "bar")]
    assert heights == [100, 100, 100, 20, 20, 100, 100, 20]
    plot = drawn("/countries/no/?with=SE&show=count")
    by_country = [[number(dot.get("y")) for dot in parts(line, "dot")] for line in parts(plot, "line")]
    high, low = pytest.approx(100 * 2 / 3, abs=0.01), pytest.approx(100 * 14 / 15, abs=0.01)
    assert by_country[0] == [high, high, high, low, low, high, high, low]
    assert by_country[1][0] == 0


def test_small_drawings_of_networks_have_one_scale(silence, visit):
    for at, code in ((1, "BITTORRENT"), (2, "EDONKEY")):
        NetworkFactory.create(number=at, code=code, name=code)
    silence.publish("D", {day(9): {"NO": 100, "NO/BITTORRENT": 100, "NO/EDONKEY": 50}})
    page = visit("/countries/no/").content.decode()
    small = re.findall(r'<svg class="field" aria-hidden.*?</svg>', page, re.DOTALL)
    heights = [number(parts(ElementTree.fromstring(plot), "bar")[0].get("height")) for plot in small]
    assert heights == [100, 50]
    assert all('class="bar partly provisional"' in plot and 'class="unknown"' in plot for plot in small)


def test_month_in_which_counting_began_does_not_look_like_a_whole_one(press, two_agencies, drawn, text):
    months = "/countries/no/?frequency=M&start=2026-09&end=2026-10"
    press.publish("M", {"2026-09": {"NO": 30, "SE": 15}, "2026-10": {"NO": 90, "SE": 60}})
    assert [bar.get("class") for bar in parts(drawn(months), "bar")] == ["bar", "bar"]
    begun = Covered(status="P", counted_from=datetime(2026, 9, 21, tzinfo=UTC))
    press.publish("M", {"2026-09": {"NO": 30, "SE": 15}}, begun)
    assert [bar.get("class") for bar in parts(drawn(months), "bar")] == ["bar partly", "bar"]
    assert parts(drawn(f"{months}&with=SE&show=count"), "segment") == []
    assert "2 of 2 agencies · counted in full only since 21 September 2026 · provisional" in text(months)
    press.publish("M", {"2026-09": {"NO": 30, "SE": 15}})
    assert "counted in full only since" not in text(months)

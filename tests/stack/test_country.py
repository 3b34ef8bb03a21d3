"""A country's page in a real browser: compared, shared, saved, read by keyboard, and without scripts."""

import csv
import json
import re
import struct
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.stack import desk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
COMPARED = "/countries/no/?with=SE&show=count"
WIDTHS = (360, 768, 1440)


def numbers(page):
    """Return the table under the chart: by period what stands in its row."""
    rows = page.locator("section[aria-labelledby=trend] table.periods tbody tr").all_inner_texts()
    return {row.split("\t")[0]: row.split("\t")[1:] for row in rows}


def figures(page):
    """Return the same without words, and without what languages group by."""
    return [[re.sub(r"\D", "", value) for value in row[:2]] for row in numbers(page).values()]


def slider(page):
    return page.get_by_role("slider")


def test_country_is_compared_with_another_of_the_list(reader, federation):
    page = reader("/countries/no/")
    page.get_by_label("Compare with").select_option("Sweden")
    page.locator("form.add").get_by_role("button").click()
    page.wait_for_url("**/countries/no/?with=SE#trend")
    assert page.locator("g.line").count() == 2
    page.get_by_role("link", name="Count", exact=True).click()
    page.wait_for_url("**/countries/no/?with=SE&show=count#trend")
    found = numbers(page)
    answer = federation.stack.read(
        "aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-01-01&end=2099-01-01&country=NO,SE"
    )
    seen = {(row["period"], row["country"]): row["value"] for row in answer["observations"]}
    assert len(found) == len(answer["coverage"]) == 20
    for row, covered in zip(reversed(found.values()), answer["coverage"], strict=True):
        assert row[:2] == [str(seen[covered["period"], code]) for code in ("NO", "SE")]
    page.get_by_role("link", name="Leave out Sweden").click()
    page.wait_for_url(re.compile(r"/countries/no/\??#trend$"))
    assert page.locator("g.line").count() == 0


def test_silent_agency_draws_no_fall(reader):
    page = reader(COMPARED)
    dots = page.locator("g.line.s0 use.dot").evaluate_all(
        "all => all.map(dot => [dot.classList.contains('hollow'), dot.getBoundingClientRect().x])"
    )
    assert [hollow for hollow, _ in dots] == [False] * 16 + [True] * 4
    last_whole = dots[15][1]
    ends = page.locator("g.line.s0 line.segment").evaluate_all(
        "all => all.map(line => line.getBoundingClientRect().right)"
    )
    assert len(ends) == 15
    assert max(ends) <= last_whole + 12
    hollow, filled = (
        page.locator(f"g.line.s0 use.dot{kind}").first.evaluate("dot => getComputedStyle(dot).fill")
        for kind in (".hollow", ":not(.hollow)")
    )
    assert hollow == "rgb(255, 255, 255)" != filled
    page = reader("/countries/no/")
    looks = page.locator(".plot rect.bar").evaluate_all(
        "all => all.map(bar => getComputedStyle(bar).fill + getComputedStyle(bar).strokeDasharray)"
    )
    assert len(set(looks[:16])) == len(set(looks[16:])) == 1
    assert looks[0] != looks[16]


def test_shared_address_shows_the_same_to_others(reader, federation):
    page = reader(f"{COMPARED}&frequency=D")
    cited = page.locator("a.address").get_attribute("href")
    assert re.search(r"with=SE&show=count&start=[\d-]+&end=[\d-]+&as_of=[\dT:.-]+Z$", cited)
    assert page.locator("a.address").inner_text() == f"{federation.url}{cited}"
    other = reader(cited)
    assert numbers(other) == numbers(page)
    assert other.get_by_text("You see the numbers as they were public on").is_visible()
    other.get_by_role("link", name="Show the numbers as they are now").click()
    other.wait_for_url("**/countries/no/?with=SE&show=count")


def test_language_is_changed_and_the_view_stays(reader):
    page = reader(f"{COMPARED}&frequency=W")
    before = figures(page)
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Deutsch").click()
    page.wait_for_url("**/de/countries/no/?with=SE&show=count&frequency=W")
    assert figures(page) == before
    assert page.locator("ul.countries").inner_text().split() == ["Norwegen", "Schweden"]


def taken(page, name):
    with page.expect_download() as started:
        page.locator("#takes").get_by_text(name, exact=True).click()
    return started.value


def test_what_is_shown_can_be_taken_away(reader):
    page = reader(COMPARED)
    shown = numbers(page)
    download = taken(page, "CSV")
    rows = list(csv.DictReader(download.path().read_text().splitlines()))
    assert [row["OBS_VALUE"] for row in rows if row["COUNTRY"] == "SE"] == [row[1] for row in reversed(shown.values())]
    assert re.fullmatch(r"police2peer-no-se-[\d-]+\.csv", download.suggested_filename)
    answer = json.loads(taken(page, "JSON").path().read_text())
    assert sorted(str(row["value"]) for row in answer["observations"]) == sorted(
        value for row in shown.values() for value in row[:2]
    )
    picture = ElementTree.fromstring(taken(page, "SVG").path().read_text())
    download = taken(page, "PNG")
    assert re.fullmatch(r"police2peer-no-se-[\d-]+\.png", download.suggested_filename)
    content = download.path().read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (2 * int(picture.get("width")), 2 * int(picture.get("height")))
    # A picture of nothing would be packed to almost nothing.
    assert len(content) > 30_000


def test_chart_is_read_with_the_keyboard_alone(reader):
    page = reader(COMPARED)
    desk.tab_to(page, "[role=slider]")
    shown = numbers(page)
    periods = list(reversed(shown))
    for key, at in (
        ("Home", 0),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
        ("ArrowUp", 2),
        ("End", 19),
        ("ArrowRight", 19),
        ("ArrowLeft", 18),
    ):
        page.keyboard.press(key)
        assert slider(page).get_attribute("aria-valuetext") == periods[at]
        assert slider(page).get_attribute("aria-valuenow") == str(at + 1)
        told = page.get_by_role("status").inner_text()
        norway, sweden, coverage = shown[periods[at]]
        assert all(part in told for part in (periods[at], f"Norway: {norway}", f"Sweden: {sweden}", coverage))
    # What the keys do not mean is left to the browser.
    page.keyboard.press("PageDown")
    assert slider(page).get_attribute("aria-valuenow") == "19"


def test_chart_is_read_with_a_pointer(reader):
    page = reader("/countries/no/")
    slider(page).scroll_into_view_if_needed()
    box = slider(page).bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 40)
    assert slider(page).get_attribute("aria-valuenow") == "1"
    band = page.locator(".cursor rect").bounding_box()
    assert abs(band["x"] - box["x"]) < 2
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40)
    assert slider(page).get_attribute("aria-valuenow") == "20"


def test_page_is_whole_without_scripts(reader):
    page = reader("/countries/no/", java_script_enabled=False)
    page.get_by_label("Compare with").select_option("SE")
    page.locator("form.add").get_by_role("button").click()
    page.wait_for_url("**/countries/no/?with=SE#trend")
    assert page.locator("g.line").count() == 2
    assert page.get_by_role("link", name="SVG").is_visible()
    assert page.get_by_role("button", name="PNG").count() == page.get_by_role("slider").count() == 0
    assert len(numbers(page)) == 20
    page.get_by_text("The same numbers as a table").click()
    assert page.locator("details table").is_visible()


def test_comparison_fits_at_all_widths_and_on_paper(reader):
    page = reader("/nl/countries/no/?with=SE&with=DK&with=DE&with=BA&with=EUROPE&frequency=W")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        names = page.locator(".plot .tick text").evaluate_all(
            "all => all.filter(text => text.checkVisibility() && text.getBoundingClientRect().width)"
            ".map(text => text.getBoundingClientRect()).map(box => [box.left, box.right, box.top])"
        )
        upper = sorted(box for box in names if box[2] == min(top for _, _, top in names))
        assert all(before[1] < after[0] for before, after in pairwise(upper)), width
    page.emulate_media(media="print")
    assert page.locator(".plot .field").is_visible()
    assert not page.locator(".cursor").is_visible()
    assert not page.locator("form.add, #takes").first.is_visible()
